"""What an instance goes on from: kept whole, for as long as it may be needed."""

from domain.billing.quota import stored_bytes_quota
from domain.events import JobQueued
from domain.files.job_files import ResultFile
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason, SchedulingType
from store.files import checkpoints, results, stored_files
from store.files.content import ContentKey
from store.files.results import Left
from tests.support.builders import job_spec
from tests.support.scene import Scene

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
RESUMES = job_spec(scheduling_type=SchedulingType.FLEX, checkpoint_every_s=300)


def _save(scene: Scene, key: AttemptKey, *digests: str) -> None:
    files = [
        ResultFile(path=f"checkpoint/{number}", sha256=sha256, size_bytes=10)
        for number, sha256 in enumerate(digests)
    ]
    with scene.store.transaction() as tx:
        for sha256 in digests:
            content = ContentKey(tenant_id=scene.tenant_id, sha256=sha256)
            stored_files.keep(tx, content, 10, stored_bytes_quota(1000))
        checkpoints.save(tx, Left(key=key, tenant_id=scene.tenant_id, files=files))


def _digests(scene: Scene, instance_id: int) -> list[str]:
    with scene.database.read() as connection:
        return [item.sha256 for item in checkpoints.files(connection, instance_id)]


def _owned(scene: Scene) -> set[str]:
    with scene.database.read() as connection:
        return stored_files.owned(connection, scene.tenant_id, [A, B, C])


def test_a_newer_checkpoint_takes_the_place_of_the_whole_one_before(scene: Scene) -> None:
    key = scene.running(scene.node(), RESUMES)
    _save(scene, key, A, B)
    _save(scene, key, C)

    assert _digests(scene, key.instance_id) == [C]
    assert _owned(scene) == {C}


def test_a_preempted_job_that_declares_it_queues_as_one_that_goes_on(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, RESUMES)
    other = scene.running(node_id, job_spec(scheduling_type=SchedulingType.FLEX))
    _save(scene, key, A)
    for one in (key, other):
        scene.preempt(one, node_id)
        scene.report(node_id, one, EndReason.PREEMPTED)

    queued = [event for event in scene.events() if isinstance(event, JobQueued)]
    assert {(event.instance_id, event.can_resume) for event in queued if event.last_attempt} == {
        (key.instance_id, True),
        (other.instance_id, False),
    }
    assert _digests(scene, key.instance_id) == [A]


def test_the_next_node_and_no_other_job_learns_where_a_checkpoint_is(scene: Scene) -> None:
    node_id = scene.node()
    key, other = scene.running(node_id, RESUMES), scene.running(node_id, RESUMES)
    _save(scene, key, A)

    with scene.database.read() as connection:
        assert checkpoints.content_for(connection, key, A) is not None
        assert checkpoints.content_for(connection, key, B) is None
        assert checkpoints.content_for(connection, other, A) is None


def test_a_checkpoint_outlives_every_wait_and_goes_after_the_end(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, RESUMES)
    _save(scene, key, A)
    scene.preempt(key, node_id)
    scene.report(node_id, key, EndReason.PREEMPTED)
    scene.clock.advance(30 * 86_400)
    with scene.store.transaction() as tx:
        stored_files.let_go_of_old(tx, 7 * 86_400)
        checkpoints.let_go_of_ended(tx, 600)
    assert _digests(scene, key.instance_id) == [A]
    assert _owned(scene) == {A}

    scene.cancel(key.instance_id)
    scene.clock.advance(601)
    with scene.store.transaction() as tx:
        assert not checkpoints.let_go_of_ended(tx, 600)
    assert _digests(scene, key.instance_id) == []
    assert _owned(scene) == set()


def test_an_attempt_that_lost_its_job_speaks_for_it_no_more(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, RESUMES)
    scene.heartbeat(node_id, "boot-2")

    with scene.store.transaction() as tx:
        assert results.tenant_of_live(tx.connection, key, node_id) is None

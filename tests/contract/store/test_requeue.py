"""What has ended run once more, because a person asked: each try is kept, and billed once."""

import pytest

from domain.billing.quota import stored_bytes_quota
from domain.billing.quota_words import parse_setting
from domain.events import JobArrayQueued, JobQueued
from domain.jobs.delivery import AttemptKey, CompletionResult
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_spec import InputFile, JobSpec
from domain.refusal import Refused
from domain.sbatch.dependencies import DependencyKind
from store.checks.invariants import look_at_all
from store.dependencies.targets import NewCondition
from store.files import stored_files
from store.files.content import ContentKey
from store.jobs.job_refs import Target
from store.jobs.new_job import Accepted, NewJob
from store.jobs.requeue import requeue, requeue_elements
from store.quotas.setting import set_quotas
from tests.support.builders import array_spec, job_spec
from tests.support.scene import Scene


def again(scene: Scene, job_id: int) -> JobState | str | None:
    """Its state, or the code of the refusal."""
    with scene.store.transaction() as tx:
        found = requeue(tx, job_id, scene.tenant_id, "test")
    return found.code if isinstance(found, Refused) else found


def is_sound(scene: Scene) -> bool:
    findings = look_at_all(scene.database, role="nobody")
    return [item.name for item in findings if item.offenders] == []


@pytest.mark.parametrize(
    "reason", [EndReason.COMPLETED, EndReason.PROGRAM_FAILED, EndReason.TIME_LIMIT]
)
def test_what_ended_runs_as_a_new_attempt_and_both_are_billed(
    scene: Scene, reason: EndReason
) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    job_id = key.instance_id
    scene.report(node_id, key, reason)

    assert again(scene, job_id) is JobState.QUEUED

    row = scene.instance(job_id)
    assert (row["finished_at_s"], row["node_id"], row["exit_code"]) == (None, None, None)
    queued = scene.events()[-1]
    assert isinstance(queued, JobQueued)
    assert (queued.last_attempt, queued.avoid_node_id) == (1, None)
    assert is_sound(scene)
    scene.assign(job_id, node_id, attempt_number=2)
    scene.claim(node_id)
    assert is_sound(scene)
    assert scene.report(node_id, key, reason) is CompletionResult.REPEATED
    second = AttemptKey(instance_id=job_id, attempt=2)
    assert scene.report(node_id, second) is CompletionResult.ACCEPTED
    assert scene.state(job_id) is JobState.SUCCEEDED
    assert [row["attempt"] for row in scene.usage()] == [1, 2]
    assert is_sound(scene)


def test_a_late_report_of_a_lost_try_stays_fenced(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.heartbeat(node_id, boot_id="boot-2")  # lost
    scene.cancel(key.instance_id)
    assert again(scene, key.instance_id) is JobState.QUEUED

    assert scene.report(node_id, key) is CompletionResult.FENCED
    assert scene.state(key.instance_id) is JobState.QUEUED
    assert is_sound(scene)


def test_what_was_cancelled_before_it_began_queues_as_if_new(scene: Scene) -> None:
    job_id = scene.submit()
    scene.cancel(job_id)

    assert again(scene, job_id) is JobState.QUEUED

    queued = scene.events()[-1]
    assert isinstance(queued, JobQueued)
    assert (queued.instance_id, queued.last_attempt, queued.array_id) == (job_id, 0, None)
    assert is_sound(scene)


def test_of_an_array_those_that_failed_run_again(scene: Scene) -> None:
    node_id = scene.node()
    array_id = scene.submit(job_spec(array=array_spec("0-3")))
    for number, reason in ((1, EndReason.COMPLETED), (2, EndReason.PROGRAM_FAILED)):
        scene.assign(array_id + number, node_id)
        scene.claim(node_id)
        key = AttemptKey(instance_id=array_id + number, attempt=1)
        scene.report(node_id, key, reason)
    scene.cancel(array_id + 3)
    target = scene.target(str(array_id))

    def run(target: Target, *states: JobState) -> dict[JobState, int] | Refused:
        with scene.store.transaction() as tx:
            return requeue_elements(tx, target, "test", states)

    assert run(target, JobState.FAILED) == {JobState.QUEUED: 1, JobState.PREEMPTED: 0}
    assert scene.states(array_id) == {"queued": 2, "succeeded": 1, "cancelled": 1}
    part = scene.target(f"{array_id}_[2-3]")
    assert run(part) == {JobState.QUEUED: 1, JobState.PREEMPTED: 0}
    last = scene.events()[-1]
    assert isinstance(last, JobArrayQueued)
    assert (last.first_ids, last.last_ids) == ((array_id + 3,), (array_id + 3,))
    assert is_sound(scene)


def test_what_waited_for_another_waits_for_it_again(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    item = NewJob(
        tenant_id=scene.tenant_id,
        key_id=None,
        idempotency_key=None,
        spec=job_spec(),
        conditions=(NewCondition(kind=DependencyKind.AFTER_OK, number=key.instance_id),),
    )
    (answer,) = scene.submit_all([item])
    assert isinstance(answer, Accepted)
    follower = answer.job_id
    scene.report(node_id, key, EndReason.PROGRAM_FAILED)
    assert scene.state(follower) is JobState.CANCELLED

    assert again(scene, follower) is JobState.CANCELLED
    assert again(scene, key.instance_id) is JobState.QUEUED
    assert again(scene, follower) is JobState.BLOCKED
    assert is_sound(scene)
    scene.assign(key.instance_id, node_id, attempt_number=2)
    scene.claim(node_id)
    scene.report(node_id, AttemptKey(instance_id=key.instance_id, attempt=2))
    assert scene.state(follower) is JobState.QUEUED


def test_who_is_too_late_or_has_no_quota_is_refused(scene: Scene) -> None:
    late = scene.submit(job_spec(deadline_s=scene.clock.now_s + 60.0))
    scene.cancel(late)
    job_id = scene.submit()
    scene.cancel(job_id)
    scene.clock.advance(61.0)
    setting = parse_setting("queued_jobs", "0", "")
    assert not isinstance(setting, Refused)
    with scene.store.transaction() as tx:
        set_quotas(tx, tenant_name="lab", project_name="", settings=[setting], actor="test")

    assert again(scene, late) == "job.deadline_passed"
    assert again(scene, job_id) == "quota.queued_jobs"
    assert scene.state(job_id) is JobState.CANCELLED


def test_inputs_are_kept_for_another_run_or_it_is_refused(scene: Scene) -> None:
    sha256 = "a" * 64
    mine = ContentKey(tenant_id=scene.tenant_id, sha256=sha256)
    spec = JobSpec(
        name="case",
        command=("true",),
        inputs=(InputFile(path="mesh.dat", sha256=sha256, size_bytes=3),),
    )
    job_id = scene.submit(spec)
    scene.cancel(job_id)

    assert again(scene, job_id) == "file.expired"
    with scene.store.transaction() as tx:
        assert stored_files.keep(tx, mine, 3, stored_bytes_quota(9)) is None
    assert again(scene, job_id) is JobState.QUEUED
    with scene.store.transaction() as tx:
        assert stored_files.let_go(tx, scene.tenant_id, [sha256]) == 0

import pytest

from domain.events import JobWithdrawn
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import AttemptState, EndReason, JobState
from store.jobs import job_steering
from tests.support.builders import job_spec
from tests.support.scene import Scene


def test_a_queued_job_is_cancelled_directly(scene: Scene) -> None:
    job_id = scene.submit()

    assert scene.cancel(job_id) is JobState.CANCELLED
    assert scene.events()[-1] == JobWithdrawn(instance_id=job_id)
    assert scene.instance(job_id)["finished_at_s"] == scene.clock.now_s


def test_a_held_job_is_cancelled_directly(scene: Scene) -> None:
    assert scene.cancel(scene.submit(job_spec(is_held=True))) is JobState.CANCELLED


def test_an_offered_job_is_cancelled_and_its_node_gets_it_no_more(scene: Scene) -> None:
    node_id, job_id = scene.node(), scene.submit()
    scene.assign(job_id, node_id)

    assert scene.cancel(job_id) is JobState.CANCELLED
    assert scene.claim(node_id).claimed == ()
    assert scene.attempt_state(AttemptKey(instance_id=job_id, attempt=1)) == AttemptState.KILLED


def test_a_running_job_is_cancelled_when_its_node_says_so(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)

    assert scene.cancel(key.instance_id) is JobState.CANCELLING
    scene.report(node_id, key, EndReason.CANCELLED)

    assert scene.state(key.instance_id) is JobState.CANCELLED
    assert len(scene.usage()) == 1


def test_a_preempted_job_can_be_cancelled(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.preempt(key, node_id)

    assert scene.cancel(key.instance_id) is JobState.CANCELLING


def test_cancelling_twice_is_cancelling_once(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.cancel(key.instance_id)

    assert scene.cancel(key.instance_id) is JobState.CANCELLING


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        (EndReason.COMPLETED, JobState.SUCCEEDED),
        (EndReason.PROGRAM_FAILED, JobState.FAILED),
        (EndReason.CANCELLED, JobState.CANCELLED),
        (EndReason.PREEMPTED, JobState.CANCELLED),
    ],
)
def test_a_cancelled_job_never_queues_again(
    scene: Scene, reason: EndReason, after: JobState
) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_attempts=5))
    scene.cancel(key.instance_id)

    scene.report(node_id, key, reason)

    assert scene.state(key.instance_id) is after


def test_a_cancelled_job_whose_node_is_lost_is_cancelled(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, boot_id="boot-1")
    scene.cancel(key.instance_id)

    scene.heartbeat(node_id, "boot-2")

    assert scene.state(key.instance_id) is JobState.CANCELLED


def test_a_finished_job_stays_as_it_is(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    scene.report(node_id, key)

    assert scene.cancel(key.instance_id) is JobState.SUCCEEDED


def test_another_tenants_job_is_not_there(scene: Scene) -> None:
    job_id = scene.submit()

    with scene.store.transaction() as tx:
        assert job_steering.cancel(tx, job_id, scene.tenant_id + 1, "test") is None
    assert scene.state(job_id) is JobState.QUEUED

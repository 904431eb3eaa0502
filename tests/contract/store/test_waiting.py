"""Jobs that waited too long end; jobs that failed wait before they are tried again."""

import pytest

from domain.events import JobQueued, JobWithdrawn
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_spec import Resources
from domain.jobs.retry import FIRST_DELAY_S
from domain.refusal import Refused
from store.engine.engine_facts import job_facts
from store.jobs import job_steering, overdue
from store.jobs.requeue import requeue
from tests.support.builders import job_spec
from tests.support.scene import Scene


def end_overdue(scene: Scene) -> int:
    with scene.store.transaction() as tx:
        return overdue.end_overdue(tx)


def facts(scene: Scene) -> list[JobQueued]:
    """What a scheduler that starts anew is told of the jobs that wait."""
    with scene.store.transaction() as tx:
        return [fact for fact in job_facts(tx) if isinstance(fact, JobQueued)]


def ask_requeue(scene: Scene, job_id: int) -> JobState | Refused | None:
    with scene.store.transaction() as tx:
        return requeue(tx, job_id, scene.tenant_id, "test")


def test_a_job_ends_after_its_longest_time_in_the_queue(scene: Scene) -> None:
    job_id = scene.submit(job_spec(max_queue_s=60))
    patient = scene.submit(job_spec())
    scene.clock.advance(59.0)
    assert end_overdue(scene) == 0

    scene.clock.advance(2.0)
    assert end_overdue(scene) == 1

    found = scene.instance(job_id)
    assert (found["state"], found["reason"]) == ("cancelled", "queue_limit")
    assert found["finished_at_s"] == scene.clock.now_s
    assert scene.events()[-1] == JobWithdrawn(instance_id=job_id)
    assert scene.state(patient) is JobState.QUEUED
    assert end_overdue(scene) == 0


def test_the_time_in_the_queue_begins_when_the_job_could_start(scene: Scene) -> None:
    later = scene.submit(job_spec(max_queue_s=60, not_before_s=scene.clock.now_s + 1000.0))
    held = scene.submit(job_spec(max_queue_s=60, is_held=True))
    scene.clock.advance(1000.0)
    assert end_overdue(scene) == 0

    with scene.store.transaction() as tx:
        job_steering.release(tx, held, scene.tenant_id, "test")
    scene.clock.advance(61.0)

    assert end_overdue(scene) == 2
    assert {scene.state(later), scene.state(held)} == {JobState.CANCELLED}


def test_a_job_that_began_is_not_given_up_and_counts_anew_when_it_waits_again(
    scene: Scene,
) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_queue_s=60))
    scene.clock.advance(300.0)
    assert end_overdue(scene) == 0

    scene.report(node_id, key, EndReason.OVERHEATED)
    scene.clock.advance(59.0)
    assert end_overdue(scene) == 0
    scene.clock.advance(2.0)
    assert end_overdue(scene) == 1


@pytest.mark.parametrize("is_held", [False, True])
def test_a_deadline_ends_whatever_still_waits(scene: Scene, *, is_held: bool) -> None:
    deadline_s = scene.clock.now_s + 100.0
    job_id = scene.submit(job_spec(deadline_s=deadline_s, max_queue_s=5000, is_held=is_held))
    scene.clock.advance(101.0)

    assert end_overdue(scene) == 1
    assert scene.instance(job_id)["reason"] == "deadline_passed"


def test_a_failed_program_waits_before_it_is_tried_again_elsewhere(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_attempts=3))

    scene.report(node_id, key, EndReason.PROGRAM_FAILED)

    queued = scene.events()[-1]
    assert isinstance(queued, JobQueued)
    assert queued.not_before_s is not None
    wait_s = queued.not_before_s - scene.clock.now_s
    assert FIRST_DELAY_S / 2 <= wait_s <= FIRST_DELAY_S
    # A scheduler that starts anew knows no less.
    assert facts(scene) == [queued]
    assert queued.avoid_node_id == node_id

    scene.assign(key.instance_id, node_id, attempt_number=2)
    scene.claim(node_id)
    second = AttemptKey(instance_id=key.instance_id, attempt=2)
    scene.report(node_id, second, EndReason.PROGRAM_FAILED)
    (again,) = facts(scene)
    assert again.not_before_s is not None
    assert again.not_before_s - scene.clock.now_s >= FIRST_DELAY_S


def test_an_end_of_ours_is_followed_by_no_wait(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(max_attempts=3))
    scene.report(node_id, key, EndReason.OVERHEATED)
    (queued,) = facts(scene)
    assert (queued.not_before_s, queued.avoid_node_id) == (None, node_id)


def test_a_run_that_may_be_shorter_is_cut_to_end_by_its_deadline(scene: Scene) -> None:
    node_id = scene.node()
    resources = Resources(time_limit_s=3600, time_min_s=600)
    spec = job_spec(deadline_s=scene.clock.now_s + 900.0, resources=resources)
    job_id = scene.submit(spec)
    scene.clock.advance(200.0)
    scene.assign(job_id, node_id)
    (claimed,) = scene.claim(node_id).claimed
    resources_there = claimed.spec["resources"]
    assert isinstance(resources_there, dict)
    assert resources_there["time_limit_s"] == 700


def test_a_person_has_a_running_job_stopped_and_queued_again(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id, job_spec(requeue=False))

    assert ask_requeue(scene, key.instance_id) is JobState.PREEMPTED
    (kill,) = scene.claim(node_id, holding=[key]).kill
    assert kill.reason is EndReason.PREEMPTED
    scene.report(node_id, key, EndReason.PREEMPTED)

    found = scene.instance(key.instance_id)
    assert (found["state"], found["reason"], found["failures"]) == ("queued", "requeued", 0)
    (queued,) = facts(scene)
    assert queued.avoid_node_id is None
    assert len(scene.usage()) == 1


def test_a_requeue_that_is_cancelled_ends_as_cancelled(scene: Scene) -> None:
    node_id = scene.node()
    key = scene.running(node_id)
    ask_requeue(scene, key.instance_id)
    scene.cancel(key.instance_id)
    scene.report(node_id, key, EndReason.PREEMPTED)
    found = scene.instance(key.instance_id)
    assert (found["state"], found["reason"]) == ("cancelled", "cancelled")


def test_what_does_not_run_is_not_requeued(scene: Scene) -> None:
    node_id = scene.node()
    queued, held = scene.submit(), scene.submit(job_spec(is_held=True))
    stopping = scene.running(node_id)
    scene.cancel(stopping.instance_id)

    assert ask_requeue(scene, queued) is JobState.QUEUED
    refused_held, refused_now = ask_requeue(scene, held), ask_requeue(scene, stopping.instance_id)
    assert isinstance(refused_held, Refused)
    assert isinstance(refused_now, Refused)
    assert (refused_held.code, refused_now.code) == ("job.held", "job.ended")
    assert ask_requeue(scene, 999_999) is None

import pytest

from domain.events import JobQueued
from domain.jobs.job import JobState, SchedulingType
from domain.jobs.job_spec import DEFAULT_FLEX_WAIT_S
from domain.refusal import Refused
from store.access import keys
from store.jobs.job_steering import release
from store.jobs.new_job import Accepted, NewJob
from tests.support.builders import job_spec
from tests.support.scene import Scene


def test_a_submitted_job_is_queued_and_the_engine_will_hear_of_it(scene: Scene) -> None:
    job_id = scene.submit(job_spec(cores=3))

    assert scene.state(job_id) is JobState.QUEUED
    (event,) = scene.events()
    assert isinstance(event, JobQueued)
    assert (event.instance_id, event.cores, event.last_attempt) == (job_id, 3, 0)


def test_ids_are_consecutive_integers_in_the_order_of_submission(scene: Scene) -> None:
    answers = scene.submit_all([scene.submission() for _ in range(3)])

    assert answers == [Accepted(job_id=number) for number in (1, 2, 3)]
    assert scene.submit() == 4


def test_a_repeat_with_the_same_key_is_the_same_job(scene: Scene) -> None:
    first = scene.submit(key="once")

    again = scene.submit_all([scene.submission(key="once")])

    assert again == [Accepted(job_id=first, is_repeat=True)]
    assert len(scene.events()) == 1


def test_a_key_used_for_another_job_is_refused_and_its_neighbours_are_not(scene: Scene) -> None:
    scene.submit(key="once")

    answers = scene.submit_all(
        [scene.submission(job_spec(cores=2), "once"), scene.submission(job_spec(cores=2), "new")]
    )

    assert isinstance(answers[0], Refused)
    assert answers[0].code == "idempotency.conflict"
    assert answers[1] == Accepted(job_id=2)


def test_a_repeat_inside_one_request_points_at_its_first_copy(scene: Scene) -> None:
    answers = scene.submit_all([scene.submission(key="twin"), scene.submission(key="twin")])

    assert answers == [Accepted(job_id=1), Accepted(job_id=1, is_repeat=True)]
    assert len(scene.events()) == 1


def test_a_conflict_inside_one_request_is_refused(scene: Scene) -> None:
    answers = scene.submit_all(
        [scene.submission(key="twin"), scene.submission(job_spec(cores=5), "twin")]
    )

    assert answers[0] == Accepted(job_id=1)
    assert isinstance(answers[1], Refused)


def test_jobs_without_a_key_are_never_taken_for_one_another(scene: Scene) -> None:
    answers = scene.submit_all([scene.submission(), scene.submission()])

    assert answers == [Accepted(job_id=1), Accepted(job_id=2)]


def test_two_tenants_may_use_the_same_key(scene: Scene) -> None:
    mine = scene.submit(key="run-1")
    with scene.store.transaction() as tx:
        other = keys.add_tenant(tx, "town", "test")

    answers = scene.submit_all(
        [NewJob(tenant_id=other, key_id=None, idempotency_key="run-1", spec=job_spec())]
    )

    assert answers == [Accepted(job_id=mine + 1)]


def test_a_held_job_waits_for_a_person_and_the_engine_does_not_hear_of_it(scene: Scene) -> None:
    job_id = scene.submit(job_spec(is_held=True))

    assert scene.state(job_id) is JobState.HELD
    assert scene.events() == []


def test_a_released_job_queues_from_the_moment_of_its_release(scene: Scene) -> None:
    job_id = scene.submit(job_spec(is_held=True))
    scene.clock.advance(100.0)

    with scene.store.transaction() as tx:
        after = release(tx, job_id, scene.tenant_id, "test")

    assert after is JobState.QUEUED
    (event,) = scene.events()
    assert isinstance(event, JobQueued)
    assert event.queued_at_s == scene.clock.now_s


@pytest.mark.parametrize("tenant_shift", [0, 1])
def test_only_a_held_job_of_ones_own_is_released(scene: Scene, tenant_shift: int) -> None:
    job_id = scene.submit(job_spec(is_held=tenant_shift == 1))

    with scene.store.transaction() as tx:
        after = release(tx, job_id, scene.tenant_id + tenant_shift, "test")

    assert after is (None if tenant_shift else JobState.QUEUED)
    assert len(scene.events()) == 1 - tenant_shift


def test_a_flex_job_without_a_deadline_must_start_within_a_day(scene: Scene) -> None:
    scene.submit(job_spec(scheduling_type=SchedulingType.FLEX))

    (event,) = scene.events()

    assert isinstance(event, JobQueued)
    assert event.start_before_s == event.queued_at_s + DEFAULT_FLEX_WAIT_S

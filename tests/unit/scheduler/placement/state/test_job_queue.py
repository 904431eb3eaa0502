from domain.events import JobQueued
from domain.jobs.job import SchedulingType
from scheduler.placement.state.job_shape import Shape
from scheduler.placement.state.queue import JobQueue
from tests.support.builders import NOW_S, job_queued

FLEX = SchedulingType.FLEX.value


def _add(queue: JobQueue, job: JobQueued, length: int = 3) -> Shape:
    return queue.add(job, length=length, spread=0, now_s=NOW_S)


def _line(queue: JobQueue, shape: Shape) -> list[int]:
    return [job.instance_id for job in queue.of_shape(shape)]


def test_jobs_that_cannot_wait_stand_in_the_order_they_came() -> None:
    queue = JobQueue()
    for number, queued_at_s in ((3, 1.0), (1, 2.0), (2, 3.0)):
        _add(queue, job_queued(number, queued_at_s=queued_at_s))
    (shape,) = queue.shapes()

    assert _line(queue, shape) == [3, 1, 2]
    assert (len(queue), queue.count(shape)) == (3, 3)


def test_patient_jobs_stand_in_the_order_of_their_last_moments() -> None:
    queue = JobQueue()
    for number, last_s in ((1, 300.0), (2, 100.0), (3, 200.0)):
        _add(queue, job_queued(number, scheduling_type=FLEX, start_before_s=last_s))
    (shape,) = queue.shapes()

    assert _line(queue, shape) == [2, 3, 1]
    assert queue.earliest_deadline_s() == 100.0


def test_the_earliest_deadline_is_of_jobs_that_still_wait() -> None:
    queue = JobQueue()
    for number, last_s in ((1, 300.0), (2, 100.0)):
        _add(queue, job_queued(number, scheduling_type=FLEX, start_before_s=last_s))

    queue.remove(2)
    assert queue.earliest_deadline_s() == 300.0

    queue.remove(1)
    assert queue.earliest_deadline_s() == float("inf")


def test_a_job_that_left_and_returned_stands_in_line_once() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1, queued_at_s=NOW_S))
    _add(queue, job_queued(2, queued_at_s=NOW_S + 1))
    queue.remove(1)

    _add(queue, job_queued(1, last_attempt=1, queued_at_s=NOW_S + 2))

    assert _line(queue, shape) == [2, 1]
    assert len(queue) == 2


def test_a_job_that_returned_to_its_old_place_stands_there_once() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1))
    _add(queue, job_queued(2))
    queue.remove(1)

    _add(queue, job_queued(1, last_attempt=1))

    assert _line(queue, shape) == [1, 2]


def test_the_same_news_twice_changes_nothing() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1))
    _add(queue, job_queued(2))

    _add(queue, job_queued(1))

    assert _line(queue, shape) == [1, 2]
    assert queue.count(shape) == 2


def test_a_job_whose_shape_changed_stands_in_the_other_line_only() -> None:
    queue = JobQueue()
    narrow = _add(queue, job_queued(1))

    wide = _add(queue, job_queued(1, cores=4))

    assert _line(queue, narrow) == []
    assert _line(queue, wide) == [1]
    assert queue.shapes() == [wide]


def test_jobs_of_several_shapes_come_in_one_order() -> None:
    queue = JobQueue()
    for number, cores, queued_at_s in ((1, 2, 3.0), (2, 4, 2.0), (3, 2, 1.0), (4, 8, 4.0)):
        _add(queue, job_queued(number, cores=cores, queued_at_s=queued_at_s))

    assert [job.instance_id for job, _ in queue.in_order(queue.shapes())] == [3, 2, 1, 4]


def _patient(number: int, *, queued_at_s: float, last_s: float, cores: int = 2) -> JobQueued:
    return job_queued(
        number,
        cores=cores,
        scheduling_type=FLEX,
        queued_at_s=queued_at_s,
        start_before_s=last_s,
    )


def _by_age(queue: JobQueue) -> list[int]:
    return [job.instance_id for job, _ in queue.in_order(queue.shapes(), by_age=True)]


def test_patient_jobs_come_by_age_where_a_policy_asks_for_that() -> None:
    queue = JobQueue()
    _add(queue, _patient(1, queued_at_s=3.0, last_s=100.0))
    _add(queue, _patient(2, queued_at_s=1.0, last_s=300.0))
    _add(queue, job_queued(3, queued_at_s=2.0))
    assert _by_age(queue) == [2, 3, 1]

    _add(queue, _patient(4, queued_at_s=0.5, last_s=900.0, cores=4))
    _add(queue, _patient(5, queued_at_s=1.5, last_s=50.0))

    assert _by_age(queue) == [4, 2, 5, 3, 1]
    assert [job.instance_id for job, _ in queue.in_order(queue.shapes())] == [3, 5, 1, 2, 4]


def test_a_job_that_returned_stands_once_in_the_order_of_age() -> None:
    queue = JobQueue()
    jobs = [_patient(number, queued_at_s=float(number), last_s=100.0) for number in (1, 2, 3)]
    for job in jobs:
        _add(queue, job)
    assert _by_age(queue) == [1, 2, 3]

    for number in (1, 2):
        queue.remove(number)
    assert _by_age(queue) == [3]
    _add(queue, jobs[0])

    assert _by_age(queue) == [1, 3]
    queue.remove(1)
    queue.remove(3)
    assert _by_age(queue) == []


def test_a_line_that_is_given_up_midway_is_left() -> None:
    queue = JobQueue()
    for number, cores in ((1, 2), (2, 4), (3, 2), (4, 4), (5, 2)):
        _add(queue, job_queued(number, cores=cores, queued_at_s=float(number)))
    given_up: set[Shape] = set()

    met = []
    for job, shape in queue.in_order(queue.shapes(), given_up):
        met.append(job.instance_id)
        if job.cores == 2:
            given_up.add(shape)

    assert met == [1, 2, 4]


def test_a_shape_with_nobody_waiting_is_forgotten() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1))

    assert queue.remove(1) == job_queued(1)
    assert queue.remove(1) is None

    assert queue.shapes() == []
    assert queue.first(shape) is None
    assert queue.count(shape) == 0
    assert 1 not in queue


def test_jobs_that_heat_may_treat_differently_are_of_different_shapes() -> None:
    queue = JobQueue()
    usual = _add(queue, job_queued(1, name="a"))

    assert _add(queue, job_queued(2, name="b")) is usual
    assert _add(queue, job_queued(3, scheduling_type=FLEX)) is not usual
    assert _add(queue, job_queued(4), length=5) is not usual


def test_those_who_wait_for_somebody_and_the_patient_stand_apart() -> None:
    queue = JobQueue()
    urgent = _add(queue, job_queued(1))
    patient = _add(queue, job_queued(2, scheduling_type=FLEX))

    assert (queue.urgent_shapes(), queue.patient_shapes()) == ([urgent], [patient])


def test_a_job_asked_not_to_begin_yet_stands_in_line_from_then_on() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1, not_before_s=NOW_S + 10.0))
    assert (_line(queue, shape), len(queue), 1 in queue) == ([], 1, True)

    queue.wake(NOW_S + 9.0)
    assert _line(queue, shape) == []

    queue.wake(NOW_S + 10.0)
    queue.wake(NOW_S + 11.0)
    assert _line(queue, shape) == [1]


def test_a_job_withdrawn_before_its_time_never_stands_in_line() -> None:
    queue = JobQueue()
    shape = _add(queue, job_queued(1, not_before_s=NOW_S + 10.0))
    queue.remove(1)

    queue.wake(NOW_S + 10.0)

    assert (_line(queue, shape), len(queue)) == ([], 0)


def test_thousands_that_left_a_line_cost_nothing_later() -> None:
    queue = JobQueue()
    for number in range(1, 1001):
        _add(queue, job_queued(number, queued_at_s=float(number)))
    (shape,) = queue.shapes()
    for number in range(1, 1000):
        queue.remove(number)

    assert _line(queue, shape) == [1000]

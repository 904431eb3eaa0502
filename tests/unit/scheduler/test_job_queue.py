from domain.job import SchedulingType
from scheduler.placement.cluster import JobQueue, shape_of
from tests.support.builders import NOW_S, job_queued


def _line(queue: JobQueue) -> list[int]:
    return [job.instance_id for job in queue.of_shape(shape_of(job_queued()))]


def test_jobs_of_a_shape_stand_in_the_order_they_came() -> None:
    queue = JobQueue()
    for number in (3, 1, 2):
        queue.add(job_queued(number))

    assert _line(queue) == [3, 1, 2]
    assert len(queue) == 3


def test_a_job_that_left_and_returned_stands_in_line_once_and_last() -> None:
    queue = JobQueue()
    queue.add(job_queued(1))
    queue.add(job_queued(2))
    queue.remove(1)

    queue.add(job_queued(1, last_attempt=1))

    assert _line(queue) == [2, 1]
    assert len(queue) == 2


def test_the_same_news_twice_changes_nothing() -> None:
    queue = JobQueue()
    queue.add(job_queued(1))
    queue.add(job_queued(2))

    queue.add(job_queued(1))

    assert _line(queue) == [1, 2]


def test_a_job_whose_shape_changed_stands_in_the_other_line_only() -> None:
    queue = JobQueue()
    queue.add(job_queued(1))

    wide = job_queued(1, cores=4)
    queue.add(wide)

    assert _line(queue) == []
    assert list(queue.of_shape(shape_of(wide))) == [wide]
    assert queue.shapes() == [shape_of(wide)]


def test_the_shape_whose_first_job_is_oldest_comes_first() -> None:
    queue = JobQueue()
    queue.add(job_queued(1, cores=2, queued_at_s=NOW_S + 1))
    queue.add(job_queued(2, cores=4, queued_at_s=NOW_S))

    assert [shape.cores for shape in queue.shapes()] == [4, 2]


def test_a_shape_with_nobody_waiting_is_forgotten() -> None:
    queue = JobQueue()
    queue.add(job_queued(1))

    assert queue.remove(1) == job_queued(1)
    assert queue.remove(1) is None

    assert queue.shapes() == []
    assert queue.first(shape_of(job_queued())) is None
    assert 1 not in queue


def test_jobs_that_heat_may_treat_differently_are_of_different_shapes() -> None:
    patient = job_queued(scheduling_type=SchedulingType.FLEX.value)

    assert shape_of(patient) != shape_of(job_queued())
    assert shape_of(job_queued(1, name="a")) == shape_of(job_queued(2, name="b"))

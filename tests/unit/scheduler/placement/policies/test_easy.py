from domain.jobs.job import SchedulingType
from scheduler.placement.policies.easy import BACKFILLED, FIRST_IN_LINE
from tests.support.builders import NOW_S, claimed, ended, job_queued
from tests.support.told import Told, boilers

FLEX = SchedulingType.FLEX.value


def _half_full(policy: str = "easy") -> Told:
    """One node of 8 cores, 4 of them held by job 1 until its limit in an hour."""
    told = boilers(policy, 0.5)
    told.hear(job_queued(1, cores=4, time_limit_s=3600), claimed(1))
    return told


def test_a_short_job_fills_the_hole_before_a_wide_one() -> None:
    short = job_queued(3, cores=4, time_limit_s=3000, queued_at_s=NOW_S + 1.0)

    order = _half_full().offer(job_queued(2, cores=8), short)

    assert (order.instance_id, order.why.code) == (3, BACKFILLED)


def test_a_job_that_may_last_into_the_reservation_does_not_start() -> None:
    long = job_queued(3, cores=4, time_limit_s=3700, queued_at_s=NOW_S + 1.0)

    assert _half_full().hear(job_queued(2, cores=8), long) == []


def test_a_long_job_starts_on_cores_that_the_wide_one_will_leave_free() -> None:
    told = _half_full()

    six_wide = job_queued(2, cores=6, queued_at_s=NOW_S)
    narrow = job_queued(3, cores=2, time_limit_s=99_999, queued_at_s=NOW_S + 1.0)

    assert told.offer(six_wide, narrow).instance_id == 3


def test_the_spare_cores_are_not_given_away_twice() -> None:
    told = _half_full()

    six_wide = job_queued(2, cores=6, queued_at_s=NOW_S)
    narrow = [
        job_queued(number, cores=2, time_limit_s=99_999, queued_at_s=NOW_S + number)
        for number in (3, 4)
    ]

    assert [offer[0] for offer in told.hear(six_wide, *narrow)] == [3]


def test_the_wide_job_starts_at_its_reservation() -> None:
    told = _half_full()
    told.hear(
        job_queued(2, cores=8), job_queued(3, cores=4, time_limit_s=60, queued_at_s=NOW_S + 1)
    )
    told.hear(claimed(3))

    told.hear(ended(3), at_s=NOW_S + 60.0)

    assert told.offer(ended(1), at_s=NOW_S + 3600.0).instance_id == 2


def test_another_node_is_free_to_take_jobs_of_any_length() -> None:
    told = boilers("easy", 0.5, 0.5)
    told.hear(job_queued(1, cores=4), claimed(1))
    told.hear(job_queued(2, cores=5), claimed(2, node_id=2))

    wide = job_queued(3, cores=8, time_limit_s=60)
    long = job_queued(4, cores=3, time_limit_s=99_999, queued_at_s=NOW_S + 1.0)

    assert told.nodes_for(wide, long) == [2]


def test_the_first_in_line_starts_as_the_first() -> None:
    order = boilers("easy", 0.5).offer(job_queued(1))

    assert order.why.code == FIRST_IN_LINE


def test_by_age_alone_an_older_flex_job_goes_first() -> None:
    flex = job_queued(1, scheduling_type=FLEX, queued_at_s=NOW_S - 100.0)

    assert boilers("easy", 0.5, cores=1).offer(flex, job_queued(2)).instance_id == 1


def test_where_asked_on_demand_work_goes_before_flex_work() -> None:
    flex = job_queued(1, scheduling_type=FLEX, queued_at_s=NOW_S - 100.0)

    told = boilers("easy-on-demand-first", 0.5, cores=1)

    assert told.offer(flex, job_queued(2)).instance_id == 2


def test_a_flex_job_fills_no_hole_that_would_delay_on_demand_work() -> None:
    told = _half_full("easy-on-demand-first")

    flex = job_queued(
        3, cores=4, scheduling_type=FLEX, time_limit_s=9999, queued_at_s=NOW_S - 100.0
    )

    assert told.hear(job_queued(2, cores=8), flex) == []

"""The published threshold rule, carried over to water."""

from domain.commands import LimitPower, PreemptAttempt
from domain.jobs.job import SchedulingType
from scheduler.engine import REFRESH_S
from scheduler.placement.policies.qarnot import TOO_WARM, WARMER_WANTED
from tests.support.builders import NOW_S, claimed, job_queued
from tests.support.told import boilers, reading_of

FLEX = SchedulingType.FLEX.value


def test_the_site_that_wants_heat_most_in_classes_is_taken_first() -> None:
    order = boilers("qarnot", 0.6, 0.1, 0.9).offer(job_queued())

    assert (order.node_id, order.why.code) == (2, WARMER_WANTED)


def test_within_a_class_the_fullest_node_is_taken_so_that_wide_jobs_find_room() -> None:
    told = boilers("qarnot", 0.1, 0.1)
    told.hear(job_queued(1), claimed(1))

    assert told.nodes_for(job_queued(2)) == [1]


def test_low_priority_is_held_where_it_is_too_warm_and_high_priority_is_not() -> None:
    told = boilers("qarnot", 0.9)

    assert [offer[0] for offer in told.hear(job_queued(1, scheduling_type=FLEX))] == []
    assert told.nodes_for(job_queued(2)) == [1]


def test_low_priority_is_stopped_where_it_became_too_warm() -> None:
    told = boilers("qarnot", 0.2)
    told.hear(job_queued(1, scheduling_type=FLEX, is_preemptible=True), claimed(1))
    told.hear(claimed(1))
    later_s = NOW_S + REFRESH_S
    assert told.engine.state.occupations[1].is_running

    # Water cannot reach a want of -3 K by itself: the threshold of the code is never met.
    told.hear(reading_of(1, 1.0, at_s=later_s), at_s=later_s)
    assert not [order for order in told.answer if isinstance(order, PreemptAttempt)]

    strict = boilers("qarnot stop_low_k=-1.5", 0.2)
    strict.hear(job_queued(1, scheduling_type=FLEX, is_preemptible=True))
    strict.hear(claimed(1))
    strict.hear(reading_of(1, 1.0, at_s=later_s), at_s=later_s)
    (stop,) = (order for order in strict.answer if isinstance(order, PreemptAttempt))
    assert (stop.instance_id, stop.why.code) == (1, TOO_WARM)


def test_clocks_are_paced_one_step_at_a_time_by_want() -> None:
    told = boilers("qarnot", 0.2)
    told.hear(job_queued(1), claimed(1))
    paces = []
    for look, charge_frac in enumerate((0.9, 0.9, 0.2, 0.2), start=1):
        at_s = NOW_S + look * REFRESH_S
        told.hear(reading_of(1, charge_frac, at_s=at_s), at_s=at_s)
        caps = [order for order in told.answer if isinstance(order, LimitPower)]
        paces.append(round(caps[0].power_cap_frac, 3) if caps else 1.0)

    assert paces == [0.9, 0.8, 0.9, 1.0]

"""Patient work that would come due all at once starts before its last moment."""

import numpy as np
import pytest

from domain.commands import AssignAttempt
from domain.events import JobQueued, ReadingTaken
from domain.jobs.job import SchedulingType
from scheduler.engine import REFRESH_S
from scheduler.placement.heat.crowd import crowd_of
from scheduler.placement.policies.heat_aware import CROWDED, MOST_HEAT_USED
from scheduler.placement.state.queue import JobQueue
from tests.support.builders import NOW_S, job_queued, node_joined
from tests.support.told import Told, boilers, reading_of

FLEX = SchedulingType.FLEX.value
HOUR_S = 3600.0


def _due(number: int, hours: float, cores: int = 8) -> JobQueued:
    return job_queued(
        number,
        cores=cores,
        time_limit_s=7200,
        scheduling_type=FLEX,
        start_before_s=NOW_S + hours * HOUR_S,
    )


def _told(policy: str, n_due: int, hours: float) -> Told:
    """A full tank, for which nobody would start anything, and jobs due by then."""
    told = boilers(policy, 1.0)
    told.hear(*(_due(number, hours) for number in range(1, n_due + 1)))
    return told


def _look(told: Told) -> AssignAttempt | None:
    """What it starts as it looks at the full tank anew, if anything."""
    later_s = NOW_S + REFRESH_S
    told.hear(reading_of(1, 1.0, at_s=later_s, heat_demand_w=0.0), at_s=later_s)
    starts = [order for order in told.answer if isinstance(order, AssignAttempt)]
    return starts[0] if starts else None


def _crowded(n_sites: int, open_charges: dict[int, float]) -> list[int]:
    """Nodes that a crowd goes to first, in a fleet where only these take work."""
    told = Told("chaufferie")
    told.hear(*(node_joined(node_id) for node_id in range(1, n_sites + 1)))
    told.hear(*_readings(n_sites, dict.fromkeys(open_charges, 1.0), NOW_S))
    n_jobs = 160 * len(open_charges)
    told.hear(*(_due(number, 10.0, cores=2) for number in range(1, n_jobs + 1)))
    later_s = NOW_S + REFRESH_S
    return told.nodes_for(*_readings(n_sites, open_charges, later_s), at_s=later_s)


def _readings(n_sites: int, open_charges: dict[int, float], at_s: float) -> list[ReadingTaken]:
    return [
        reading_of(
            node_id,
            open_charges.get(node_id, 1.0),
            at_s,
            heat_demand_w=0.0,
            accepts_work=node_id in open_charges,
        )
        for node_id in range(1, n_sites + 1)
    ]


def _core_h(queue: JobQueue, *hours: float) -> list[float]:
    times_s = NOW_S + np.array(hours) * HOUR_S
    return [round(float(value), 2) for value in queue.due.core_h_by(times_s, fewest_jobs=1)]


def test_one_job_waits_for_heat_and_a_crowd_does_not() -> None:
    alone = _told("chaufferie", 1, hours=10.0)
    assert crowd_of(alone.engine.state, NOW_S, 0.5).surplus_core_h <= 0
    assert _look(alone) is None

    told = _told("chaufferie", 40, hours=10.0)
    assert crowd_of(told.engine.state, NOW_S, 0.5).surplus_core_h > 0

    start = _look(told)
    assert start is not None
    assert start.why.code == CROWDED


def test_in_a_round_of_a_large_fleet_each_site_is_given_one_job_of_a_crowd() -> None:
    charges = {7: 0.99, 8: 1.0, 9: 1.0}

    few, many = _crowded(20, charges), _crowded(192, charges)

    assert few[:3] == [7, 7, 7]
    assert sorted(many[:3]) == [7, 8, 9]
    assert sorted(many) == sorted(few)


def test_a_round_fills_the_only_site_that_has_room() -> None:
    found = _crowded(192, {7: 1.0})

    assert len(found) > 1
    assert found == _crowded(20, {7: 1.0})


def test_the_recipe_waits_for_each_last_moment() -> None:
    told = _told("recipe", 40, hours=10.0)

    assert _look(told) is None


def test_those_whom_somebody_waits_for_go_before_a_crowd() -> None:
    told = boilers("chaufferie", 1.0)

    told.hear(job_queued(100, cores=8), *(_due(number, 10.0) for number in range(1, 41)))

    assert [order.why.code for order in told.answer if isinstance(order, AssignAttempt)] == [
        MOST_HEAT_USED
    ]


def test_work_is_counted_by_its_last_moment_until_it_leaves() -> None:
    queue = JobQueue()
    for number, hours in ((1, 2.0), (2, 5.0), (3, 5.0)):
        queue.add(_due(number, hours), length=10, spread=0, now_s=NOW_S)
    before, after, all_of_it = _core_h(queue, 1.0, 3.0, 6.0)

    assert before == 0.0
    assert all_of_it == pytest.approx(3 * after, abs=0.02)

    queue.prioritise(2, 5)
    queue.reorder()
    assert _core_h(queue, 1.0, 3.0, 6.0) == [before, after, all_of_it]

    for number in (1, 2, 3):
        queue.remove(number)
    assert _core_h(queue, 6.0) == [0.0]


def test_a_few_long_jobs_are_no_crowd() -> None:
    queue = JobQueue()
    for number in (1, 2):
        queue.add(_due(number, 2.0), length=15, spread=0, now_s=NOW_S)
    by_then = NOW_S + np.array([3.0]) * HOUR_S

    assert queue.due.core_h_by(by_then, fewest_jobs=3) == [0.0]
    assert queue.due.core_h_by(by_then, fewest_jobs=2)[0] > 100.0

"""When a job would likely start: from what runs, from the line, or not known at all."""

from collections.abc import Sequence

import pytest

from domain.events import AttemptClaimed, Event, JobQueued, NodeLeft
from domain.jobs.job import SchedulingType
from scheduler.engine import Engine
from scheduler.explaining.likely_start import LikelyStart, likely_start
from scheduler.explaining.waiting import Line
from scheduler.forecast.duration import LIMIT_USED_FRAC
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.only_looking import OnlyLooking
from tests.support.builders import NOW_S, job_queued, node_joined, reading_taken
from tests.support.told import policy, reading_of

FLEX = SchedulingType.FLEX.value
#: What a job of a name that never ran is believed to take of its limit of an hour [s].
GUESS_S = 3600.0 * LIMIT_USED_FRAC


def looked(
    facts: Sequence[Event],
    job: JobQueued,
    *,
    first: Sequence[JobQueued] = (),
    n_ahead: int | None = None,
    now_s: float = NOW_S,
) -> LikelyStart:
    """The estimate for a job in a cluster of which these facts are known."""
    engine = Engine(OnlyLooking())
    engine.handle(facts, NOW_S)
    deciding = policy("chaufferie")
    line = Line(n_ahead=len(first) if n_ahead is None else n_ahead, first=first)
    return likely_start(View(state=engine.state, now_s=now_s), job, line, deciding)


def occupied(number: int, cores: int, node_id: int = 1, limit_s: int = 3600) -> list[Event]:
    """A job that runs on a node since now."""
    job = job_queued(number, cores=cores, time_limit_s=limit_s)
    return [job, AttemptClaimed(instance_id=number, attempt=1, node_id=node_id)]


def node(cores: int = 8) -> list[Event]:
    return [node_joined(1, cores=cores), reading_taken(1)]


def test_now_where_it_fits() -> None:
    found = looked(node(), job_queued(99))

    assert found.at_s == NOW_S
    assert found.sentence.startswith("Now:")
    assert found.latest_s is None


def test_when_what_runs_has_ended() -> None:
    found = looked([*node(), *occupied(1, 8)], job_queued(99, cores=4))

    assert found.at_s == pytest.approx(NOW_S + GUESS_S, rel=0.01)
    assert "if jobs run as long as those of their name did" in found.sentence
    assert "no job would start before it" in found.sentence


def test_the_earliest_ends_that_make_room_are_enough() -> None:
    facts = [*node(), *occupied(1, 4, limit_s=7200), *occupied(2, 4, limit_s=600)]

    half = looked(facts, job_queued(99, cores=4))
    whole = looked(facts, job_queued(99, cores=8))

    assert half.at_s == pytest.approx(NOW_S + 600 * LIMIT_USED_FRAC, rel=0.01)
    assert whole.at_s == pytest.approx(NOW_S + 7200 * LIMIT_USED_FRAC, rel=0.01)


def test_those_ahead_start_first() -> None:
    facts = [*node(), *occupied(1, 8)]
    first = [job_queued(50, cores=8), job_queued(51, cores=8)]

    found = looked(facts, job_queued(99, cores=8), first=first)

    assert found.at_s == pytest.approx(NOW_S + 3 * GUESS_S, rel=0.01)
    assert "2 jobs would start before it" in found.sentence


def test_patient_jobs_ahead_and_such_as_may_not_begin_yet_hold_nobody_up() -> None:
    facts = [*node(), *occupied(1, 8)]
    first = [
        job_queued(50, cores=8, scheduling_type=FLEX),
        job_queued(51, cores=8, not_before_s=NOW_S + 1e6),
    ]

    found = looked(facts, job_queued(99, cores=8), first=first)

    assert found.at_s == pytest.approx(NOW_S + GUESS_S, rel=0.01)


def test_what_outlived_its_belief_is_taken_to_run_to_its_limit() -> None:
    facts = [*node(), *occupied(1, 8)]

    found = looked(facts, job_queued(99, cores=8), now_s=NOW_S + 30.0)
    late = looked(facts, job_queued(99, cores=8), now_s=NOW_S + 59.0)

    assert found.at_s is not None
    assert late.at_s == pytest.approx(found.at_s)


def test_a_longer_line_than_is_looked_at_is_not_known() -> None:
    facts = [*node(), *occupied(1, 8)]

    found = looked(facts, job_queued(99), first=[job_queued(50)], n_ahead=51)

    assert found.at_s is None
    assert found.sentence == "Not known: 51 jobs are ahead of it, more than an estimate looks at."


def test_without_an_open_node_it_is_not_known() -> None:
    found = looked([*node(), NodeLeft(node_id=1)], job_queued(99))

    assert found.at_s is None
    assert found.sentence.startswith("Not known. No node takes work")


def test_when_gpus_come_free_is_not_known() -> None:
    found = looked([*node(), *occupied(1, 8)], job_queued(99, cores=8, gpus=1))

    assert found.at_s is None
    assert found.sentence.startswith("Not known")


def test_a_begin_in_the_future_is_not_known() -> None:
    found = looked(node(), job_queued(99, not_before_s=NOW_S + 7200.0))

    assert found.at_s is None
    assert "asked not to begin yet" in found.sentence


def test_a_patient_job_waits_for_heat_and_at_the_latest_for_its_last_moment() -> None:
    facts: list[Event] = [
        node_joined(1, is_preheat=False, idle_power_w=0.0, storage_wh_per_k=10.0),
        reading_of(1, heat_demand_w=600.0, headroom_wh=340.0),
    ]
    last_s = NOW_S + 73_800.0
    job = job_queued(99, cores=8, scheduling_type=FLEX, time_limit_s=36_000, start_before_s=last_s)

    found = looked(facts, job)

    assert found.at_s is None
    assert "When its heat is wanted, which is not known" in found.sentence
    assert found.latest_s is not None
    assert NOW_S < found.latest_s <= last_s

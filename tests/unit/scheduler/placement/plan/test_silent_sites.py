"""A silent site is unknown: it gets no new job beyond the room that its water surely has."""

import pytest

from domain.jobs.job import SchedulingType
from scheduler.engine import REFRESH_S
from scheduler.placement.state.fleet import READING_STALE_S
from tests.support.builders import NOW_S, claimed, job_queued, node_joined
from tests.support.told import CAPACITY_WH, Told, boilers, reading_of

POLICIES = (
    *("random", "round-robin", "least-loaded", "easy", "easy-on-demand-first"),
    *("coldest", "qarnot", "recipe", "chaufferie"),
)
LATER_S = NOW_S + READING_STALE_S + 1.0
#: A job that brings at most 100 Wh by its limit, and one that may bring 4000.
SHORT = {"cores": 1, "time_limit_s": 3600}
LONG = {"cores": 8, "time_limit_s": 18_000}


def _silent(policy: str, room_wh: float) -> Told:
    """A boiler that was not heard of for longer than its reading can be believed."""
    return boilers(policy, 1.0 - room_wh / CAPACITY_WH)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_node_that_was_never_heard_of_gets_nothing(policy: str) -> None:
    told = Told(policy, node_joined(), job_queued(1, **SHORT))
    assert told.answer == []

    assert told.nodes_for(reading_of(charge_frac=0.3)) == [1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_job_whose_heat_surely_has_room_starts(policy: str) -> None:
    told = _silent(policy, room_wh=9000.0)

    assert told.nodes_for(job_queued(1, **SHORT), at_s=LATER_S) == [1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_job_that_might_bring_more_than_there_is_room_for_waits(policy: str) -> None:
    told = _silent(policy, room_wh=3900.0)

    assert told.hear(job_queued(1, **LONG), at_s=LATER_S) == []
    fresh = reading_of(charge_frac=0.3, at_s=LATER_S + 1.0)
    assert told.nodes_for(fresh, at_s=LATER_S + 1.0) == [1]


def test_what_runs_there_is_taken_to_have_brought_its_heat_since() -> None:
    long = job_queued(2, cores=4, time_limit_s=36_000)
    idle, busy = (_silent("coldest", room_wh=4300.0) for _ in "ab")
    busy.hear(job_queued(1, cores=4))
    busy.hear(claimed(1))

    # 400 W for an hour of silence leave less than the 4000 Wh that the job may bring.
    assert busy.hear(long, at_s=NOW_S + 3600.0) == []
    assert idle.nodes_for(long, at_s=NOW_S + 3600.0) == [1]


def test_jobs_of_one_decision_share_the_safe_room() -> None:
    told = _silent("coldest", room_wh=500.0)

    jobs = [job_queued(number, cores=1, time_limit_s=7200) for number in range(1, 6)]

    assert len(told.hear(*jobs, at_s=LATER_S)) == 2


def test_a_node_that_reads_seldom_is_believed_for_longer() -> None:
    told = boilers("coldest", 0.5)
    told.hear(reading_of(charge_frac=0.99, at_s=NOW_S + 300.0), at_s=NOW_S + 300.0)

    long = job_queued(1, **LONG)

    assert told.nodes_for(long, at_s=NOW_S + 300.0 + 2 * READING_STALE_S) == [1]


def test_another_site_that_is_heard_takes_the_job() -> None:
    told = boilers("chaufferie", 0.9, 0.95)
    told.hear(reading_of(2, 0.95, at_s=LATER_S), at_s=LATER_S)

    assert told.nodes_for(job_queued(1, **LONG), at_s=LATER_S) == [2]


@pytest.mark.parametrize("policy", ["recipe", "chaufferie"])
def test_patient_jobs_that_wait_do_not_start_at_a_site_that_fell_silent(policy: str) -> None:
    told = _silent(policy, room_wh=9000.0)
    flex = {"scheduling_type": SchedulingType.FLEX.value, "start_before_s": NOW_S + 86_400.0}

    jobs = [job_queued(number, **LONG, **flex) for number in range(1, 5)]

    assert len(told.hear(*jobs, at_s=NOW_S + 10 * REFRESH_S)) <= 2

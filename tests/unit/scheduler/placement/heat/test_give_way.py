"""Running jobs that can go on elsewhere stop where their heat would be lost; others slow down."""

import pytest

from domain.commands import LimitPower, PreemptAttempt
from domain.jobs.job import EndReason, SchedulingType
from scheduler.engine import REFRESH_S
from scheduler.placement.heat.give_way import HEAT_NOT_WANTED
from scheduler.placement.heat.power_caps import HEAT_UNWANTED, LEAST_CAP_FRAC
from tests.support.builders import NOW_S, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

FLEX = SchedulingType.FLEX.value
HOUR_S = 3600.0
LATER_S = NOW_S + 2 * HOUR_S
BRIEF: dict[str, object] = {"scheduling_type": FLEX, "is_preemptible": True, "can_resume": True}
#: A patient job that cannot be stopped.
STEADY: dict[str, object] = {"scheduling_type": FLEX}


def _running(*kinds: dict[str, object], policy: str = "chaufferie", cores: int = 8) -> Told:
    """A store that was empty when jobs of these kinds started, and is full two hours later."""
    told = Told(policy, node_joined(is_preheat=False, idle_power_w=0.0, max_power_w=2000.0))
    told.hear(reading_of(1, 0.0, heat_demand_w=3000.0))
    for number, kind in enumerate(kinds, start=1):
        fields = {
            "cores": cores // len(kinds),
            "time_limit_s": 90_000,
            "start_before_s": NOW_S + 48 * HOUR_S,
            **kind,
        }
        assert told.hear(job_queued(number, **fields))
        told.hear(claimed(number))
    return told


def _when_full(told: Told, at_s: float = LATER_S) -> Told:
    told.hear(reading_of(1, 1.0, at_s=at_s, heat_demand_w=0.0), at_s=at_s)
    return told


def _stopped(told: Told) -> list[int]:
    return [order.instance_id for order in told.answer if isinstance(order, PreemptAttempt)]


def _caps(told: Told) -> list[LimitPower]:
    return [order for order in told.answer if isinstance(order, LimitPower)]


def test_a_brief_job_gives_way_where_its_heat_would_be_lost() -> None:
    told = _when_full(_running(BRIEF))

    assert _stopped(told) == [1]
    (order,) = (item for item in told.answer if isinstance(item, PreemptAttempt))
    assert order.why.code == HEAT_NOT_WANTED
    assert order.why.heat_wh is not None
    assert order.why.heat_wh > 500.0


@pytest.mark.parametrize(
    "kind",
    [
        STEADY,
        {**BRIEF, "can_resume": False},
        {"scheduling_type": SchedulingType.ON_DEMAND.value, "start_before_s": None},
        {**BRIEF, "start_before_s": NOW_S + 1.2 * HOUR_S},
    ],
    ids=["steady", "loses its progress", "somebody waits", "no time to go on"],
)
def test_a_job_that_would_pay_for_it_is_not_stopped(kind: dict[str, object]) -> None:
    assert _stopped(_when_full(_running(kind))) == []


def test_with_safe_deadlines_nothing_is_stopped() -> None:
    assert _stopped(_when_full(_running(BRIEF, policy="chaufferie deadlines=safe"))) == []


def test_a_job_that_has_just_begun_is_left_alone() -> None:
    assert _stopped(_when_full(_running(BRIEF), NOW_S + REFRESH_S)) == []


def test_while_heat_is_wanted_nothing_stops() -> None:
    told = _running(BRIEF)

    told.hear(reading_of(1, 0.3, at_s=LATER_S, heat_demand_w=3000.0), at_s=LATER_S)

    assert told.answer == []


def test_a_job_is_told_once() -> None:
    told = _when_full(_running(BRIEF))

    assert _stopped(_when_full(told, LATER_S + REFRESH_S)) == []


def _next_look(told: Told, looks: int = 1) -> list[int]:
    """The jobs that are stopped at the next look at the water, which wants heat."""
    at_s = NOW_S + looks * REFRESH_S
    told.hear(reading_of(1, 0.0, at_s=at_s, heat_demand_w=3000.0), at_s=at_s)
    return _stopped(told)


def test_a_brief_job_makes_room_for_one_that_somebody_waits_for() -> None:
    told = _running(BRIEF, BRIEF)
    told.hear(job_queued(9, cores=4))

    stopped = _next_look(told)

    assert len(stopped) == 1
    assert told.hear(ended(stopped[0], reason=EndReason.PREEMPTED, wall_s=60.0)) == [(9, 1, 1)]


def test_no_more_is_stopped_than_the_waiting_job_needs_and_only_once() -> None:
    told = _running(BRIEF, BRIEF, BRIEF, BRIEF)
    told.hear(job_queued(9, cores=3))

    assert len(_next_look(told)) == 2
    assert _next_look(told, looks=2) == []


def test_nothing_is_stopped_where_it_would_not_be_enough() -> None:
    told = _running(BRIEF, STEADY)
    told.hear(job_queued(9, cores=8))

    assert _next_look(told) == []


def test_nothing_is_stopped_for_a_job_that_can_wait() -> None:
    told = _running(BRIEF, BRIEF)
    told.hear(job_queued(9, cores=4, scheduling_type=FLEX, start_before_s=NOW_S + 48 * HOUR_S))

    assert _next_look(told) == []


def test_the_recipe_stops_and_slows_nothing() -> None:
    assert _when_full(_running(BRIEF, policy="recipe")).answer == []
    assert _when_full(_running(STEADY, policy="recipe")).answer == []


def test_where_only_patient_jobs_run_their_node_is_slowed_instead_of_losing_heat() -> None:
    (cap,) = _caps(_when_full(_running(STEADY)))

    assert cap.why.code == HEAT_UNWANTED
    assert cap.power_cap_frac == pytest.approx(LEAST_CAP_FRAC, abs=0.2)
    assert 0.0 < cap.power_cap_frac < 1.0


def test_a_node_on_which_somebody_waits_for_a_job_is_never_slowed() -> None:
    on_demand: dict[str, object] = {"scheduling_type": SchedulingType.ON_DEMAND.value}

    assert _caps(_when_full(_running(STEADY, {**on_demand, "start_before_s": None}))) == []


def test_shaping_can_be_switched_off() -> None:
    assert _caps(_when_full(_running(STEADY, policy="chaufferie shaping=off"))) == []


def test_an_idle_node_is_not_slowed() -> None:
    told = Told("chaufferie", node_joined(is_preheat=False, idle_power_w=900.0))

    assert _when_full(told).answer == []

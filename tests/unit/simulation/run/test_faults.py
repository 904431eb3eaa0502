"""What is broken when, and what instruments then show."""

from dataclasses import replace

import pytest

from domain.units import DAY_S
from simulation.run.faults import Change, Faults, Shown
from simulation.scenario.fault import Fault, FaultKind
from tests.support.small_scenes import Small

BASE = Small(warmup_days=1, arrival_days=2, drain_days=1)
COLD: Shown = (30.0, 1000.0, 5000.0)
WARM: Shown = (35.0, 2000.0, 3000.0)


def faults(*planned: Fault, demand_factor: float = 1.0) -> Faults:
    scene = replace(BASE, demand_factor=demand_factor).scene()
    return Faults(replace(scene, scenario=replace(scene.scenario, faults=planned)))


def at(found: Faults, day: float) -> float:
    return found.scene.arrivals_plant_s + day * DAY_S


def turned(found: Faults, day: float) -> Change:
    return found.turn(at(found, day))


def test_a_site_goes_off_and_comes_back_once() -> None:
    found = faults(Fault(kind=FaultKind.SITE_OFFLINE, sites=(2,), from_day=0.5, to_day=1.0))

    assert turned(found, 0.25) == Change()
    assert turned(found, 0.5) == Change(went_off=(2,))
    assert found.rows_off() == [2]
    assert list(found.all_shown([WARM] * 4)) == [(0, WARM), (1, WARM), (3, WARM)]
    assert found.shown(2, WARM) is None
    assert found.shown(1, WARM) == WARM
    assert turned(found, 0.75) == Change()
    assert turned(found, 1.0) == Change(came_back=(2,))
    assert found.shown(2, WARM) == WARM
    assert list(found.all_shown([WARM] * 3)) == [(0, WARM), (1, WARM), (2, WARM)]


def test_two_faults_of_one_site_end_with_the_last() -> None:
    found = faults(
        Fault(kind=FaultKind.SITE_OFFLINE, sites=(0,), from_day=0.0, to_day=1.0),
        Fault(kind=FaultKind.SITE_OFFLINE, sites=(0,), from_day=0.5, to_day=1.5),
    )

    assert turned(found, 0.0) == Change(went_off=(0,))
    assert turned(found, 1.0) == Change()
    assert turned(found, 1.5) == Change(came_back=(0,))


def test_a_stuck_sensor_repeats_its_water_and_not_its_demand() -> None:
    found = faults(Fault(kind=FaultKind.SENSOR_STUCK, sites=(1,), from_day=0.5, to_day=1.0))
    turned(found, 0.5)

    assert found.shown(1, COLD) == COLD
    turned(found, 0.75)
    assert found.shown(1, WARM) == (COLD[0], WARM[1], COLD[2])
    assert found.shown(0, WARM) == WARM
    turned(found, 1.0)
    assert found.shown(1, WARM) == WARM


def test_a_sensor_that_sticks_again_repeats_what_it_then_showed() -> None:
    found = faults(
        Fault(kind=FaultKind.SENSOR_STUCK, sites=(1,), from_day=0.0, to_day=0.25),
        Fault(kind=FaultKind.SENSOR_STUCK, sites=(1,), from_day=0.5, to_day=1.0),
    )
    turned(found, 0.0)
    found.shown(1, COLD)
    turned(found, 0.25)
    turned(found, 0.5)

    assert found.shown(1, WARM) == WARM
    assert found.shown(1, COLD) == (WARM[0], COLD[1], WARM[2])


def test_no_site_named_is_every_site() -> None:
    found = faults(Fault(kind=FaultKind.SITE_OFFLINE, from_day=0.0, to_day=1.0))

    assert turned(found, 0.0) == Change(went_off=(0, 1, 2, 3))


def test_a_meter_is_reset_once() -> None:
    found = faults(Fault(kind=FaultKind.METER_RESET, sites=(0, 3), from_day=0.5))

    assert turned(found, 0.25) == Change()
    assert turned(found, 0.5) == Change(meters_reset=(0, 3))
    assert turned(found, 0.75) == Change()


def test_a_wrong_forecast_is_wrong_for_its_days_on_top_of_what_it_always_is() -> None:
    found = faults(
        Fault(kind=FaultKind.FORECAST_BIAS, from_day=0.5, to_day=1.0, demand_factor=1.5),
        demand_factor=0.6,
    )
    factors = [found.demand_factor(at(found, day)) for day in (0.25, 0.5, 0.99, 1.0)]

    assert factors == pytest.approx([0.6, 0.9, 0.9, 0.6])

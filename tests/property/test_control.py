"""The water stays below its limit, whatever one sensor says and whatever gets lost on the way.

In the first suite the servers' own protection is taken away, so that the law alone is on trial;
in the second it is there and the agent itself may vanish.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.reading import Reading
from domain.refusal import Refused
from node_agent.heat.control import (
    Action,
    ControlMemory,
    ControlSettings,
    decide,
    settings_for,
)
from simulation.boiler.always_on import Boilers, Orders, advance
from simulation.boiler.instruments import measurements
from simulation.boiler.sites import default_sites, fleet_of
from simulation.plant.fleet import FleetState, Flows, start
from tests.support.boiler_readings import reading_of_boiler

FACTOR = 120.0
#: The smallest water of the default sites: it warms the fastest.
SITE = min(default_sites(4), key=lambda site: site.tank_kg)
IDLE_FRAC = SITE.idle_power_w / SITE.max_power_w


class Fault(StrEnum):
    NONE = "none"
    NAN = "nan"
    STUCK = "stuck"
    HIGH = "+20"
    LOW = "-25"
    ZERO = "zero"
    DRIFT_DOWN = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Some seconds of the same weather."""

    seconds: int
    use_frac: float
    fault: Fault
    on_water_sensor: bool
    is_read_lost: bool
    is_write_lost: bool


def _spells(is_write_lost: st.SearchStrategy[bool]) -> st.SearchStrategy[list[Spell]]:
    spell = st.builds(
        Spell,
        seconds=st.integers(1, 60),
        use_frac=st.sampled_from([0.0, 0.3, 1.0, 1.0]),
        fault=st.sampled_from(Fault),
        on_water_sensor=st.booleans(),
        is_read_lost=st.booleans(),
        is_write_lost=is_write_lost,
    )
    return st.lists(spell, min_size=1, max_size=12)


SPELLS = _spells(is_write_lost=st.just(value=False))
LOSSY_SPELLS = _spells(is_write_lost=st.booleans())


def _settings() -> ControlSettings:
    settings = settings_for(
        limit_temp_c=SITE.limit_temp_c,
        idle_power_w=SITE.idle_power_w,
        max_power_w=SITE.max_power_w,
        storage_wh_per_k=SITE.storage_wh_per_k,
        time_factor=FACTOR,
    )
    assert isinstance(settings, ControlSettings)
    return settings


class Trial:
    """One boiler nobody draws from, under the law, a second at a time."""

    def __init__(self, start_c: float, *, is_protected: bool) -> None:
        boilers = fleet_of([SITE])
        fleet = boilers.fleet
        if not is_protected:
            servers = replace(fleet.servers, inlet_limit_c=np.array([500.0]))
            fleet = replace(fleet, servers=servers, limit_temp_c=np.array([500.0]))
        draws = replace(boilers.draws, daily_kg=np.zeros(1))
        self.boilers: Boilers = replace(boilers, fleet=fleet, draws=draws)
        self.state: FleetState = start(fleet, plant_time_s=0.0, water_temp_c=np.array([start_c]))
        self.settings = _settings()
        self.memory = ControlMemory()
        self.now_s = 0.0
        self.limit_frac, self.limit_until_s = IDLE_FRAC, -math.inf
        self.stuck: tuple[float, float] | None = None
        self.drift_k = 0.0
        self.flows: Flows = self._advance(0.0, 1e-3)

    def second(self, spell: Spell, *, has_agent: bool = True) -> Action | None:
        self.now_s += 1.0
        action = None
        if has_agent:
            reading = None if spell.is_read_lost else self._reading(spell)
            self.memory, action = decide(self.memory, reading, self.now_s, self.settings)
            if not spell.is_write_lost:
                self.limit_frac = action.power_cap_frac
                self.limit_until_s = self.now_s + self.settings.limit_valid_for_s
        self.flows = self._advance(spell.use_frac, FACTOR)
        return action

    @property
    def water_c(self) -> float:
        return float(self.state.water_temp_c[0])

    def _advance(self, use_frac: float, span_s: float) -> Flows:
        limit_frac = self.limit_frac if self.now_s < self.limit_until_s else IDLE_FRAC
        orders = Orders(use_frac=np.array([use_frac]), power_limit_frac=np.array([limit_frac]))
        self.state, flows = advance(self.boilers, self.state, orders, span_s)
        return flows

    def _reading(self, spell: Spell) -> Reading | Refused:
        (shown,) = measurements(self.boilers.fleet, self.state, self.flows)
        name = "water_temp_c" if spell.on_water_sensor else "inlet_temp_c"
        shown[name] = self._faulty(float(shown[name]), spell.fault)
        return reading_of_boiler(shown, seq=int(self.now_s), time_factor=FACTOR)

    def _faulty(self, true_c: float, fault: Fault) -> float:
        if fault is Fault.STUCK:
            self.stuck = self.stuck or (true_c, true_c)
            return self.stuck[0]
        self.stuck = None
        self.drift_k = self.drift_k + 0.2 if fault is Fault.DRIFT_DOWN else 0.0
        wrong = {Fault.NAN: math.nan, Fault.HIGH: 20.0, Fault.LOW: -25.0, Fault.ZERO: -true_c}
        return true_c + wrong.get(fault, -self.drift_k)


@given(spells=SPELLS, start_c=st.floats(15.0, 49.0))
def test_the_law_alone_keeps_the_water_below_its_limit(spells: list[Spell], start_c: float) -> None:
    trial = Trial(start_c, is_protected=False)
    for spell in spells:
        for _ in range(spell.seconds):
            trial.second(spell)
            assert trial.water_c < SITE.limit_temp_c


@given(spells=LOSSY_SPELLS, start_c=st.floats(15.0, 49.0), deaths=st.sets(st.integers(0, 11)))
def test_with_orders_lost_and_the_agent_dead_the_water_still_stays_below(
    spells: list[Spell], start_c: float, deaths: set[int]
) -> None:
    trial = Trial(start_c, is_protected=True)
    for number, spell in enumerate(spells):
        if number in deaths:
            trial.memory = ControlMemory()  # A new agent knows nothing.
        for _ in range(spell.seconds):
            trial.second(spell, has_agent=number not in deaths)
            assert trial.water_c < SITE.limit_temp_c


@given(spells=SPELLS, start_c=st.floats(15.0, 49.0))
def test_jobs_run_only_while_both_sensors_make_sense_together(
    spells: list[Spell], start_c: float
) -> None:
    trial = Trial(start_c, is_protected=False)
    for spell in spells:
        for _ in range(spell.seconds):
            action = trial.second(spell)
            assert action is not None
            assert action.freeze_jobs is not action.run
            assert (action.power_cap_frac >= IDLE_FRAC) is action.run
            if spell.fault in {Fault.NAN, Fault.HIGH, Fault.LOW} and not spell.is_read_lost:
                assert not action.run


@given(spells=SPELLS, start_c=st.floats(15.0, 49.0))
def test_no_rest_is_shorter_than_the_least(spells: list[Spell], start_c: float) -> None:
    trial = Trial(start_c, is_protected=False)
    stopped_s = -math.inf
    was_on = False
    for spell in spells:
        for _ in range(spell.seconds):
            action = trial.second(spell)
            assert action is not None
            if was_on and not action.run:
                stopped_s = trial.now_s
            elif action.run and not was_on:
                assert trial.now_s - stopped_s >= trial.settings.min_off_s
            was_on = action.run

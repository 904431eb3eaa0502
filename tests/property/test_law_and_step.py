"""What simulations make of a site's own control, beside the law that boilers really have.

A simulation of weeks has steps of minutes, and no law that looks at its sensors every second: in
each step the servers may take what brings the water just to its limit (`allowed_power_w`). Here
the law holds a boiler for ten minutes, second by second, from the same state.
"""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.units import DAY_S
from node_agent.heat.control import (
    Cause,
    ControlMemory,
    ControlSettings,
    ControlState,
    decide,
    settings_for,
)
from simulation.boiler.always_on import Boilers, Orders, advance
from simulation.boiler.instruments import measurements
from simulation.boiler.sites import SimulatedSite, default_sites, fleet_of
from simulation.plant.fleet import FleetState, Flows, start
from simulation.plant.stepping import allowed_power_w
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K
from tests.support.boiler_readings import reading_of_boiler

SPAN_S = 600
SITES = default_sites(4)
#: Of full power. What warm cabinets lose before any heat is captured is 2 % of it: the step lets
#: servers take that in water that may not be heated, the law switches them off.
TOLERANCE_FRAC = 0.025
NEW, RUNNING = (
    ControlMemory(),
    ControlMemory(state=ControlState.LIMITED, cause=Cause.HOT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A boiler at full load, and how its water stands."""

    site: SimulatedSite
    below_limit_k: float
    drawn_frac: float  #: Heat drawn at the limit, of full power.
    memory: ControlMemory

    def boilers(self) -> Boilers:
        """The boiler, drawn from evenly."""
        boilers = fleet_of([self.site])
        warmed_k = self.site.limit_temp_c - boilers.fleet.set_temp_c
        draw_kg = self.drawn_frac * self.site.max_power_w / WATER_HEAT_J_PER_KG_K / warmed_k
        draws = replace(
            boilers.draws,
            daily_kg=draw_kg * DAY_S,
            month=np.ones((1, 12)),
            weekday=np.ones((1, 7)),
            hour=np.full((1, 7, 24), 1 / 24),
        )
        return replace(boilers, draws=draws)

    def law(self) -> ControlSettings:
        """The law's numbers in real time."""
        law = settings_for(
            limit_temp_c=self.site.limit_temp_c,
            idle_power_w=self.site.idle_power_w,
            max_power_w=self.site.max_power_w,
            storage_wh_per_k=self.site.storage_wh_per_k,
            time_factor=1.0,
        )
        assert isinstance(law, ControlSettings)
        return law


STARTS = st.builds(
    Start,
    site=st.sampled_from(SITES),
    below_limit_k=st.floats(0.0, 8.0),
    drawn_frac=st.floats(0.0, 0.75),
    memory=st.sampled_from((NEW, RUNNING)),
)


def _start(below_limit_k: float, drawn_frac: float, memory: ControlMemory) -> Start:
    return Start(site=SITES[2], below_limit_k=below_limit_k, drawn_frac=drawn_frac, memory=memory)


def _under_the_law(start: Start, boilers: Boilers, state: FleetState) -> tuple[float, float]:
    """Mean power over the span [W], and the warmest that the water was."""
    law, memory = start.law(), start.memory
    flows = replace(Flows.none(1), inlet_temp_c=state.water_temp_c)
    energy_j, warmest_c = 0.0, -np.inf
    for second in range(SPAN_S):
        (shown,) = measurements(boilers.fleet, state, flows)
        reading = reading_of_boiler(shown, seq=second, time_factor=1.0)
        memory, action = decide(memory, reading, float(second), law)
        limit_frac = np.array([action.power_cap_frac])
        orders = Orders(use_frac=np.ones(1), power_limit_frac=limit_frac)
        state, flows = advance(boilers, state, orders, 1.0)
        energy_j += float(flows.power_w[0])
        warmest_c = max(warmest_c, float(state.water_temp_c[0]))
    return energy_j / SPAN_S, warmest_c


def _allowed_in_a_step(boilers: Boilers, state: FleetState, limit_temp_c: float) -> float:
    """Mean power that the plant's step allows where this is the limit [W]."""
    limit_c = np.array([limit_temp_c])
    servers = replace(boilers.fleet.servers, inlet_limit_c=limit_c)
    fleet = replace(boilers.fleet, servers=servers, limit_temp_c=limit_c)
    return float(allowed_power_w(fleet, state, boilers.forcing(state.plant_time_s), SPAN_S)[0])


@settings(max_examples=30)
@example(_start(7.0, 0.0, NEW))
@example(_start(3.5, 0.0, RUNNING))
@example(_start(1.0, 0.7, NEW))
@example(_start(0.7, 0.0, RUNNING))
@example(_start(0.0, 0.0, RUNNING))
@given(STARTS)
def test_the_law_takes_in_ten_minutes_what_a_step_allows_a_little_below_the_limit(
    begin: Start,
) -> None:
    """No more than with a limit where the law freezes, no less than with one where it ramps."""
    boilers, law = begin.boilers(), begin.law()
    water_c = np.array([begin.site.limit_temp_c - begin.below_limit_k])
    state = start(boilers.fleet, plant_time_s=0.0, water_temp_c=water_c)

    power_w, warmest_c = _under_the_law(begin, boilers, state)
    most_w = _allowed_in_a_step(boilers, state, law.freeze_temp_c)
    least_w = _allowed_in_a_step(boilers, state, law.ramp_temp_c)
    tolerance_w = TOLERANCE_FRAC * begin.site.max_power_w

    assert least_w - tolerance_w <= power_w <= most_w + tolerance_w
    assert warmest_c <= max(float(water_c[0]), law.limit_temp_c)
    assert law.limit_temp_c - law.freeze_temp_c == 0.5
    assert law.limit_temp_c - law.ramp_temp_c == 3.0

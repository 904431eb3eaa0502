"""All sites of a fleet, advanced together by one step of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.plant.draw import DrawProfile, draw_kg_per_s, mains_temp_c
from simulation.plant.meter import Meters, count
from simulation.plant.server import Flags, Servers, captured, drive
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, step_tank

Floats = NDArray[np.float64]

#: The physics is stepped at most this far at once: power and draw are constant within a step,
#: and a 2 kW boiler on 250 kg of water warms it by 0.1 K in that time.
LONGEST_STEP_S = 60.0
#: Pulses of common meters: 10 Wh on the heat meter, 1 Wh on the electricity meter.
HEAT_PULSE_WH = 10
ELECTRICITY_PULSE_WH = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is fixed about the sites. Every array has shape (n_sites,)."""

    servers: Servers
    draws: DrawProfile
    tank_kg: Floats
    tank_loss_w_per_k: Floats
    tank_limit_c: Floats  #: The water is never to be heated above this.
    room_temp_c: Floats
    hot_water_temp_c: Floats  #: What the backup boiler, downstream, brings a draw to.

    @property
    def n_sites(self) -> int:
        """How many sites there are."""
        return len(self.tank_kg)

    @property
    def storage_j_per_k(self) -> Floats:
        """Heat that the water of each tank takes up for each kelvin."""
        return self.tank_kg * WATER_HEAT_J_PER_KG_K


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """What changes about the sites. Every array has shape (n_sites,)."""

    plant_time_s: float  #: Since midnight of the plant's first Monday in January.
    water_temp_c: Floats
    is_shut_down: Flags
    heat: Meters
    electricity: Meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the world asks of the servers over a step. Every array has shape (n_sites,)."""

    use_frac: Floats  #: Share of the processors in use, 0 to 1.
    power_limit_frac: Floats  #: Set-point, as a share of maximum power.


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Means over a step. Every array has shape (n_sites,)."""

    power_w: Floats
    heat_w: Floats  #: Into the water; what the heat meter sees.
    cabinet_loss_w: Floats
    tank_loss_w: Floats
    drawn_w: Floats  #: Useful heat: what the draw carried out of the tank above mains water.
    backup_w: Floats  #: What the backup boiler still had to add.
    demand_w: Floats  #: What the site needed: its draw at the set-point, and the tank's losses.
    supply_temp_c: Floats
    inlet_temp_c: Floats


def start(fleet: Fleet, *, plant_time_s: float, water_temp_c: Floats) -> FleetState:
    """Sites with new meters and water at these temperatures, shape (n_sites,)."""
    return FleetState(
        plant_time_s=plant_time_s,
        water_temp_c=np.asarray(water_temp_c, dtype=np.float64),
        is_shut_down=np.zeros(fleet.n_sites, dtype=np.bool_),
        heat=Meters.at_zero(fleet.n_sites),
        electricity=Meters.at_zero(fleet.n_sites),
    )


def step(fleet: Fleet, state: FleetState, orders: Orders, dt_s: float) -> tuple[FleetState, Flows]:
    """Advance every site by one step in which orders and draw are constant.

    Servers feed the preheat tank; a draw leaves the tank, is replaced by mains water, and is
    brought to its set-point by the backup boiler behind: ``Q_backup = f c max(0, T_set - T)``.
    So the useful heat is what the draw carries out of the tank. ``dt_s`` is at most
    `LONGEST_STEP_S`; see `advance` for longer times.
    """
    room_temp_c = fleet.room_temp_c
    running = drive(
        fleet.servers,
        use_frac=orders.use_frac,
        power_limit_frac=orders.power_limit_frac,
        was_shut_down=state.is_shut_down,
        water_temp_c=state.water_temp_c,
        room_temp_c=room_temp_c,
    )
    heat = captured(fleet.servers, running.power_w, state.water_temp_c, room_temp_c)
    draw = draw_kg_per_s(fleet.draws, state.plant_time_s)
    cold_temp_c = np.full(fleet.n_sites, mains_temp_c(state.plant_time_s))
    tank = step_tank(
        start_temp_c=state.water_temp_c,
        heat_w=heat.water_w,
        draw_kg_per_s=draw,
        cold_temp_c=cold_temp_c,
        room_temp_c=room_temp_c,
        tank_kg=fleet.tank_kg,
        loss_w_per_k=fleet.tank_loss_w_per_k,
        dt_s=dt_s,
    )
    draw_w_per_k = draw * WATER_HEAT_J_PER_KG_K
    full_draw_w = draw_w_per_k * (fleet.hot_water_temp_c - cold_temp_c)
    flows = Flows(
        power_w=running.power_w,
        heat_w=heat.water_w,
        cabinet_loss_w=heat.cabinet_w,
        tank_loss_w=tank.loss_w,
        drawn_w=tank.drawn_w,
        backup_w=draw_w_per_k * np.maximum(0.0, fleet.hot_water_temp_c - tank.mean_temp_c),
        demand_w=full_draw_w + np.maximum(0.0, tank.loss_w),
        supply_temp_c=heat.supply_temp_c,
        inlet_temp_c=heat.inlet_temp_c,
    )
    after = FleetState(
        plant_time_s=state.plant_time_s + dt_s,
        water_temp_c=tank.end_temp_c,
        is_shut_down=running.is_shut_down,
        heat=count(state.heat, flows.heat_w, dt_s, HEAT_PULSE_WH),
        electricity=count(state.electricity, flows.power_w, dt_s, ELECTRICITY_PULSE_WH),
    )
    return after, flows


def advance(
    fleet: Fleet, state: FleetState, orders: Orders, span_s: float
) -> tuple[FleetState, Flows]:
    """Advance every site by any time under constant orders; the flows of the last step."""
    n_steps = max(1, int(np.ceil(span_s / LONGEST_STEP_S)))
    state, flows = step(fleet, state, orders, span_s / n_steps)
    for _ in range(n_steps - 1):
        state, flows = step(fleet, state, orders, span_s / n_steps)
    return state, flows


def headroom_wh(fleet: Fleet, water_temp_c: Floats) -> Floats:
    """Heat that each tank can take before its limit [Wh], shape (n_sites,); never negative."""
    room_k = np.maximum(0.0, fleet.tank_limit_c - water_temp_c)
    return np.asarray(fleet.storage_j_per_k * room_k / 3600.0, dtype=np.float64)

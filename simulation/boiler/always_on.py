"""Boilers whose servers no scheduler switches off: they idle, and protect themselves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation.boiler.draw import DrawProfile, draw_kg_per_s, mains_temp_c
from simulation.plant.fleet import Fleet, FleetState, Flows
from simulation.plant.forcing import Forcing
from simulation.plant.server import Servers
from simulation.plant.stepping import allowed_power_w, step

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Draw and orders are constant within a step, and a boiler of 2 kW on 250 kg of water warms it by
#: 0.1 K in that time.
LONGEST_STEP_S = 60.0
#: A server that shut itself down comes back when its water is this far below the limit.
_RESTART_BELOW_K = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boilers:
    """Sites that only draw hot water, and the habits of those who draw it."""

    fleet: Fleet
    draws: DrawProfile

    def forcing(self, plant_time_s: float) -> Forcing:
        """What the world does to them now."""
        mains_c = np.full(self.fleet.n_sites, mains_temp_c(plant_time_s))
        draw = draw_kg_per_s(self.draws, plant_time_s)
        return Forcing.indoors(mains_temp_c=mains_c, draw_kg_per_s=draw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the world asks of the servers over a step. Every array has shape (n_sites,)."""

    use_frac: Floats  #: Share of the processors in use, 0 to 1.
    power_limit_frac: Floats  #: Set-point, as a share of maximum power.


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What the servers run at. Every array has shape (n_sites,)."""

    power_w: Floats
    is_shut_down: Flags  #: By their own protection, until the water has cooled.


def wanted_power_w(servers: Servers, use_frac: Floats) -> Floats:
    """Electric power [W] at this share of the processors in use, shape (n_sites,).

    ``P = P_idle + (P_max - P_idle) u``: Fan, Weber and Barroso 2007, doi:10.1145/1250662.1250665.
    """
    return servers.idle_power_w + (servers.max_power_w - servers.idle_power_w) * use_frac


def drive(
    servers: Servers,
    orders: Orders,
    *,
    allowed_w: Floats,
    was_shut_down: Flags,
    water_temp_c: Floats,
) -> Drive:
    """Electric power under the load, the set-point and the servers' own protection.

    The power of `wanted_power_w`, bounded by the set-point and by what the firmware allows. A
    limit under idle power means off: a server cannot run on less.
    """
    is_hot = allowed_w < servers.idle_power_w
    is_warm = water_temp_c > servers.inlet_limit_c - _RESTART_BELOW_K
    is_shut_down = is_hot | (was_shut_down & is_warm)
    limit_w = orders.power_limit_frac * servers.max_power_w
    # A set-point of exactly the idle share must not switch off by rounding.
    is_off = is_shut_down | (limit_w < servers.idle_power_w * (1 - 1e-6))
    wanted_w = wanted_power_w(servers, orders.use_frac)
    running_w = np.maximum(
        np.minimum(wanted_w, np.minimum(limit_w, allowed_w)), servers.idle_power_w
    )
    return Drive(
        power_w=np.where(is_off, servers.standby_power_w, running_w), is_shut_down=is_shut_down
    )


def advance(
    boilers: Boilers, state: FleetState, orders: Orders, span_s: float
) -> tuple[FleetState, Flows]:
    """Advance all boilers by any time under constant orders; the flows of the last step."""
    n_steps = max(1, int(np.ceil(span_s / LONGEST_STEP_S)))
    flows = Flows.none(boilers.fleet.n_sites)
    for _ in range(n_steps):
        state, flows = _step(boilers, state, orders, span_s / n_steps)
    return state, flows


def _step(
    boilers: Boilers, state: FleetState, orders: Orders, dt_s: float
) -> tuple[FleetState, Flows]:
    fleet, forcing = boilers.fleet, boilers.forcing(state.plant_time_s)
    running = drive(
        fleet.servers,
        orders,
        allowed_w=allowed_power_w(fleet, state, forcing, dt_s),
        was_shut_down=state.is_shut_down,
        water_temp_c=state.water_temp_c,
    )
    after, flows = step(fleet, state, running.power_w, forcing, dt_s)
    return replace(after, is_shut_down=running.is_shut_down), flows

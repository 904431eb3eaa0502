"""One step of time for all sites together: servers, stores, coolers, boilers and meters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.plant.fleet import Fleet, FleetState, Flows
from simulation.plant.forcing import Forcing
from simulation.plant.layers import heated, layer_mean_c, running_mean_c
from simulation.plant.loads import Loads, loads_of
from simulation.plant.meter import count
from simulation.plant.server import captured_w, power_for_w

Floats = NDArray[np.float64]

#: Pulses of common meters: 10 Wh on the heat meter, 1 Wh on the electricity meter.
HEAT_PULSE_WH = 10
ELECTRICITY_PULSE_WH = 1
#: What a dry cooler's fans and pumps take of the heat it removes; an assumption, common figure.
COOLER_POWER_FRAC = 0.05


def allowed_power_w(fleet: Fleet, state: FleetState, forcing: Forcing, dt_s: float) -> Floats:
    """Electric power that the servers' firmware allows, as a mean over the coming step [W].

    It is what brings the coolant inlet, or the water, just to its limit at the end of the step,
    with everything the dump cooler takes on top; never more than full power. Where even no heat
    would end too hot, it is the power of which nothing is captured. Shape (n_sites,).
    """
    loads = loads_of(fleet, forcing, dt_s)
    water_c = state.water_temp_c
    unheated_c = water_c - _load_w(fleet, loads, water_c) * loads.end_k_per_w
    heat_w = np.minimum(
        (fleet.limit_temp_c - unheated_c) * loads.water_room_w_per_k,
        (fleet.servers.inlet_limit_c - unheated_c) * loads.inlet_room_w_per_k,
    )
    if loads.layer_flow is not None:
        which = fleet.layers.site_index
        means_c = running_mean_c(loads.layer_flow.after(state.layer_temp_c)[:, :-2])
        limit_c = np.minimum(fleet.limit_temp_c, fleet.servers.inlet_limit_c)[which]
        room_w = (limit_c[:, None] - means_c) * loads.layer_room_w_per_k
        heat_w[which] = room_w.max(axis=1)
    heat_w = np.maximum(heat_w, 0.0) + fleet.cooler_capacity_w
    intake_c = _intake_temp_c(fleet, water_c, state.layer_temp_c)
    power_w = power_for_w(fleet.servers, heat_w, intake_c, fleet.room_temp_c)
    return np.minimum(power_w, fleet.servers.max_power_w)


def step(
    fleet: Fleet, state: FleetState, power_w: Floats, forcing: Forcing, dt_s: float
) -> tuple[FleetState, Flows]:
    """Advance every site by one step of any length in which power and forcing are constant.

    ``power_w`` (n_sites,) is the mean electric power of the servers, within `allowed_power_w`.
    Mixed stores follow the exact solution of their balance, see
    `simulation.plant.tank.gains_k_per_w`; stratified tanks take their heat at the end of the step.

    Of two runs that differ in heat, the one that got more is never cooler, at no site and no
    time, and saved its boiler more, by no more than what it got more: capture and draw fall and
    rise with the water, and no rule here switches the other way.
    """
    loads = loads_of(fleet, forcing, dt_s)
    intake_c = _intake_temp_c(fleet, state.water_temp_c, state.layer_temp_c)
    heat_w = captured_w(fleet.servers, power_w, intake_c, fleet.room_temp_c)
    stores = _stores(fleet, loads, state, heat_w, dt_s)
    backup_w = np.where(
        fleet.is_preheat, np.maximum(0.0, loads.full_draw_w - stores.drawn_w), stores.boiler_w
    )
    inlet_c = _intake_temp_c(fleet, stores.water_temp_c, stores.layer_temp_c)
    inlet_c = inlet_c + (heat_w - stores.dumped_w) * fleet.servers.inlet_k_per_w
    flows = Flows(
        power_w=power_w,
        heat_w=heat_w,
        cabinet_loss_w=power_w - heat_w,
        dumped_w=stores.dumped_w,
        cooler_power_w=COOLER_POWER_FRAC * stores.dumped_w,
        tank_loss_w=stores.loss_w,
        drawn_w=stores.drawn_w,
        backup_w=backup_w,
        demand_w=loads.demand_w + fleet.is_preheat * np.maximum(0.0, stores.loss_w),
        supply_temp_c=inlet_c + heat_w * fleet.servers.coolant_k_per_w,
        inlet_temp_c=inlet_c,
    )
    metered_w = heat_w * fleet.heat_meter_gain
    after = FleetState(
        plant_time_s=state.plant_time_s + dt_s,
        water_temp_c=stores.water_temp_c,
        layer_temp_c=stores.layer_temp_c,
        is_shut_down=state.is_shut_down,
        heat=count(state.heat, metered_w, dt_s, HEAT_PULSE_WH),
        electricity=count(state.electricity, power_w, dt_s, ELECTRICITY_PULSE_WH),
    )
    return after, flows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stores:
    """What became of the stores over a step. Arrays as in `FleetState` and `Flows`."""

    water_temp_c: Floats
    layer_temp_c: Floats
    dumped_w: Floats
    boiler_w: Floats  #: Of boilers inside the store.
    drawn_w: Floats
    loss_w: Floats


def _stores(fleet: Fleet, loads: Loads, state: FleetState, heat_w: Floats, dt_s: float) -> _Stores:
    water_c = state.water_temp_c
    surplus_w = -_load_w(fleet, loads, water_c)
    unheated_c = water_c + surplus_w * loads.end_k_per_w
    # The cooler works as soon as the store would end above its threshold, on what servers bring.
    over_w = (unheated_c - fleet.dump_temp_c) * loads.water_room_w_per_k + heat_w
    dumped_w = np.minimum(np.maximum(over_w, 0.0), np.minimum(heat_w, fleet.cooler_capacity_w))
    net_w = heat_w - dumped_w
    # The boiler holds the set-point and fresh water the relief, each by as much as is missing.
    lifted_c = unheated_c + net_w * loads.end_k_per_w
    end_c = np.minimum(np.maximum(lifted_c, fleet.kept_temp_c), fleet.relief_temp_c)
    added_w = (end_c - lifted_c) * loads.water_room_w_per_k
    boiler_w = np.maximum(added_w, 0.0)
    mean_c = water_c + (surplus_w + net_w + added_w) * loads.mean_k_per_w
    top_c, layer_c = mean_c, state.layer_temp_c
    if loads.layer_flow is not None:
        which = fleet.layers.site_index
        after_c = loads.layer_flow.after(layer_c)
        layer_c = heated(fleet.layers, after_c[:, :-2], net_w[which] * dt_s)
        end_c[which] = layer_mean_c(layer_c)
        top_c = mean_c.copy()
        top_c[which] = after_c[:, -2]
        mean_c[which] = after_c[:, -1]
    return _Stores(
        water_temp_c=end_c,
        layer_temp_c=layer_c,
        dumped_w=dumped_w,
        boiler_w=boiler_w,
        drawn_w=loads.drawn_w + loads.drawn_w_per_k * (top_c - fleet.set_temp_c),
        loss_w=loads.loss_w
        + loads.loss_w_per_k * (mean_c - fleet.set_temp_c)
        + (boiler_w - added_w),
    )


def _load_w(fleet: Fleet, loads: Loads, water_temp_c: Floats) -> Floats:
    """What a mixed store at this temperature gives off [W]."""
    return loads.total_w + loads.total_w_per_k * (water_temp_c - fleet.set_temp_c)


def _intake_temp_c(fleet: Fleet, water_temp_c: Floats, layer_temp_c: Floats) -> Floats:
    """Water at the exchanger of the servers: the lowest layer where there are layers."""
    if not len(fleet.layers.site_index):
        return water_temp_c
    intake_c = water_temp_c.copy()
    intake_c[fleet.layers.site_index] = layer_temp_c[:, 0]
    return intake_c

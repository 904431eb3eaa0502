"""What takes heat from the stores under a forcing: linear in the water, so that steps are exact."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S
from simulation.plant.fleet import Fleet
from simulation.plant.forcing import Forcing
from simulation.plant.layers import LAYER_COUNT, LayerFlow, layer_flow
from simulation.plant.pool import pool_loss_w
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, gains_k_per_w

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Loads of mixed stores, each ``at set-point + slope x (T - T_set)``; arrays (n_sites,)."""

    drawn_w: Floats  #: At the set-point.
    drawn_w_per_k: Floats
    loss_w: Floats  #: At the set-point.
    loss_w_per_k: Floats
    total_w: Floats  #: Both together.
    total_w_per_k: Floats
    full_draw_w: Floats  #: What brings the draw of a preheat tank from mains to hot.
    demand_w: Floats  #: Of a thermostat store; a preheat tank's losses come on top.
    end_k_per_w: Floats  #: See `simulation.plant.tank.gains_k_per_w`.
    mean_k_per_w: Floats
    #: Heat with which a store that is one kelvin below its limit ends at it, if no boiler helps:
    #: by its water [W/K], and by the coolant that enters its servers.
    water_room_w_per_k: Floats
    inlet_room_w_per_k: Floats
    layer_flow: LayerFlow | None  #: None where no tank is stratified.
    #: As ``inlet_room_w_per_k``, by how many layers are mixed. Shape (n_stratified, n_layers).
    layer_room_w_per_k: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """Loads, and what they were worked out for."""

    fleet: Fleet
    dt_s: float
    loads: Loads


def loads_of(fleet: Fleet, forcing: Forcing, dt_s: float) -> Loads:
    """The loads under this forcing, and what they make of a step of this length.

    The last result is kept with the forcing: the steps of an hour share it, as do a run and its
    twin without servers.
    """
    known = forcing.prepared
    if isinstance(known, _Prepared) and known.fleet is fleet and known.dt_s == dt_s:
        return known.loads
    loads = _loads(fleet, forcing, dt_s)
    object.__setattr__(forcing, "prepared", _Prepared(fleet, dt_s, loads))
    return loads


def wanted_heat_w(fleet: Fleet, forcing: Forcing) -> Floats:
    """Heat that the sites ask of their boilers with no servers on [W].

    Arrays of the forcing may have the shape (n_sites,) or (n_hours, n_sites), and so has the
    result: what holds a store at its set-point, or brings a draw from mains to hot.
    """
    draw_w_per_k = forcing.draw_kg_per_s * WATER_HEAT_J_PER_KG_K
    full_draw_w = draw_w_per_k * (fleet.hot_water_temp_c - forcing.mains_temp_c)
    drawn_w, _ = _drawn(fleet, forcing, draw_w_per_k, full_draw_w)
    loss_w, _ = _losses(fleet, forcing)
    return np.where(fleet.is_preheat, full_draw_w, np.maximum(0.0, drawn_w + loss_w))


def _loads(fleet: Fleet, forcing: Forcing, dt_s: float) -> Loads:
    draw_w_per_k = forcing.draw_kg_per_s * WATER_HEAT_J_PER_KG_K
    full_draw_w = draw_w_per_k * (fleet.hot_water_temp_c - forcing.mains_temp_c)
    drawn_w, drawn_w_per_k = _drawn(fleet, forcing, draw_w_per_k, full_draw_w)
    loss_w, loss_w_per_k = _losses(fleet, forcing)
    total_w, total_w_per_k = drawn_w + loss_w, drawn_w_per_k + loss_w_per_k
    end, mean = gains_k_per_w(fleet.storage_j_per_k, total_w_per_k, dt_s)
    layers, flow = fleet.layers, None
    which = layers.site_index
    if len(which):
        flow = layer_flow(
            layers,
            draw_w_per_k=draw_w_per_k[which],
            cold_temp_c=forcing.mains_temp_c[which],
            room_temp_c=fleet.room_temp_c[which],
            dt_s=dt_s,
        )
    inlet_k_per_w = fleet.servers.inlet_k_per_w
    mixed_k_per_w = dt_s / (layers.storage_j_per_k[:, None] * np.arange(1, LAYER_COUNT + 1))
    return Loads(
        drawn_w=drawn_w,
        drawn_w_per_k=drawn_w_per_k,
        loss_w=loss_w,
        loss_w_per_k=loss_w_per_k,
        total_w=total_w,
        total_w_per_k=total_w_per_k,
        full_draw_w=full_draw_w,
        demand_w=np.where(fleet.is_preheat, full_draw_w, np.maximum(0.0, total_w)),
        end_k_per_w=end,
        mean_k_per_w=mean,
        water_room_w_per_k=1.0 / end,
        inlet_room_w_per_k=1.0 / (end + inlet_k_per_w),
        layer_flow=flow,
        layer_room_w_per_k=1.0 / (mixed_k_per_w + inlet_k_per_w[which][:, None]),
    )


def _drawn(
    fleet: Fleet, forcing: Forcing, draw_w_per_k: Floats, full_draw_w: Floats
) -> tuple[Floats, Floats]:
    """What users take at the set-point [W], and more of it for each kelvin [W/K].

    From a preheat tank, and as make-up of a basin, water leaves as warm as it is. From the tank
    of a loop it leaves through a mixing valve: the same heat, however warm the tank.
    """
    makeup_kg_per_s = forcing.bathers_per_h * fleet.pools.makeup_kg_per_bather / HOUR_S
    leaving_w_per_k = makeup_kg_per_s * WATER_HEAT_J_PER_KG_K + np.where(
        fleet.is_preheat, draw_w_per_k, 0.0
    )
    fixed_w = np.where(fleet.is_preheat, 0.0, full_draw_w)
    fixed_w = fixed_w + fleet.recirculation_w + forcing.heating_demand_w
    return (
        fixed_w + leaving_w_per_k * (fleet.set_temp_c - forcing.mains_temp_c),
        leaving_w_per_k,
    )


def _losses(fleet: Fleet, forcing: Forcing) -> tuple[Floats, Floats]:
    """Standing losses at the set-point [W], and more of them for each kelvin [W/K].

    Those of basins are nearly straight in the water's temperature; the chord between set-point
    and limit is exact at both, and 0.1 % off between them for a band of one kelvin.
    """
    loss_w = fleet.loss_w_per_k * (fleet.set_temp_c - fleet.room_temp_c)
    if not fleet.has_pools:
        return loss_w, fleet.loss_w_per_k
    at_set_w = pool_loss_w(fleet.pools, forcing, fleet.set_temp_c)
    at_limit_w = pool_loss_w(fleet.pools, forcing, fleet.limit_temp_c)
    chord_w_per_k = (at_limit_w - at_set_w) / (fleet.limit_temp_c - fleet.set_temp_c)
    return loss_w + at_set_w, fleet.loss_w_per_k + chord_w_per_k

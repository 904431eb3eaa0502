"""A fully mixed preheat tank, stepped by the exact solution of its heat balance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Specific heat of water: 1.163 Wh/(kg K), the factor that EN 1434 tables give within 0.5 %
#: between 10 and 60 degC; one litre is taken as one kilogram.
WATER_HEAT_J_PER_KG_K = 4186.8


@dataclass(frozen=True, slots=True, kw_only=True)
class TankStep:
    """What became of the tanks over one step. Every array has shape (n_sites,)."""

    end_temp_c: Floats
    mean_temp_c: Floats  #: Mean over the step, which is what draw and losses see.
    loss_w: Floats  #: Mean heat lost to the room.
    drawn_w: Floats  #: Mean heat that the draw carried out, above cold water.


def step_tank(
    *,
    start_temp_c: Floats,
    heat_w: Floats,
    draw_kg_per_s: Floats,
    cold_temp_c: Floats,
    room_temp_c: Floats,
    tank_kg: Floats,
    loss_w_per_k: Floats,
    dt_s: float,
) -> TankStep:
    """Advance mixed tanks whose inputs are constant over the step.

    Solves ``m c dT/dt = Q - f c (T - T_cold) - UA (T - T_room)`` exactly:
    ``T(t) = T_end + (T_0 - T_end) exp(-b t)`` with ``b = (f c + UA) / (m c)``, as the mixed water
    heater of EnergyPlus does (Engineering Reference, WaterHeater:Mixed). Losses and draw are
    taken at the exact mean of that curve, so the energy balance closes to rounding.

    Parameters
    ----------
    start_temp_c, heat_w, draw_kg_per_s, cold_temp_c, room_temp_c, tank_kg, loss_w_per_k
        Shape (n_sites,). ``loss_w_per_k`` is positive.
    dt_s
        Length of the step [s], positive.
    """
    storage_j_per_k = tank_kg * WATER_HEAT_J_PER_KG_K
    draw_w_per_k = draw_kg_per_s * WATER_HEAT_J_PER_KG_K
    pull_w_per_k = draw_w_per_k + loss_w_per_k
    settled_temp_c = (
        heat_w + draw_w_per_k * cold_temp_c + loss_w_per_k * room_temp_c
    ) / pull_w_per_k
    decay = pull_w_per_k * dt_s / storage_j_per_k
    gone_frac = -np.expm1(-decay)
    offset_k = start_temp_c - settled_temp_c
    mean_temp_c = settled_temp_c + offset_k * gone_frac / decay
    return TankStep(
        end_temp_c=start_temp_c - offset_k * gone_frac,
        mean_temp_c=mean_temp_c,
        loss_w=loss_w_per_k * (mean_temp_c - room_temp_c),
        drawn_w=draw_w_per_k * (mean_temp_c - cold_temp_c),
    )


def loss_w_per_k(tank_kg: Floats) -> Floats:
    """Heat lost for each kelvin above the room [W/K] by a tank of energy class C, shape (n_sites,).

    ``S = 16.66 + 8.33 V^0.4`` watts at 65 degC in a room of 20 degC, V in litres: upper edge of
    class C in Commission Delegated Regulation (EU) No 812/2013, annex II.
    """
    return (16.66 + 8.33 * tank_kg**0.4) / 45.0

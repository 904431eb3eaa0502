"""A fully mixed store of water, stepped by the exact solution of its heat balance."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Specific heat of water: 1.163 Wh/(kg K), the factor that EN 1434 tables give within 0.5 %
#: between 10 and 60 degC; one litre is taken as one kilogram.
WATER_HEAT_J_PER_KG_K = 4186.8


def gains_k_per_w(
    storage_j_per_k: Floats, load_w_per_k: Floats, dt_s: float
) -> tuple[Floats, Floats]:
    """How far each watt of surplus moves a mixed store over a step [K/W]: at its end, in the mean.

    The store obeys ``C dT/dt = Q - L(T)`` with ``L(T) = L_0 + k (T - T_0)``; all but ``T`` is
    constant over the step. Its exact solution, as in the mixed water heater of EnergyPlus
    (Engineering Reference, WaterHeater:Mixed), is ::

        T_end  = T_0 + (Q - L_0) g,   g = (1 - exp(-b)) / k,            b = k dt / C
        T_mean = T_0 + (Q - L_0) h,   h = (1 - (1 - exp(-b)) / b) / k

    Loads taken at ``T_mean`` close the balance to rounding for any ``dt_s``, since
    ``C (T_end - T_0) / dt = Q - L(T_mean)``. Both gains are positive: a store that gets more heat
    is never cooler; and part of it leaves again, so it is never warmer by more than ``dt / C``.

    Parameters
    ----------
    storage_j_per_k, load_w_per_k
        ``C`` and ``k``, both positive, shape (n_sites,).
    dt_s
        Length of the step [s], positive.
    """
    decay = load_w_per_k * dt_s / storage_j_per_k
    gone_frac = -np.expm1(-decay)
    return gone_frac / load_w_per_k, (1.0 - gone_frac / decay) / load_w_per_k


def loss_w_per_k(tank_kg: Floats) -> Floats:
    """Heat lost for each kelvin above the room [W/K] by a tank of energy class C, shape (n_sites,).

    ``S = 16.66 + 8.33 V^0.4`` watts at 65 degC in a room of 20 degC, V in litres: upper edge of
    class C in Commission Delegated Regulation (EU) No 812/2013, annex II.
    """
    return (16.66 + 8.33 * tank_kg**0.4) / 45.0

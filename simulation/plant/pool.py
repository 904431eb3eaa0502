"""Basins: what evaporation, air, sky and ground take from their water."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S
from simulation.plant.forcing import Forcing

Floats = NDArray[np.float64]

_ZERO_C_K = 273.15
#: Gas constant of water vapour [J/(kg K)].
_VAPOUR_J_PER_KG_K = 461.5
#: Stefan and Boltzmann [W/(m2 K4)]; emissivity of water.
_RADIATION_W_PER_M2_K4, _EMISSIVITY = 5.670e-8, 0.95
#: Mass transfer over still uncovered and over covered water [m/h]: VDI 2089 part 1, 2010.
STILL_M_PER_H, COVERED_M_PER_H = 7.0, 0.7
#: The same in use: public basins deeper than 1.35 m, and shallow ones; VDI 2089 part 1, 2010.
DEEP_M_PER_H, SHALLOW_M_PER_H = 28.0, 40.0
#: Wind at the water is this share of a station's in the open: ISO/TR 12596, sheltered site.
_WIND_AT_WATER_FRAC = 0.3
#: A cover at night leaves this much of an outdoor basin's evaporation (makers state 80 to 90 %
#: less), and, as floating foam, of its convection and radiation; the second is an assumption.
_COVERED_EVAPORATION_FRAC, _COVERED_DRY_FRAC = 0.15, 0.5
#: Sunshine that stays in a basin with light walls, 1.5 to 2 m deep: ISO/TR 12596.
_ABSORBED_FRAC = 0.85
#: Through walls and floor into the ground: 0.3 to 0.5 W/(m2 K) of surface, ground as at 15 degC.
_GROUND_W_PER_M2_K, _GROUND_TEMP_C = 0.4, 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The basins of each site; areas are zero where it has none. Arrays (n_sites,)."""

    indoor_area_m2: Floats
    outdoor_area_m2: Floats
    hall_temp_c: Floats
    hall_humidity_frac: Floats
    open_m_per_h: Floats  #: Mass transfer of indoor basins in use.
    closed_m_per_h: Floats  #: And outside opening hours.
    makeup_kg_per_bather: Floats  #: Fresh water for each bather.

    @classmethod
    def none(cls, n_sites: int) -> Self:
        """Sites without basins."""
        nothing = np.zeros(n_sites)
        return cls(
            indoor_area_m2=nothing,
            outdoor_area_m2=nothing,
            hall_temp_c=nothing,
            hall_humidity_frac=nothing,
            open_m_per_h=nothing,
            closed_m_per_h=nothing,
            makeup_kg_per_bather=nothing,
        )


def vapour_pressure_pa(temp_c: Floats) -> Floats:
    """Pressure of saturated vapour [Pa], any shape.

    ``p = 610.94 exp(17.625 T / (T + 243.04))``: Alduchov and Eskridge 1996,
    doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2.
    """
    return np.asarray(610.94 * np.exp(17.625 * temp_c / (temp_c + 243.04)), dtype=np.float64)


def pool_loss_w(pools: Pools, forcing: Forcing, water_temp_c: Floats) -> Floats:
    """Heat that basins lose [W], less what the sun brings; shape (n_sites,).

    It rises with the temperature of the water, everywhere. Make-up water is not in it: see
    `simulation.plant.loads`.
    """
    ground_w_per_k = _GROUND_W_PER_M2_K * (pools.indoor_area_m2 + pools.outdoor_area_m2)
    return (
        pools.indoor_area_m2 * indoor_w_per_m2(pools, forcing, water_temp_c)
        + pools.outdoor_area_m2 * outdoor_w_per_m2(forcing, water_temp_c)
        + ground_w_per_k * (water_temp_c - _GROUND_TEMP_C)
    )


def indoor_w_per_m2(pools: Pools, forcing: Forcing, water_temp_c: Floats) -> Floats:
    """Heat that evaporates from basins in a hall [W/m2], shape (n_sites,).

    ``m = beta / (R T_m) (p_w - p_a)``: VDI 2089 part 1, 2010, with the mass transfer ``beta`` of
    the basin in use or at rest and the mean ``T_m`` of water and air. The hall is kept a little
    warmer than the water, so convection and radiation about cancel and are left out.
    """
    transfer_m_per_s = np.where(forcing.is_open, pools.open_m_per_h, pools.closed_m_per_h) / HOUR_S
    mean_k = 0.5 * (water_temp_c + pools.hall_temp_c) + _ZERO_C_K
    vapour_pa = pools.hall_humidity_frac * vapour_pressure_pa(pools.hall_temp_c)
    missing_pa = vapour_pressure_pa(water_temp_c) - vapour_pa
    # Latent heat [J/kg]: linear fit of steam tables between 0 and 50 degC.
    latent_j_per_kg = 2.501e6 - 2361.0 * water_temp_c
    return np.asarray(
        transfer_m_per_s / (_VAPOUR_J_PER_KG_K * mean_k) * missing_pa * latent_j_per_kg,
        dtype=np.float64,
    )


def outdoor_w_per_m2(forcing: Forcing, water_temp_c: Floats) -> Floats:
    """Heat that basins in the open lose, less the sun's [W/m2], shape (n_sites,).

    ``q = (0.0506 + 0.0669 v)(p_w - p_a) + (3.1 + 4.1 v)(T_w - T_a) + e s (T_w^4 - T_sky^4)``:
    ISO/TR 12596, with the wind ``v`` at the water. Closed basins are covered.
    """
    wind = _WIND_AT_WATER_FRAC * forcing.wind_m_per_s
    vapour_pa = forcing.relative_humidity_frac * vapour_pressure_pa(forcing.outdoor_temp_c)
    wet = (0.0506 + 0.0669 * wind) * (vapour_pressure_pa(water_temp_c) - vapour_pa)
    dry = (3.1 + 4.1 * wind) * (water_temp_c - forcing.outdoor_temp_c)
    dry = dry + _EMISSIVITY * _RADIATION_W_PER_M2_K4 * (
        (water_temp_c + _ZERO_C_K) ** 4 - (forcing.sky_temp_c + _ZERO_C_K) ** 4
    )
    lost = np.where(
        forcing.is_open, wet + dry, _COVERED_EVAPORATION_FRAC * wet + _COVERED_DRY_FRAC * dry
    )
    return np.asarray(lost - _ABSORBED_FRAC * forcing.solar_w_per_m2, dtype=np.float64)

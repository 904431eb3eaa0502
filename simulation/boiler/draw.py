"""How much hot water a site draws, by month, weekday and hour, and how cold the mains are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import DAY_S, HOUR_S
from simulation.clock import YEAR_DAYS, calendar

Floats = NDArray[np.float64]

#: Mains water: annual mean 16 degC as in the campaign of ADEME and COSTIC 2016. The swing and
#: the coldest day are assumptions for a temperate climate.
MAINS_MEAN_C = 16.0
_MAINS_SWING_K, _MAINS_COLDEST_DAY = 2.0, 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawProfile:
    """The habits of each site's users; three factors that multiply."""

    daily_kg: Floats  #: Mean over a year, at the hot-water set-point. Shape (n_sites,).
    month: Floats  #: Shape (n_sites, 12), mean about 1.
    weekday: Floats  #: Monday first. Shape (n_sites, 7), mean about 1.
    hour: Floats  #: Share of the day's draw in each hour. Shape (n_sites, 7, 24), sums to 1.


def draw_kg_per_s(profile: DrawProfile, plant_time_s: float) -> Floats:
    """Hot water drawn now [kg/s], shape (n_sites,).

    ``f = V_day * month * weekday * hour / 3600``: the multiplicative form that ADEME and COSTIC
    2016 publish for dwellings. It is constant within an hour.
    """
    month, weekday, hour = calendar(plant_time_s)
    share = profile.month[:, month] * profile.weekday[:, weekday] * profile.hour[:, weekday, hour]
    return np.asarray(profile.daily_kg * share / HOUR_S, dtype=np.float64)


def mains_temp_c(plant_time_s: float) -> float:
    """Temperature of the cold water that replaces a draw [degC]: a yearly sine."""
    day = plant_time_s / DAY_S - _MAINS_COLDEST_DAY
    return float(MAINS_MEAN_C - _MAINS_SWING_K * np.cos(2 * np.pi * day / YEAR_DAYS))

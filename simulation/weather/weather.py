"""The weather of one zone over some hours."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What the sky does to the sites of a zone; every array is (n_hours,), means of an hour.

    Hour ``i`` begins at ``start_plant_s + 3600 i``. Plant time counts from midnight of a first of
    January, in solar time, in years of 365 days.
    """

    zone: str
    start_plant_s: float  #: A whole hour.
    outdoor_temp_c: Floats
    sky_temp_c: Floats  #: Of a black sky that radiates as the real one; below the air.
    relative_humidity_frac: Floats
    wind_m_per_s: Floats  #: At the station's 10 m, not at the water.
    solar_w_per_m2: Floats  #: Global, on the horizontal.
    mains_temp_c: Floats

    @property
    def n_hours(self) -> int:
        return len(self.outdoor_temp_c)

    def warmed(self, by_k: float, *, from_plant_s: float, to_plant_s: float) -> "Weather":
        """The same weather with air and sky warmer in the hours that begin within the span."""
        at_s = self.start_plant_s + HOUR_S * np.arange(self.n_hours)
        more_k = np.where((at_s >= from_plant_s) & (at_s < to_plant_s), by_k, 0.0)
        changes: dict[str, Any] = {
            "outdoor_temp_c": self.outdoor_temp_c + more_k,
            "sky_temp_c": self.sky_temp_c + more_k,
        }
        return replace(self, **changes)

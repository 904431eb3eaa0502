"""What acts on a district over many hours."""

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from simulation.plant.forcing import Forcing

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class HourlyForcing:
    """A `Forcing` for each hour. Every array has shape (n_hours, n_sites)."""

    start_plant_s: float
    outdoor_temp_c: Floats
    sky_temp_c: Floats
    relative_humidity_frac: Floats
    wind_m_per_s: Floats
    solar_w_per_m2: Floats
    mains_temp_c: Floats
    draw_kg_per_s: Floats
    bathers_per_h: Floats
    is_open: Flags
    heating_demand_w: Floats
    _latest: tuple[int, Forcing] | None = field(default=None, init=False, repr=False)

    @property
    def n_hours(self) -> int:
        """How many hours there are."""
        return len(self.outdoor_temp_c)

    def at(self, hour: int) -> Forcing:
        """The forcing of an hour, counted from the start; the same object while it is the same."""
        if self._latest is not None and self._latest[0] == hour:
            return self._latest[1]
        if not 0 <= hour < self.n_hours:
            raise IndexError(f"hour {hour} is not among the {self.n_hours} of this forcing")
        forcing = Forcing(**{name: getattr(self, name)[hour] for name in _FIELDS})
        self._latest = (hour, forcing)
        return forcing

    def every(self, step_hours: int) -> Forcing:
        """Every so many hours at once, arrays of shape (n_hours / step, n_sites).

        For `simulation.plant.loads.wanted_heat_w`, which takes such arrays; a step does not.
        """
        return Forcing(**{name: getattr(self, name)[::step_hours] for name in _FIELDS})


_FIELDS = tuple(item.name for item in fields(Forcing) if item.init)

"""What the world does to the sites: weather, mains water, and the people who use heat."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forcing:
    """Everything outside the plant that acts on it, constant over a step.

    Every array has shape (n_sites,).
    """

    outdoor_temp_c: Floats
    sky_temp_c: Floats  #: Of the radiation that comes down from the whole sky.
    relative_humidity_frac: Floats  #: Outdoors.
    wind_m_per_s: Floats  #: At a weather station, 10 m above ground.
    solar_w_per_m2: Floats  #: Global, on the horizontal.
    mains_temp_c: Floats
    draw_kg_per_s: Floats  #: Hot water, reckoned at the site's hot-water temperature.
    bathers_per_h: Floats
    is_open: Flags  #: To bathers; a closed basin is still, or covered.
    heating_demand_w: Floats  #: What a building asks of its buffer tank.
    #: What was last made of this forcing, see `simulation.plant.loads.loads_of`. Not a value: a
    #: copy with other weather begins without it.
    prepared: object = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def indoors(cls, *, mains_temp_c: Floats, draw_kg_per_s: Floats) -> "Forcing":
        """The forcing of sites that only draw hot water, shapes (n_sites,)."""
        nothing = np.zeros(len(draw_kg_per_s))
        return cls(
            outdoor_temp_c=nothing,
            sky_temp_c=nothing,
            relative_humidity_frac=nothing,
            wind_m_per_s=nothing,
            solar_w_per_m2=nothing,
            mains_temp_c=mains_temp_c,
            draw_kg_per_s=draw_kg_per_s,
            bathers_per_h=nothing,
            is_open=np.ones(len(nothing), dtype=np.bool_),
            heating_demand_w=nothing,
        )

"""What a person may say of the fleet of a scenario."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSetting:
    """How many sites of which kind, and how large their boilers and their water are."""

    indoor_pools: int = 12
    outdoor_pools: int = 3
    dwellings: int = 25
    buildings: int = 10
    storage_factor: float = 1.0  #: Of the water of tanks, and of the band of a pool, 1 K.
    power_factor_low: float = 1.2  #: Server power as a multiple of the mean heat wanted in a year,
    power_factor_high: float = 2.6  #: drawn uniformly between the two for each site.
    dump_share: float = 0.5  #: Sites that can throw heat away; dwellings never can.

    @property
    def n_sites(self) -> int:
        return self.indoor_pools + self.outdoor_pools + self.dwellings + self.buildings

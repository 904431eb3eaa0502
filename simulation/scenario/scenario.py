"""A scenario: a fleet, its weather and its jobs, and the seasons in which they are tried."""

from dataclasses import dataclass, field

from domain.units import DAY_S
from simulation.clock import YEAR_DAYS
from simulation.district.setting import FleetSetting
from simulation.scenario.fault import Fault
from simulation.weather.forecast_setting import ForecastSetting
from simulation.weather.zones import ZONES
from simulation.workload.setting import WorkloadSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A time of the year at which jobs begin to arrive."""

    name: str
    start_day_of_year: int  #: 1 is the first of January.


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything of a simulation but its seed and its policy.

    Readings alone come first, then days on which jobs arrive, then days on which what is left
    may run.
    """

    name: str
    title: str
    seasons: tuple[Season, ...]
    fleet: FleetSetting
    workload: WorkloadSetting
    forecast: ForecastSetting = field(default_factory=ForecastSetting)
    faults: tuple[Fault, ...] = ()
    zones: tuple[str, ...] = tuple(ZONES)
    warmup_days: int = 28
    arrival_days: int = 21
    drain_days: int = 6
    step_s: int = 600

    def start_plant_s(self, season: Season) -> float:
        """When readings begin; never before the plant's zero, for the year turns."""
        return self.arrivals_plant_s(season) - self.warmup_days * DAY_S

    def arrivals_plant_s(self, season: Season) -> float:
        """When jobs begin to arrive: midnight, on the season's day of the year."""
        day = season.start_day_of_year - 1
        while day < self.warmup_days:
            day += YEAR_DAYS
        return day * DAY_S

    def end_plant_s(self, season: Season) -> float:
        """When the simulation ends."""
        return self.arrivals_plant_s(season) + (self.arrival_days + self.drain_days) * DAY_S

    @property
    def n_hours(self) -> int:
        """From the first reading to the end."""
        return 24 * (self.warmup_days + self.arrival_days + self.drain_days)

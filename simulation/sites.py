"""The sites that stand in for real ones, and the plant that they make together.

Volumes and habits are small on purpose: with a boiler of 2 kW and a plant at 120 times real
time, a job of ten seconds warms the water by a kelvin or two, which a person can watch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulation.plant.draw import DAY_S, HOUR_S, DrawProfile
from simulation.plant.fleet import Fleet
from simulation.plant.server import Servers
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, loss_w_per_k


class Habit(StrEnum):
    """Who draws the water, which decides when."""

    DWELLINGS = "dwellings"
    SHOWERS = "showers"  #: Of a pool hall, open every day.
    SPORTS = "sports"  #: Of a gymnasium: afternoons, evenings, weekends.
    CANTEEN = "canteen"  #: Of a school, on weekdays.


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSite:
    """One site with one boiler, as a person describes it; plain values, JSON as it is."""

    name: str
    habit: Habit
    idle_power_w: float
    max_power_w: float
    standby_power_w: float
    tank_kg: float
    start_temp_c: float
    limit_temp_c: float
    room_temp_c: float
    hot_water_temp_c: float
    daily_draw_kg: float
    heat_meter_serial: str
    electricity_meter_serial: str
    storage_wh_per_k: float  #: Follows from the tank; written out for those who read the file.

    def problem(self) -> str | None:
        """One sentence on what cannot be in this description, or nothing."""
        numbers = [value for value in self._numbers() if not np.isfinite(value)]
        if numbers:
            return f"Site {self.name} has a number that is not finite; correct it."
        if not 0 < self.idle_power_w <= self.max_power_w:
            return f"Site {self.name} needs 0 < idle_power_w <= max_power_w; correct them."
        if self.tank_kg <= 0 or self.daily_draw_kg < 0:
            return f"Site {self.name} needs a positive tank_kg and a daily_draw_kg; correct them."
        if self.start_temp_c >= self.limit_temp_c:
            return f"Site {self.name} starts at or above its limit; lower start_temp_c."
        return None

    def _numbers(self) -> list[float]:
        values = [getattr(self, name) for name in self.__slots__]
        return [value for value in values if isinstance(value, float | int)]


#: A Tuesday in January, seven in the morning: everybody is about to draw hot water.
START_PLANT_TIME_S = 15 * DAY_S + 7 * HOUR_S

_MAX_POWER_W = 2000.0
_IDLE_FRAC = 0.20  # Idle share of recent servers: 15 to 30 %, arXiv:2411.07062.
_STANDBY_POWER_W = 10.0  # A management controller takes 5 to 15 W.
_LIMIT_TEMP_C = 50.0  # Highest coolant inlet of servers made for hot water.
_ROOM_TEMP_C = 20.0

#: name, habit, tank [kg], water at the start [degC], hot water [degC], draw [kg/day].
#: Draws at the set-point from the figures of COSTIC: 86 L a shower of a pool, 65 L of a sports
#: hall, 9 L a meal, 125 L at 40 degC a dwelling, which is 75 L at 55 degC.
_MODELS = (
    ("Pool Hall", Habit.SHOWERS, 500.0, 22.0, 60.0, 16 * 86.0),
    ("Gymnasium", Habit.SPORTS, 300.0, 31.0, 55.0, 16 * 65.0),
    ("School Canteen", Habit.CANTEEN, 250.0, 38.0, 60.0, 120 * 9.0),
    ("Residence", Habit.DWELLINGS, 400.0, 46.0, 55.0, 8 * 75.0),
)
_PLACES = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Juniper", "Linden", "Maple", "Rowan")


def default_sites(count: int) -> list[SimulatedSite]:
    """The first ``count`` of an endless row of sites; equal counts give equal sites."""
    return [_default_site(index) for index in range(count)]


def _default_site(index: int) -> SimulatedSite:
    turn, model = divmod(index, len(_MODELS))
    label, habit, tank_kg, start_temp_c, hot_water_temp_c, daily_draw_kg = _MODELS[model]
    round_trip, place = divmod(index, len(_PLACES))
    number = f" {round_trip + 1}" if round_trip else ""
    return SimulatedSite(
        name=f"{_PLACES[place]} {label}{number}",
        habit=habit,
        idle_power_w=_IDLE_FRAC * _MAX_POWER_W,
        max_power_w=_MAX_POWER_W,
        standby_power_w=_STANDBY_POWER_W,
        tank_kg=tank_kg,
        # Later turns of the row differ in where their water starts, never above 46 degC.
        start_temp_c=20.0 + (start_temp_c - 20.0 + 5.0 * turn) % 27.0,
        limit_temp_c=_LIMIT_TEMP_C,
        room_temp_c=_ROOM_TEMP_C,
        hot_water_temp_c=hot_water_temp_c,
        daily_draw_kg=daily_draw_kg,
        heat_meter_serial=f"SIM-{index + 1:06d}-H",
        electricity_meter_serial=f"SIM-{index + 1:06d}-E",
        storage_wh_per_k=tank_kg * WATER_HEAT_J_PER_KG_K / 3600.0,
    )


#: Dwellings: ADEME and COSTIC, needs of domestic hot water in collective housing, 2016.
_DWELLING_MONTHS = (1.07, 1.06, 1.07, 1.01, 1.01, 0.97, 0.86, 0.78, 0.96, 1.03, 1.08, 1.10)
_DWELLING_DAYS = (0.96, 0.94, 0.98, 0.96, 0.97, 0.98, 1.21)
# fmt: off
_DWELLING_WEEKDAY = (
    17, 9, 5, 4, 7, 14, 28, 39, 43, 50, 52, 57, 70, 64, 45, 40, 47, 59, 69, 77, 76, 57, 41, 30,
)
_DWELLING_SATURDAY = (
    18, 10, 6, 5, 5, 8, 13, 26, 41, 59, 64, 71, 75, 75, 66, 50, 49, 55, 62, 64, 62, 49, 39, 28,
)
_DWELLING_SUNDAY = (
    15, 10, 6, 4, 4, 6, 8, 13, 26, 45, 60, 71, 76, 74, 60, 53, 50, 60, 76, 82, 78, 57, 40, 26,
)
# The three below are assumptions from opening hours, in the same parts of a day.
_SHOWER_HOURS = (
    0, 0, 0, 0, 0, 1, 3, 8, 8, 6, 6, 7, 10, 7, 6, 6, 8, 12, 14, 12, 8, 2, 0, 0,
)
_SPORTS_HOURS = (
    0, 0, 0, 0, 0, 0, 1, 2, 4, 6, 7, 7, 4, 3, 5, 6, 8, 12, 14, 14, 12, 8, 2, 0,
)
_CANTEEN_HOURS = (
    0, 0, 0, 0, 0, 0, 2, 6, 8, 8, 10, 14, 20, 22, 16, 6, 2, 0, 0, 0, 0, 0, 0, 0,
)
# fmt: on
_EVEN_MONTHS = (1.0,) * 12
#: A school's kitchen has no work in July and August.
_SCHOOL_MONTHS = (1.2, 1.0, 1.2, 1.0, 1.2, 1.2, 0.0, 0.0, 1.4, 1.2, 1.3, 1.1)

#: Months, weekdays, and the hours of a weekday, a Saturday and a Sunday.
_SHAPES = {
    Habit.DWELLINGS: (
        _DWELLING_MONTHS,
        _DWELLING_DAYS,
        (_DWELLING_WEEKDAY, _DWELLING_SATURDAY, _DWELLING_SUNDAY),
    ),
    Habit.SHOWERS: (_EVEN_MONTHS, (0.8, 0.9, 1.1, 0.9, 1.0, 1.3, 1.0), (_SHOWER_HOURS,) * 3),
    Habit.SPORTS: (_EVEN_MONTHS, (0.9, 1.0, 1.1, 1.0, 1.0, 1.2, 0.8), (_SPORTS_HOURS,) * 3),
    Habit.CANTEEN: (_SCHOOL_MONTHS, (1.5, 1.5, 1.0, 1.5, 1.5, 0.0, 0.0), (_CANTEEN_HOURS,) * 3),
}


def fleet_of(sites: Sequence[SimulatedSite]) -> Fleet:
    """The plant that these sites make together, in their order."""
    tank_kg = np.array([site.tank_kg for site in sites])
    limit_c = np.array([site.limit_temp_c for site in sites])
    return Fleet(
        servers=Servers(
            idle_power_w=np.array([site.idle_power_w for site in sites]),
            max_power_w=np.array([site.max_power_w for site in sites]),
            standby_power_w=np.array([site.standby_power_w for site in sites]),
            inlet_limit_c=limit_c,
        ),
        draws=_draws_of(sites),
        tank_kg=tank_kg,
        tank_loss_w_per_k=loss_w_per_k(tank_kg),
        tank_limit_c=limit_c,
        room_temp_c=np.array([site.room_temp_c for site in sites]),
        hot_water_temp_c=np.array([site.hot_water_temp_c for site in sites]),
    )


def _draws_of(sites: Sequence[SimulatedSite]) -> DrawProfile:
    shapes = [_SHAPES[site.habit] for site in sites]
    hour = np.array([[hours[max(0, day - 4)] for day in range(7)] for _, _, hours in shapes])
    return DrawProfile(
        daily_kg=np.array([site.daily_draw_kg for site in sites]),
        month=np.array([months for months, _, _ in shapes]),
        weekday=np.array([days for _, days, _ in shapes]),
        hour=hour / hour.sum(axis=2, keepdims=True),
    )

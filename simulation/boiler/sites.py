"""The sites that stand in for real ones, and the plant that they make together.

Volumes and habits are small on purpose: with a boiler of 2 kW and a plant at 120 times real
time, a job of ten seconds warms the water by a kelvin or two, which a person can watch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.units import DAY_S, HOUR_S, J_PER_WH
from simulation.boiler.always_on import Boilers
from simulation.boiler.draw import MAINS_MEAN_C, DrawProfile
from simulation.habits import SHAPES, Habit
from simulation.plant.fleet import NEVER_C, Fleet
from simulation.plant.layers import Layers
from simulation.plant.pool import Pools
from simulation.plant.server import Servers
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, loss_w_per_k


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
        storage_wh_per_k=tank_kg * WATER_HEAT_J_PER_KG_K / J_PER_WH,
    )


def fleet_of(sites: Sequence[SimulatedSite]) -> Boilers:
    """The plant that these sites make together, in their order: mixed preheat tanks."""
    n_sites = len(sites)
    tank_kg = np.array([site.tank_kg for site in sites])
    limit_c = np.array([site.limit_temp_c for site in sites])
    nothing = np.zeros(n_sites)
    fleet = Fleet(
        servers=Servers(
            idle_power_w=np.array([site.idle_power_w for site in sites]),
            max_power_w=np.array([site.max_power_w for site in sites]),
            standby_power_w=np.array([site.standby_power_w for site in sites]),
            inlet_limit_c=limit_c,
        ),
        storage_j_per_k=tank_kg * WATER_HEAT_J_PER_KG_K,
        loss_w_per_k=loss_w_per_k(tank_kg),
        room_temp_c=np.array([site.room_temp_c for site in sites]),
        set_temp_c=np.full(n_sites, MAINS_MEAN_C),
        limit_temp_c=limit_c,
        is_preheat=np.ones(n_sites, dtype=np.bool_),
        hot_water_temp_c=np.array([site.hot_water_temp_c for site in sites]),
        recirculation_w=nothing,
        pools=Pools.none(n_sites),
        layers=Layers.none(),
        relief_temp_c=np.full(n_sites, NEVER_C),
        dump_temp_c=np.full(n_sites, NEVER_C),
        cooler_capacity_w=nothing,
        heat_meter_bias_frac=nothing,
    )
    return Boilers(fleet=fleet, draws=_draws_of(sites))


def _draws_of(sites: Sequence[SimulatedSite]) -> DrawProfile:
    shapes = [SHAPES[site.habit] for site in sites]
    hour = np.array([[hours[max(0, day - 4)] for day in range(7)] for _, _, hours in shapes])
    return DrawProfile(
        daily_kg=np.array([site.daily_draw_kg for site in sites]),
        month=np.array([months for months, _, _ in shapes]),
        weekday=np.array([days for _, days, _ in shapes]),
        hour=hour / hour.sum(axis=2, keepdims=True),
    )

"""What people and weather ask of a district, hour by hour."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.units import DAY_S, HOUR_S
from simulation.clock import calendar
from simulation.district.hourly_forcing import HourlyForcing
from simulation.district.site import Basin, Building, District, DrawnSite, Residents
from simulation.habits import SHAPES, Habit

if TYPE_CHECKING:
    from simulation.weather.weather import Weather

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.intp]

#: A person at home: 56 L a day at 40 degC (ADEME and COSTIC 2016, 15 500 meters).
PERSON_KG_PER_DAY, _TAP_TEMP_C = 56.0, 40.0
#: Spread of an hour's draw of one dwelling, of its mean; of ``n`` it is ``sqrt(n)`` smaller. An
#: assumption: a dwelling draws in a few minutes of an hour, or not at all.
_DWELLING_HOUR_SD = 2.0
#: The same of a pool's bathers in an hour; an assumption.
_BATHERS_SD = 0.2
#: More people swim in the open in summer; an assumption, mean 1.
_OPEN_AIR_MONTHS = (0.5, 0.5, 0.6, 0.8, 1.1, 1.5, 1.8, 1.8, 1.2, 0.9, 0.7, 0.6)
#: A building is warm inside by sun, people and lamps above this temperature of the air; it follows
#: the air with this time constant; and at night and on weekends it is kept cooler.
_HEATING_LIMIT_C, _BUILDING_TAU_H = 16.0, 24.0
_SETBACK_FRAC, _WORK_BEGINS_H, _WORK_ENDS_H, _WEEKEND = 0.55, 5, 18, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """The calendar of some hours; arrays (n_hours,), all from 0, Monday first."""

    month: Ints
    weekday: Ints
    hour: Ints

    @classmethod
    def of(cls, start_plant_s: float, n_hours: int) -> "_Hours":
        days = [calendar(start_plant_s + DAY_S * day) for day in range(n_hours // 24 + 2)]
        since_midnight = int(start_plant_s % DAY_S // HOUR_S) + np.arange(n_hours)
        day, hour = np.divmod(since_midnight, 24)
        months_weekdays = np.array([found[:2] for found in days], dtype=np.intp)[day]
        return cls(month=months_weekdays[:, 0], weekday=months_weekdays[:, 1], hour=hour)


def draw_forcing(
    district: District,
    weather: "Mapping[str, Weather]",
    rng: np.random.Generator,
    start_plant_s: float,
    n_hours: int,
) -> HourlyForcing:
    """What weather and people do to a district from this instant on, which is a whole hour.

    ``weather`` has every zone of the district and covers these hours. Draws and bathers scatter
    around their habits by gamma noise of mean 1; the same generator gives the same people.
    """

    def scatter(spread: float) -> Floats:
        shape = 1.0 / spread**2
        return rng.standard_gamma(shape, n_hours) / shape

    return _forcing(district.sites, weather, scatter, start_plant_s, n_hours)


def habitual_forcing(
    sites: Sequence[DrawnSite],
    weather: "Mapping[str, Weather]",
    start_plant_s: float,
    n_hours: int,
) -> HourlyForcing:
    """As `draw_forcing`, of people who never depart from their habits."""
    return _forcing(sites, weather, lambda _: np.ones(n_hours), start_plant_s, n_hours)


def _forcing(
    sites: Sequence[DrawnSite],
    weather: "Mapping[str, Weather]",
    scatter: Callable[[float], Floats],
    start_plant_s: float,
    n_hours: int,
) -> HourlyForcing:
    hours = _Hours.of(start_plant_s, n_hours)
    air = _Air(weather, sites, start_plant_s, n_hours)
    mains_c = air.of_sites("mains_temp_c")
    draw, bathers = np.zeros((n_hours, len(sites))), np.zeros((n_hours, len(sites)))
    heating_w, is_open = np.zeros((n_hours, len(sites))), np.ones(draw.shape, dtype=np.bool_)
    for i, site in enumerate(sites):
        if site.residents is not None:
            noise = scatter(_DWELLING_HOUR_SD / np.sqrt(site.residents.dwellings))
            draw[:, i] = noise * _draw_kg_per_s(
                site.residents, hours, mains_c[:, i], site.hot_water_temp_c
            )
        if site.basin is not None:
            is_open[:, i] = _is_open(site.basin, hours)
            bathers[:, i] = scatter(_BATHERS_SD) * _bathers_per_h(site.basin, hours)
        if site.building is not None:
            heating_w[:, i] = _heating_w(site.building, hours, air.followed_c(site.zone))
    return HourlyForcing(
        start_plant_s=start_plant_s,
        outdoor_temp_c=air.of_sites("outdoor_temp_c"),
        sky_temp_c=air.of_sites("sky_temp_c"),
        relative_humidity_frac=air.of_sites("relative_humidity_frac"),
        wind_m_per_s=air.of_sites("wind_m_per_s"),
        solar_w_per_m2=air.of_sites("solar_w_per_m2"),
        mains_temp_c=mains_c,
        draw_kg_per_s=draw,
        bathers_per_h=bathers,
        is_open=is_open,
        heating_demand_w=heating_w,
    )


class _Air:
    """The weather of each site, from that of its zone."""

    def __init__(
        self,
        weather: "Mapping[str, Weather]",
        sites: Sequence[DrawnSite],
        start_plant_s: float,
        n_hours: int,
    ) -> None:
        self._zones = sorted({site.zone for site in sites})
        self._zone_index = np.array([self._zones.index(site.zone) for site in sites], dtype=np.intp)
        self._weather = weather
        self._first = {zone: _first_hour(weather[zone], start_plant_s) for zone in self._zones}
        self._n_hours = n_hours
        self._followed: dict[str, Floats] = {}

    def of_zone(self, name: str, zone: str) -> Floats:
        """A series of a zone, shape (n_hours,)."""
        first = self._first[zone]
        series: Floats = getattr(self._weather[zone], name)[first : first + self._n_hours]
        if len(series) < self._n_hours:
            raise ValueError(f"the weather of zone {zone} ends before the hours asked for")
        return series

    def of_sites(self, name: str) -> Floats:
        """A series of all sites, shape (n_hours, n_sites)."""
        columns = [self.of_zone(name, zone) for zone in self._zones]
        return np.ascontiguousarray(np.stack(columns, axis=1)[:, self._zone_index])

    def followed_c(self, zone: str) -> Floats:
        """The air as a building feels it: a first-order lag, as of one mass behind one wall."""
        if zone not in self._followed:
            air_c = self.of_zone("outdoor_temp_c", zone)
            share = -np.expm1(-1.0 / _BUILDING_TAU_H)
            felt_c, followed = float(air_c[:24].mean()), np.empty(len(air_c))
            for hour, now_c in enumerate(air_c.tolist()):
                felt_c += share * (now_c - felt_c)
                followed[hour] = felt_c
            self._followed[zone] = followed
        return self._followed[zone]


def _first_hour(weather: "Weather", start_plant_s: float) -> int:
    first = (start_plant_s - weather.start_plant_s) / HOUR_S
    if first < 0 or first != int(first):
        raise ValueError(f"the weather of zone {weather.zone} has no hour that begins here")
    return int(first)


def _draw_kg_per_s(
    residents: Residents, hours: _Hours, mains_temp_c: Floats, hot_temp_c: float
) -> Floats:
    """Hot water that mixes with mains water to what people want at their taps, (n_hours,).

    ``f = V_40 (40 - T_mains) / (T_hot - T_mains)``, of which month, weekday and hour have their
    shares as published for dwellings.
    """
    shares = _shares(Habit.DWELLINGS, hours)
    tapped = residents.persons * PERSON_KG_PER_DAY * shares / HOUR_S
    return tapped * (_TAP_TEMP_C - mains_temp_c) / (hot_temp_c - mains_temp_c)


def _shares(habit: Habit, hours: _Hours) -> Floats:
    """Of a mean day's use, what falls in each hour, (n_hours,)."""
    months, weekdays, by_day = SHAPES[habit]
    day = np.array([by_day[max(0, number - 4)] for number in range(7)], dtype=np.float64)
    day /= day.sum(axis=1, keepdims=True)
    month, weekday = np.array(months), np.array(weekdays)
    return np.asarray(
        month[hours.month] * weekday[hours.weekday] * day[hours.weekday, hours.hour],
        dtype=np.float64,
    )


def _is_open(basin: Basin, hours: _Hours) -> Flags:
    return (hours.hour >= basin.opens_at_h) & (hours.hour < basin.closes_at_h)


def _bathers_per_h(basin: Basin, hours: _Hours) -> Floats:
    """People who come while the pool is open, (n_hours,)."""
    _, weekdays, (day, _, _) = SHAPES[Habit.SHOWERS]
    shares = np.array(day, dtype=np.float64)
    shares[: basin.opens_at_h] = shares[basin.closes_at_h :] = 0.0
    shares /= shares.sum()
    come = basin.bathers_per_day * np.array(weekdays)[hours.weekday] * shares[hours.hour]
    if basin.outdoor_area_m2 > basin.indoor_area_m2:
        come = come * np.array(_OPEN_AIR_MONTHS)[hours.month]
    return np.asarray(come, dtype=np.float64)


def _heating_w(building: Building, hours: _Hours, followed_c: Floats) -> Floats:
    """Heat that a building wants, (n_hours,): ``H max(0, T_lim - T) s + base``."""
    is_work = (
        (hours.weekday < _WEEKEND) & (hours.hour >= _WORK_BEGINS_H) & (hours.hour < _WORK_ENDS_H)
    )
    missing_k = np.maximum(0.0, _HEATING_LIMIT_C - followed_c)
    warmth = np.where(is_work, 1.0, _SETBACK_FRAC)
    return building.loss_w_per_k * missing_k * warmth + building.base_w

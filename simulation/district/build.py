"""Builds a district: its sites, and servers in proportion to the heat they want."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulation.district.assembly import fleet_of_district
from simulation.district.drawing import draw_site
from simulation.district.setting import FleetSetting
from simulation.district.site import District, DrawnSite, SiteKind
from simulation.district.use import habitual_forcing
from simulation.plant.loads import wanted_heat_w
from simulation.plant.meter import draw_bias_frac
from simulation.plant.server import RACK_SERVER
from simulation.weather.drawing import draw_weather
from simulation.weather.weather import Weather
from simulation.weather.year import YEAR_HOURS
from simulation.weather.zones import ZONES

Floats = NDArray[np.float64]
Generator = np.random.Generator

#: Racks are not built smaller than this.
FEWEST_SERVERS = 4
#: Dwellings have these stores in turn.
_DWELLING_KINDS = (
    SiteKind.HOT_WATER_LOOP,
    SiteKind.STRATIFIED_TANK,
    SiteKind.PREHEAT_TANK,
    SiteKind.HOT_WATER_LOOP,
    SiteKind.STRATIFIED_TANK,
)
#: Heat meters see these differences: of a pool's loop and of a tank's.
_POOL_DIFFERENCE_K, _TANK_DIFFERENCE_K = 5.0, 10.0
#: Sizing looks at every seventh hour of a year, which meets each hour of the day and of the week.
_SIZING_STEP_HOURS = 7
_SIZING_SEED = 20_240_101


def build_district(
    setting: FleetSetting, rng: Generator, zones: Sequence[str] = tuple(ZONES)
) -> District:
    """A district of this setting, whose sites lie in these zones in turn.

    The servers of a site have a multiple of the heat that it wants in the mean of a typical year,
    in whole servers and at least `FEWEST_SERVERS`. Every site has a generator of its own, so that
    one more of the last kind changes none of the others.
    """
    kinds = _kinds(setting)
    rngs = rng.spawn(len(kinds))
    sites = [
        replace(draw_site(kind, site_rng, zones[i % len(zones)], setting.storage_factor), name=name)
        for i, ((kind, name), site_rng) in enumerate(zip(kinds, rngs, strict=True))
    ]
    weather = {zone: _typical_weather(zone) for zone in sorted({site.zone for site in sites})}
    demand_w = mean_demand_w(sites, weather)
    sized = tuple(
        _with_servers(site, float(wanted_w), setting, site_rng)
        for site, wanted_w, site_rng in zip(sites, demand_w, rngs, strict=True)
    )
    return District(sites=sized, fleet=fleet_of_district(sized), zones=tuple(weather))


def mean_demand_w(sites: Sequence[DrawnSite], weather: Mapping[str, Weather]) -> Floats:
    """Heat that the sites want in the mean of the year from the plant's zero [W], (n_sites,)."""
    year = habitual_forcing(sites, weather, 0.0, YEAR_HOURS)
    return np.asarray(
        wanted_heat_w(fleet_of_district(sites), year.every(_SIZING_STEP_HOURS)).mean(axis=0)
    )


def _kinds(setting: FleetSetting) -> list[tuple[SiteKind, str]]:
    """Kind and name of every site."""
    turn = len(_DWELLING_KINDS)
    dwellings = [_DWELLING_KINDS[i % turn] for i in range(setting.dwellings)]
    parts = [
        ("Pool", [SiteKind.INDOOR_POOL] * setting.indoor_pools),
        ("Open-air pool", [SiteKind.OUTDOOR_POOL] * setting.outdoor_pools),
        ("Building", [SiteKind.BUILDING] * setting.buildings),
        ("Residence", dwellings),
    ]
    return [
        (kind, f"{label} {number}")
        for label, kinds in parts
        for number, kind in enumerate(kinds, start=1)
    ]


@cache
def _typical_weather(zone: str) -> Weather:
    """A year that sizes every district of the zone: one draw, always the same."""
    rng = np.random.default_rng(_SIZING_SEED)
    return draw_weather(zone, rng, start_plant_s=0.0, n_hours=YEAR_HOURS)


def _with_servers(
    site: DrawnSite, wanted_w: float, setting: FleetSetting, rng: Generator
) -> DrawnSite:
    factor = rng.uniform(setting.power_factor_low, setting.power_factor_high)
    n_servers = max(FEWEST_SERVERS, round(factor * wanted_w / RACK_SERVER.max_power_w))
    has_cooler = bool(rng.random() < setting.dump_share) and site.residents is None
    difference_k = _TANK_DIFFERENCE_K if site.basin is None else _POOL_DIFFERENCE_K
    bias_frac = float(draw_bias_frac(rng, np.array([difference_k]))[0])
    return replace(
        site,
        n_servers=n_servers,
        has_dump_cooler=has_cooler,
        mean_demand_w=wanted_w,
        heat_meter_bias_frac=bias_frac,
    )

"""Draws sites of each kind: their water, their people, not yet their servers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from domain.units import J_PER_WH
from simulation.district.site import Basin, Building, DrawnSite, Residents, SiteKind
from simulation.district.use import PERSON_KG_PER_DAY
from simulation.plant.pool import COVERED_M_PER_H, DEEP_M_PER_H, SHALLOW_M_PER_H, STILL_M_PER_H
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, loss_w_per_k
from simulation.weather.zones import ZONES

Generator = np.random.Generator

#: Heat that a kilogram of water takes up for each kelvin [Wh].
_KG_WH_PER_K = WATER_HEAT_J_PER_KG_K / J_PER_WH
#: Pool water may be warmed by this much above its set-point, for a storage factor of 1.
_POOL_BAND_K = 1.0
#: Hot water is kept at 55 degC in tank and loop (arrete of 30 November 2005), and servers made for
#: it give 60 degC; a preheat tank may be as hot as their inlet; a heating circuit has 45 degC.
_LOOP_SET_C, _LOOP_LIMIT_C = 55.0, 60.0
_PREHEAT_LIMIT_C, _PREHEAT_START_C, _HOT_WATER_C = 50.0, 30.0, 55.0
_BUFFER_SET_C, _BUFFER_LIMIT_C = 45.0, 55.0
#: Persons in a standard dwelling, 125 L a day at 40 degC, and the spread of a dwelling's use.
_PERSONS_PER_DWELLING, _DWELLING_SD = 125.0 / PERSON_KG_PER_DAY, 1.4
#: Mean hot water of a person at the usual 13 degC of mains water, 56 L from 13 to 40 degC [W].
_PERSON_W = PERSON_KG_PER_DAY * (40.0 - 13.0) * _KG_WH_PER_K / 24.0
#: Loops lose 30 to 50 % of what is drawn.
_LOOP_LOSS_LOW_FRAC, _LOOP_LOSS_HIGH_FRAC = 0.30, 0.50
#: A building's hot water and other steady needs, as kelvins of its losses: it then wants 6 to 7
#: times more in January than in July, as the standard load profile of public offices does (BDEW).
_BASE_K = 1.4
#: One pool in four is for learners: shallow, small and warm.
_LEARNERS_FRAC = 0.25
#: Indoor pools that are covered at night.
_COVERED_FRAC = 0.3
_BATHERS_PER_M2, _OPEN_AIR_BATHERS_PER_M2 = 1.28, 0.8


class DrawSite(Protocol):
    """How a site of some kind is drawn."""

    def __call__(self, rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
        """A site of this zone, without a name and with one server."""


def indoor_pool(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """A basin of 25 m in a hall, or a learners' pool."""
    is_for_learners = rng.random() < _LEARNERS_FRAC
    area_m2 = rng.uniform(120.0, 250.0) if is_for_learners else rng.uniform(250.0, 450.0)
    depth_m = rng.uniform(0.9, 1.2) if is_for_learners else rng.uniform(1.5, 2.0)
    basin = Basin(
        indoor_area_m2=area_m2,
        outdoor_area_m2=0.0,
        open_m_per_h=SHALLOW_M_PER_H if is_for_learners else DEEP_M_PER_H,
        closed_m_per_h=COVERED_M_PER_H if rng.random() < _COVERED_FRAC else STILL_M_PER_H,
        opens_at_h=int(rng.integers(7, 10)),
        closes_at_h=int(rng.integers(20, 23)),
        bathers_per_day=area_m2 * _BATHERS_PER_M2 * rng.uniform(0.7, 1.3),
    )
    set_temp_c = rng.uniform(29.0, 31.0) if is_for_learners else rng.uniform(27.0, 28.5)
    return _pool(
        SiteKind.INDOOR_POOL,
        zone,
        basin,
        volume_m3=area_m2 * depth_m,
        set_temp_c=set_temp_c,
        storage_factor=storage_factor,
    )


def outdoor_pool(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """A basin of 25 m in the open, warm all year, covered while it is closed."""
    area_m2 = rng.uniform(250.0, 420.0)
    basin = Basin(
        indoor_area_m2=0.0,
        outdoor_area_m2=area_m2,
        open_m_per_h=0.0,
        closed_m_per_h=0.0,
        opens_at_h=int(rng.integers(7, 11)),
        closes_at_h=int(rng.integers(19, 22)),
        bathers_per_day=area_m2 * _OPEN_AIR_BATHERS_PER_M2 * rng.uniform(0.7, 1.3),
    )
    volume_m3 = area_m2 * rng.uniform(1.6, 2.0)
    set_temp_c = rng.uniform(26.5, 28.0)
    return _pool(
        SiteKind.OUTDOOR_POOL,
        zone,
        basin,
        volume_m3=volume_m3,
        set_temp_c=set_temp_c,
        storage_factor=storage_factor,
    )


def _pool(
    kind: SiteKind,
    zone: str,
    basin: Basin,
    *,
    volume_m3: float,
    set_temp_c: float,
    storage_factor: float,
) -> DrawnSite:
    return DrawnSite(
        name="",
        kind=kind,
        zone=zone,
        n_servers=1,
        storage_wh_per_k=1000.0 * volume_m3 * _KG_WH_PER_K,
        # Walls and floor lose to the ground and not to a room: see `simulation.plant.pool`.
        tank_loss_w_per_k=0.0,
        set_temp_c=set_temp_c,
        limit_temp_c=set_temp_c + _POOL_BAND_K * storage_factor,
        hot_water_temp_c=set_temp_c,
        start_temp_c=set_temp_c,
        has_dump_cooler=False,
        basin=basin,
    )


def hot_water_loop(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """Dwellings whose tank is kept hot for a loop that never stops."""
    dwellings, persons, tank_kg = _residence(rng, storage_factor)
    loss_frac = rng.uniform(_LOOP_LOSS_LOW_FRAC, _LOOP_LOSS_HIGH_FRAC)
    return DrawnSite(
        name="",
        kind=SiteKind.HOT_WATER_LOOP,
        zone=zone,
        n_servers=1,
        storage_wh_per_k=tank_kg * _KG_WH_PER_K,
        tank_loss_w_per_k=_tank_loss_w_per_k(tank_kg),
        set_temp_c=_LOOP_SET_C,
        limit_temp_c=_LOOP_LIMIT_C,
        hot_water_temp_c=_LOOP_SET_C,
        start_temp_c=_LOOP_SET_C,
        has_dump_cooler=False,
        residents=Residents(
            dwellings=dwellings,
            persons=persons,
            recirculation_w=loss_frac * persons * _PERSON_W,
        ),
    )


def preheat_tank(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """Dwellings whose mains water is warmed in a mixed tank before it reaches the boiler."""
    return _preheat(rng, SiteKind.PREHEAT_TANK, zone, storage_factor)


def stratified_tank(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """The same with a tank in layers."""
    return _preheat(rng, SiteKind.STRATIFIED_TANK, zone, storage_factor)


def _preheat(rng: Generator, kind: SiteKind, zone: str, storage_factor: float) -> DrawnSite:
    dwellings, persons, tank_kg = _residence(rng, storage_factor)
    return DrawnSite(
        name="",
        kind=kind,
        zone=zone,
        n_servers=1,
        storage_wh_per_k=tank_kg * _KG_WH_PER_K,
        tank_loss_w_per_k=_tank_loss_w_per_k(tank_kg),
        set_temp_c=ZONES[zone].mains_mean_c,
        limit_temp_c=_PREHEAT_LIMIT_C,
        hot_water_temp_c=_HOT_WATER_C,
        start_temp_c=_PREHEAT_START_C,
        has_dump_cooler=False,
        residents=Residents(dwellings=dwellings, persons=persons, recirculation_w=0.0),
    )


def _residence(rng: Generator, storage_factor: float) -> tuple[int, float, float]:
    """Dwellings of a house, its persons by what they draw, and its tank [kg]."""
    dwellings = int(rng.integers(40, 151))
    # The use of one dwelling scatters widely, that of a house by the root of their number less.
    shape = dwellings / _DWELLING_SD**2
    persons = dwellings * _PERSONS_PER_DWELLING * rng.standard_gamma(shape) / shape
    return dwellings, float(persons), dwellings * rng.uniform(18.0, 25.0) * storage_factor


def public_building(rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """A school, a gymnasium or offices with a buffer tank in their heating circuit."""
    area_m2 = rng.uniform(1500.0, 4000.0)
    loss_w_per_k = area_m2 * rng.uniform(1.5, 2.5)
    tank_kg = area_m2 * rng.uniform(0.8, 1.2) * storage_factor
    return DrawnSite(
        name="",
        kind=SiteKind.BUILDING,
        zone=zone,
        n_servers=1,
        storage_wh_per_k=tank_kg * _KG_WH_PER_K,
        tank_loss_w_per_k=_tank_loss_w_per_k(tank_kg),
        set_temp_c=_BUFFER_SET_C,
        limit_temp_c=_BUFFER_LIMIT_C,
        hot_water_temp_c=_BUFFER_SET_C,
        start_temp_c=_BUFFER_SET_C,
        has_dump_cooler=False,
        building=Building(loss_w_per_k=loss_w_per_k, base_w=_BASE_K * loss_w_per_k),
    )


def _tank_loss_w_per_k(tank_kg: float) -> float:
    return float(loss_w_per_k(np.array([tank_kg]))[0])


_DRAWS: Mapping[SiteKind, DrawSite] = MappingProxyType(
    {
        SiteKind.INDOOR_POOL: indoor_pool,
        SiteKind.OUTDOOR_POOL: outdoor_pool,
        SiteKind.HOT_WATER_LOOP: hot_water_loop,
        SiteKind.PREHEAT_TANK: preheat_tank,
        SiteKind.STRATIFIED_TANK: stratified_tank,
        SiteKind.BUILDING: public_building,
    }
)


def draw_site(kind: SiteKind, rng: Generator, zone: str, storage_factor: float) -> DrawnSite:
    """A site of this kind."""
    return _DRAWS[kind](rng, zone, storage_factor)

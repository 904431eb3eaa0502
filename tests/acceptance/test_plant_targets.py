"""The plant against what is known of real sites; each target names where it comes from."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.district.assembly import fleet_of_district
from simulation.district.build import build_district, mean_demand_w
from simulation.district.hourly_forcing import HourlyForcing
from simulation.district.setting import FleetSetting
from simulation.district.site import (
    Basin,
    Building,
    District,
    DrawnSite,
    Residents,
    SiteKind,
)
from simulation.district.use import draw_forcing, habitual_forcing
from simulation.plant.fleet import Fleet, start
from simulation.plant.pool import DEEP_M_PER_H, STILL_M_PER_H
from simulation.plant.stepping import allowed_power_w, step
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, loss_w_per_k
from simulation.weather.drawing import draw_weather
from simulation.weather.weather import Weather

Floats = NDArray[np.float64]

YEAR_H, DAY_H = 8760, 24
WH_PER_KG_K = WATER_HEAT_J_PER_KG_K / 3600.0
PERSONS = 180.0


@cache
def _year(zone: str) -> Weather:
    return draw_weather(zone, np.random.default_rng(1), start_plant_s=0.0, n_hours=YEAR_H)


PARIS = {"H1a": _year("H1a")}
SPORTS_POOL = DrawnSite(
    name="A basin of 25 m in a hall",
    kind=SiteKind.INDOOR_POOL,
    zone="H1a",
    n_servers=4,
    storage_wh_per_k=550_000.0 * WH_PER_KG_K,
    tank_loss_w_per_k=0.0,
    set_temp_c=28.0,
    limit_temp_c=29.0,
    hot_water_temp_c=28.0,
    start_temp_c=28.0,
    has_dump_cooler=False,
    basin=Basin(
        indoor_area_m2=25.0 * 12.5,
        outdoor_area_m2=0.0,
        open_m_per_h=DEEP_M_PER_H,
        closed_m_per_h=STILL_M_PER_H,
        opens_at_h=8,
        closes_at_h=20,
        bathers_per_day=400.0,
    ),
)
RESIDENCE = DrawnSite(
    name="Eighty dwellings",
    kind=SiteKind.HOT_WATER_LOOP,
    zone="H1a",
    n_servers=4,
    storage_wh_per_k=1800.0 * WH_PER_KG_K,
    tank_loss_w_per_k=float(loss_w_per_k(np.array([1800.0]))[0]),
    set_temp_c=55.0,
    limit_temp_c=60.0,
    hot_water_temp_c=55.0,
    start_temp_c=55.0,
    has_dump_cooler=False,
    # Half of what is drawn, 73 W a person: the upper end of what is known of loops.
    residents=Residents(dwellings=80, persons=PERSONS, recirculation_w=0.5 * 73.0 * PERSONS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Energies of a run and of its twin without servers [kWh], each (n_sites,)."""

    heat: Floats
    electricity: Floats
    backup: Floats
    twin_backup: Floats
    demand: Floats
    unaccounted: Floats  #: What is missing in the balance of the stores.

    @property
    def coverage_frac(self) -> Floats:
        return (self.twin_backup - self.backup) / self.demand


def _district_of(site: DrawnSite) -> District:
    return District(sites=(site,), fleet=fleet_of_district([site]), zones=(site.zone,))


def _run(district: District, forcing: HourlyForcing, load_frac: Floats, dt_s: float) -> Account:
    """Servers at this share of full power, (n_hours, n_sites), as far as firmware allows."""
    fleet, start_c = (
        district.fleet,
        np.array([site.start_temp_c for site in district.sites]),
    )
    run = twin = start(fleet, plant_time_s=forcing.start_plant_s, water_temp_c=start_c)
    nothing = np.zeros(fleet.n_sites)
    sums = np.zeros((6, fleet.n_sites))
    for hour in range(len(load_frac)):
        acting = forcing.at(hour)
        for _ in range(round(3600.0 / dt_s)):
            allowed_w = allowed_power_w(fleet, run, acting, dt_s)
            power_w = np.minimum(load_frac[hour] * fleet.servers.max_power_w, allowed_w)
            run, flows = step(fleet, run, power_w, acting, dt_s)
            twin, idle = step(fleet, twin, nothing, acting, dt_s)
            inside_w = np.where(fleet.is_preheat, 0.0, flows.backup_w)
            net_w = flows.heat_w + inside_w - flows.dumped_w - flows.tank_loss_w - flows.drawn_w
            sums += (
                np.array(
                    [
                        flows.heat_w,
                        flows.power_w,
                        flows.backup_w,
                        idle.backup_w,
                        flows.demand_w,
                        net_w,
                    ]
                )
                * dt_s
                / 3.6e6
            )
    stored = fleet.storage_j_per_k * (run.water_temp_c - start_c) / 3.6e6
    heat, electricity, backup, twin_backup, demand, net = sums
    return Account(
        heat=heat,
        electricity=electricity,
        backup=backup,
        twin_backup=twin_backup,
        demand=demand,
        unaccounted=net - stored,
    )


@cache
def _mixed_district() -> tuple[District, HourlyForcing]:
    """Every kind of site in April, when none is idle and none is short all day."""
    setting = FleetSetting(indoor_pools=2, outdoor_pools=1, dwellings=5, buildings=2)
    district = build_district(setting, np.random.default_rng(7))
    start_s = 100.0 * DAY_H * 3600.0
    weather = {zone: _year(zone) for zone in district.zones}
    return district, draw_forcing(district, weather, np.random.default_rng(8), start_s, 6 * DAY_H)


def _changing_load(fleet: Fleet, n_hours: int) -> Floats:
    """Full power, half, or off, for some hours each."""
    spells = np.random.default_rng(9).choice([0.0, 0.5, 1.0], (n_hours // 6 + 1, fleet.n_sites))
    return np.repeat(spells, 6, axis=0)[:n_hours]


def test_the_balance_of_a_fleet_closes_within_a_thousandth() -> None:
    district, forcing = _mixed_district()
    account = _run(district, forcing, _changing_load(district.fleet, forcing.n_hours), 600.0)

    assert (account.heat > 0).all()
    assert (abs(account.unaccounted) < 0.001 * account.heat).all()


def test_ten_minute_steps_agree_with_one_minute_steps_within_half_a_percent_of_heat() -> None:
    district, forcing = _mixed_district()
    load_frac = _changing_load(district.fleet, forcing.n_hours)
    short = _run(district, forcing, load_frac, 60.0)
    long = _run(district, forcing, load_frac, 600.0)
    saved_short = short.twin_backup - short.backup
    saved_long = long.twin_backup - long.backup

    assert long.heat == pytest.approx(short.heat, rel=0.005)
    assert saved_long == pytest.approx(saved_short, rel=0.005, abs=0.005 * float(short.heat.min()))


def test_an_indoor_pool_of_25_m_wants_as_much_heat_as_pools_do() -> None:
    """30 % of the 4000 kWh/m2 that whole centres use (P. Bayeux): 1000 to 1600 kWh/m2 a year."""
    mean_w = float(mean_demand_w([SPORTS_POOL], PARIS)[0])

    assert 1000.0 < mean_w * YEAR_H / 1000.0 / (25.0 * 12.5) < 1600.0


def test_a_nordic_pool_without_cover_or_sun_loses_what_the_standard_says_it_loses() -> None:
    """143 kW in the mean for 312 m2 near Paris (ISO/TR 12596, 27 degC): 459 W/m2."""
    basin = Basin(
        indoor_area_m2=0.0,
        outdoor_area_m2=312.0,
        open_m_per_h=0.0,
        closed_m_per_h=0.0,
        opens_at_h=0,
        closes_at_h=24,
        bathers_per_day=0.0,
    )
    pool = replace(
        SPORTS_POOL,
        kind=SiteKind.OUTDOOR_POOL,
        basin=basin,
        set_temp_c=27.0,
        limit_temp_c=28.0,
    )
    sunless = {"H1a": replace(PARIS["H1a"], solar_w_per_m2=np.zeros(YEAR_H))}

    assert float(mean_demand_w([pool], sunless)[0]) == pytest.approx(143_000.0, rel=0.10)


def test_a_pool_like_the_butte_aux_cailles_is_covered_to_a_tenth_or_two() -> None:
    """45 kW on 700 m3 at 27 degC cover 10 to 20 %, about 250 MWh a year (Stimergy, City of Paris).

    Areas are those of its three basins, two of them in the open; hours and bathers are assumed.
    The servers are busy two thirds of the time, as 250 MWh of 45 kW imply.
    """
    basin = Basin(
        indoor_area_m2=33.0 * 12.0,
        outdoor_area_m2=25.0 * 12.5 + 12.5 * 6.0,
        open_m_per_h=DEEP_M_PER_H,
        closed_m_per_h=STILL_M_PER_H,
        opens_at_h=7,
        closes_at_h=22,
        bathers_per_day=800.0,
    )
    pool = replace(
        SPORTS_POOL,
        n_servers=90,
        basin=basin,
        storage_wh_per_k=700_000.0 * WH_PER_KG_K,
        set_temp_c=27.0,
        limit_temp_c=28.0,
        start_temp_c=27.0,
    )
    district = _district_of(pool)
    forcing = draw_forcing(district, PARIS, np.random.default_rng(2), 0.0, YEAR_H)
    busy = np.random.default_rng(3).random((YEAR_H, 1)) < 2 / 3
    account = _run(district, forcing, busy.astype(np.float64), 3600.0)

    assert 200_000.0 < float(account.heat[0]) < 300_000.0
    assert 0.10 < float(account.coverage_frac[0]) < 0.20


def test_a_person_at_home_draws_two_thirds_of_a_megawatt_hour_a_year() -> None:
    """56 L a day at 40 degC from mains at 13 degC (ADEME and COSTIC 2016): 0.64 MWh."""
    forcing = habitual_forcing([RESIDENCE], PARIS, 0.0, YEAR_H)
    draw_w = forcing.draw_kg_per_s * WATER_HEAT_J_PER_KG_K * (55.0 - forcing.mains_temp_c)

    assert float(draw_w.sum()) / 1e6 / PERSONS == pytest.approx(0.64, rel=0.05)


def test_servers_sized_for_the_night_cover_half_of_the_hot_water() -> None:
    """40 to 60 % of domestic hot water (Stimergy: Nantes 40 %, half in the mean)."""
    forcing = habitual_forcing([RESIDENCE], PARIS, 0.0, YEAR_H)
    draw_w = forcing.draw_kg_per_s * WATER_HEAT_J_PER_KG_K * (55.0 - forcing.mains_temp_c)
    night_w = float(draw_w.reshape(-1, DAY_H)[:, 1:5].mean())
    assert RESIDENCE.residents is not None
    base_w = night_w + RESIDENCE.residents.recirculation_w
    site = replace(RESIDENCE, n_servers=round(base_w / 0.95 / 500.0))
    district = _district_of(site)
    drawn = draw_forcing(district, PARIS, np.random.default_rng(2), 0.0, YEAR_H)
    account = _run(district, drawn, np.ones((YEAR_H, 1)), 3600.0)

    assert 0.40 < float(account.coverage_frac[0]) < 0.60
    assert float(account.heat[0] / account.electricity[0]) > 0.94


def test_a_public_building_wants_heat_as_the_standard_profile_of_offices() -> None:
    """BDEW profile GKO near Paris: January to July 6.6, highest hour to mean 3.9."""
    building = Building(loss_w_per_k=5000.0, base_w=1.4 * 5000.0)
    site = replace(RESIDENCE, kind=SiteKind.BUILDING, residents=None, building=building)
    wanted_w = habitual_forcing([site], PARIS, 0.0, YEAR_H).heating_demand_w[:, 0]
    january, july = wanted_w[: 31 * DAY_H], wanted_w[181 * DAY_H : 212 * DAY_H]

    assert float(january.mean() / july.mean()) == pytest.approx(6.6, rel=0.2)
    assert float(wanted_w.max() / wanted_w.mean()) == pytest.approx(3.9, rel=0.2)

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from simulation.district.build import FEWEST_SERVERS, build_district
from simulation.district.setting import FleetSetting
from simulation.district.site import District, SiteKind
from simulation.district.use import draw_forcing
from simulation.weather.drawing import draw_weather
from simulation.weather.weather import Weather

SETTING = FleetSetting(indoor_pools=3, outdoor_pools=2, dwellings=10, buildings=3)
WEEK_H = 168


def _district(setting: FleetSetting = SETTING, seed: int = 1) -> District:
    return build_district(setting, np.random.default_rng(seed))


TOWN = _district()


def _weather(start_h: int = 0, n_hours: int = WEEK_H) -> Mapping[str, Weather]:
    rng = np.random.default_rng(5)
    return {
        zone: draw_weather(zone, rng, start_plant_s=3600.0 * start_h, n_hours=n_hours)
        for zone in TOWN.zones
    }


def _of(kind: SiteKind) -> list[int]:
    return [i for i, site in enumerate(TOWN.sites) if site.kind is kind]


def test_a_district_has_the_sites_that_were_asked_for_by_different_names() -> None:
    pools = _of(SiteKind.INDOOR_POOL), _of(SiteKind.OUTDOOR_POOL)
    homes = [i for i, site in enumerate(TOWN.sites) if site.residents is not None]

    assert [len(kind) for kind in (*pools, _of(SiteKind.BUILDING), homes)] == [3, 2, 3, 10]
    assert len({site.name for site in TOWN.sites}) == SETTING.n_sites == TOWN.fleet.n_sites


def test_the_same_seed_builds_the_same_district() -> None:
    assert _district().sites == TOWN.sites
    assert _district(seed=2).sites != TOWN.sites


def test_more_dwellings_leave_the_other_sites_as_they_were() -> None:
    more = _district(replace(SETTING, dwellings=12))

    assert more.sites[: len(TOWN.sites)] == TOWN.sites


def test_servers_are_a_multiple_of_the_heat_that_is_wanted() -> None:
    factors = [site.max_power_w / site.mean_demand_w for site in TOWN.sites]
    rounding = max(250.0 / site.mean_demand_w for site in TOWN.sites)

    assert min(factors) >= SETTING.power_factor_low - rounding
    assert max(factors) <= SETTING.power_factor_high + rounding


def test_no_rack_is_smaller_than_the_fewest_servers() -> None:
    tiny = _district(replace(SETTING, power_factor_low=0.01, power_factor_high=0.02))

    assert {site.n_servers for site in tiny.sites if site.residents} == {FEWEST_SERVERS}
    assert all(site.cores >= 64 for site in tiny.sites)


def test_dwellings_never_throw_heat_away_and_others_by_their_share() -> None:
    every = _district(replace(SETTING, dump_share=1.0))
    none = _district(replace(SETTING, dump_share=0.0))

    assert [site.has_dump_cooler for site in every.sites] == [
        site.residents is None for site in every.sites
    ]
    assert (every.fleet.cooler_capacity_w > 0).sum() == 8
    assert not (none.fleet.cooler_capacity_w > 0).any()


def test_coolers_begin_below_the_limit_and_above_the_set_point() -> None:
    fleet = _district(replace(SETTING, dump_share=1.0)).fleet
    has_cooler = fleet.cooler_capacity_w > 0

    assert (fleet.dump_temp_c < fleet.limit_temp_c)[has_cooler].all()
    assert (fleet.dump_temp_c > fleet.set_temp_c)[has_cooler].all()


def test_a_smaller_storage_factor_is_less_water_and_a_narrower_band_of_a_pool() -> None:
    small = _district(replace(SETTING, storage_factor=0.2))

    for big, little in zip(TOWN.sites, small.sites, strict=True):
        band_k, little_band_k = (site.limit_temp_c - site.set_temp_c for site in (big, little))
        big_wh = big.storage_wh_per_k * band_k
        little_wh = little.storage_wh_per_k * little_band_k
        assert little_wh == pytest.approx(0.2 * big_wh)
        assert little.mean_demand_w == pytest.approx(big.mean_demand_w, rel=0.05)


def test_the_kinds_differ_in_where_their_boiler_stands_and_which_have_layers() -> None:
    preheat = {site.kind for site in TOWN.sites if site.is_preheat}
    layered = {TOWN.sites[i].kind for i in TOWN.fleet.layers.site_index}

    assert preheat == {SiteKind.PREHEAT_TANK, SiteKind.STRATIFIED_TANK}
    assert layered == {SiteKind.STRATIFIED_TANK}
    assert all(site.floor_temp_c < site.limit_temp_c for site in TOWN.sites)


def test_people_come_while_a_pool_is_open_and_never_else() -> None:
    forcing = draw_forcing(TOWN, _weather(), np.random.default_rng(6), 0.0, WEEK_H)
    pools = _of(SiteKind.INDOOR_POOL) + _of(SiteKind.OUTDOOR_POOL)

    assert (forcing.bathers_per_h[:, pools][~forcing.is_open[:, pools]] == 0).all()
    assert (forcing.bathers_per_h[:, pools].sum(axis=0) > 0).all()
    assert not forcing.is_open[3, pools].any()
    assert (forcing.bathers_per_h[:, _of(SiteKind.BUILDING)] == 0).all()


def test_only_dwellings_draw_hot_water_and_more_in_the_evening_than_at_night() -> None:
    forcing = draw_forcing(TOWN, _weather(), np.random.default_rng(6), 0.0, WEEK_H)
    homes = [i for i, site in enumerate(TOWN.sites) if site.residents is not None]
    draws = forcing.draw_kg_per_s.reshape(7, 24, -1).mean(axis=0)

    assert (forcing.draw_kg_per_s[:, homes] > 0).all()
    assert (draws[19, homes] > 3 * draws[3, homes]).all()
    assert draws[:, _of(SiteKind.BUILDING)].sum() == 0


def test_many_dwellings_draw_more_steadily_than_few() -> None:
    """The spread of an hour falls as the root of their number: 100 times more, 10 times less."""
    (home, *_) = _of(SiteKind.HOT_WATER_LOOP)
    spreads = []
    for dwellings in (4, 400):
        residents = TOWN.sites[home].residents
        assert residents is not None
        house = replace(TOWN.sites[home], residents=replace(residents, dwellings=dwellings))
        district = replace(TOWN, sites=(house,) * 20)
        forcing = draw_forcing(district, _weather(), np.random.default_rng(6), 0.0, WEEK_H)
        draws = forcing.draw_kg_per_s
        spreads.append((draws.std(axis=1) / draws.mean(axis=1)).mean())

    assert spreads[0] / spreads[1] == pytest.approx(10.0, rel=0.15)


def test_a_building_wants_more_in_cold_weather_and_less_on_a_weekend() -> None:
    (office, *_) = _of(SiteKind.BUILDING)
    winter = _weather()
    steady = {zone: replace(w, outdoor_temp_c=np.zeros(WEEK_H)) for zone, w in winter.items()}
    mild = {zone: replace(w, outdoor_temp_c=np.full(WEEK_H, 17.0)) for zone, w in winter.items()}
    cold, warm = (
        draw_forcing(TOWN, air, np.random.default_rng(6), 0.0, WEEK_H).heating_demand_w[:, office]
        for air in (steady, mild)
    )
    building = TOWN.sites[office].building
    assert building is not None

    assert cold[10] == pytest.approx(16.0 * building.loss_w_per_k + building.base_w)
    assert cold[5 * 24 + 10] < 0.7 * cold[10]
    assert warm[10] == pytest.approx(building.base_w)


def test_the_same_seed_draws_the_same_people() -> None:
    first, again, other = (
        draw_forcing(TOWN, _weather(), np.random.default_rng(seed), 0.0, WEEK_H).draw_kg_per_s
        for seed in (1, 1, 2)
    )

    assert (first == again).all()
    assert (first != other).any()


def test_forcing_that_begins_later_in_the_weather_takes_its_hours_from_there() -> None:
    weather = _weather()
    forcing = draw_forcing(TOWN, weather, np.random.default_rng(6), 48 * 3600.0, 24)
    zone = TOWN.sites[0].zone

    assert (forcing.outdoor_temp_c[:, 0] == weather[zone].outdoor_temp_c[48:72]).all()
    assert forcing.at(3).outdoor_temp_c[0] == weather[zone].outdoor_temp_c[51]


def test_the_steps_of_an_hour_share_one_forcing() -> None:
    forcing = draw_forcing(TOWN, _weather(), np.random.default_rng(6), 0.0, WEEK_H)

    assert forcing.at(5) is forcing.at(5)
    assert forcing.at(5) is not forcing.at(6)


@pytest.mark.parametrize(("start_s", "n_hours"), [(-3600.0, 2), (1800.0, 2), (0.0, WEEK_H + 1)])
def test_hours_without_weather_are_an_error(start_s: float, n_hours: int) -> None:
    with pytest.raises(ValueError, match="weather of zone"):
        draw_forcing(TOWN, _weather(), np.random.default_rng(6), start_s, n_hours)


def test_there_is_no_hour_before_the_first_or_after_the_last() -> None:
    forcing = draw_forcing(TOWN, _weather(), np.random.default_rng(6), 0.0, WEEK_H)

    for hour in (-1, WEEK_H):
        with pytest.raises(IndexError, match="not among"):
            forcing.at(hour)

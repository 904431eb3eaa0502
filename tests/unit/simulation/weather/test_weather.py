import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.weather.drawing import draw_weather
from simulation.weather.sun import clear_sky_w_per_m2, sine_of_elevation
from simulation.weather.weather import Weather
from simulation.weather.zones import ZONES

YEAR_HOURS = 8760
SEEDS = range(12)
#: Monthly means of the typical years of RT2012 [degC] and heating degree days under 18 degC.
# fmt: off
REFERENCE = {
    "H1a": ([5.6, 7.1, 8.0, 11.1, 14.4, 18.1, 19.5, 19.8, 15.6, 11.9, 8.0, 5.5], 2328),
    "H1b": ([4.5, 5.6, 6.5, 11.3, 15.2, 18.7, 20.6, 19.7, 15.1, 12.9, 7.1, 3.9], 2504),
    "H1c": ([4.4, 6.9, 8.9, 12.2, 17.1, 18.3, 22.2, 22.5, 16.7, 13.1, 7.6, 4.5], 2239),
    "H2a": ([7.9, 6.7, 9.2, 9.9, 14.6, 16.8, 18.3, 19.6, 17.4, 13.0, 7.9, 6.6], 2252),
    "H2b": ([7.8, 7.2, 9.2, 10.9, 15.3, 19.0, 20.9, 20.3, 16.9, 14.5, 9.3, 7.5], 1962),
    "H2c": ([6.3, 7.1, 11.3, 11.7, 15.3, 19.4, 21.1, 22.2, 16.8, 14.7, 10.1, 5.5], 1966),
    "H2d": ([6.1, 8.8, 10.7, 13.7, 18.1, 22.0, 24.0, 23.0, 19.1, 16.3, 9.4, 5.7], 1723),
    "H3": ([8.8, 9.2, 11.7, 13.5, 17.8, 21.0, 23.3, 25.0, 21.8, 17.9, 12.2, 9.1], 1378),
}
# fmt: on
#: Global horizontal irradiation of the four typical years that were at hand [kWh/m2].
SUN_KWH_PER_M2 = {"H1a": 1143, "H1c": 1172, "H2b": 1320, "H3": 1496}
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
ENDS_H = [24 * day for day in itertools.accumulate(MONTH_DAYS)]
ARRAYS = [name for name in Weather.__slots__ if name not in {"zone", "start_plant_s"}]


def drawn(zone: str, seed: int, *, start_plant_s: float = 0.0, n_hours: int = 8760) -> Weather:
    rng = np.random.default_rng([seed, 1])
    return draw_weather(zone, rng, start_plant_s=start_plant_s, n_hours=n_hours)


@pytest.fixture(scope="module")
def years() -> dict[str, list[Weather]]:
    return {zone: [drawn(zone, seed) for seed in SEEDS] for zone in ZONES}


def monthly_means_c(temp_c: NDArray[np.float64]) -> list[float]:
    return [float(part.mean()) for part in np.split(temp_c, ENDS_H[:-1])]


@pytest.mark.parametrize("zone", ZONES)
def test_months_are_as_warm_as_in_the_typical_year(
    years: dict[str, list[Weather]], zone: str
) -> None:
    """Measured over 20 seeds: root mean square 0.7 to 1.2 K, at most 2.5 K (January of H2a).

    The typical year is itself one draw: a month's mean has a standard deviation of about 1 K.
    """
    means = np.mean([monthly_means_c(year.outdoor_temp_c) for year in years[zone]], axis=0)
    difference_k = means - np.array(REFERENCE[zone][0])

    assert np.sqrt((difference_k**2).mean()) < 1.6
    assert np.abs(difference_k).max() < 3.2


@pytest.mark.parametrize("zone", ZONES)
def test_the_cold_of_a_year_is_that_of_the_typical_year(
    years: dict[str, list[Weather]], zone: str
) -> None:
    """Degree days are within 3 % of the reference over 20 seeds; one year differs by 5 %."""
    days = [year.outdoor_temp_c.reshape(365, 24).mean(axis=1) for year in years[zone]]
    degree_days = np.mean([np.maximum(18.0 - day, 0.0).sum() for day in days])

    assert degree_days == pytest.approx(REFERENCE[zone][1], rel=0.06)


@pytest.mark.parametrize("zone", SUN_KWH_PER_M2)
def test_the_sun_of_a_year_is_that_of_the_typical_year(
    years: dict[str, list[Weather]], zone: str
) -> None:
    """Measured 3 to 5 % below."""
    kwh_per_m2 = np.mean([year.solar_w_per_m2.sum() / 1000 for year in years[zone]])

    assert kwh_per_m2 == pytest.approx(SUN_KWH_PER_M2[zone], rel=0.09)


@pytest.mark.parametrize("zone", ZONES)
def test_mains_water_spans_the_range_of_the_zone_and_lags_behind_the_air(zone: str) -> None:
    mains_c = drawn(zone, 1).mains_temp_c
    parameters = ZONES[zone]

    assert mains_c.mean() == pytest.approx(parameters.mains_mean_c, abs=0.1)
    assert mains_c.min() == pytest.approx(parameters.mains_min_c, abs=0.8)
    assert mains_c.max() == pytest.approx(parameters.mains_max_c, abs=0.8)
    assert 10 < np.argmax(mains_c) / 24 - parameters.warmest_day < 30


def test_days_swing_more_in_summer_than_in_winter(years: dict[str, list[Weather]]) -> None:
    """Typical years of the north: 1.2 K about the mean in January, 4.0 K in June."""
    by_hour = np.mean([year.outdoor_temp_c.reshape(365, 24) for year in years["H1a"]], axis=0)
    january, june = by_hour[:31].mean(axis=0), by_hour[151:181].mean(axis=0)

    assert (january.max() - january.min()) / 2 == pytest.approx(1.4, abs=0.5)
    assert (june.max() - june.min()) / 2 == pytest.approx(4.6, abs=0.7)
    assert int(np.argmax(june)) in {14, 15}


def test_the_residual_remembers_as_the_zone_says(years: dict[str, list[Weather]]) -> None:
    """Sample spread over 20 years of H1a: 3.2 K, with a standard error below 0.1 K."""
    residuals = []
    for year in years["H1a"]:
        cycle = np.mean([other.outdoor_temp_c for other in years["H1a"]], axis=0)
        residuals.append(year.outdoor_temp_c - cycle)
    residual = np.concatenate(residuals)

    assert residual.std() == pytest.approx(3.22, rel=0.10)
    assert np.corrcoef(residual[1:], residual[:-1])[0, 1] == pytest.approx(0.975, abs=0.01)


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_is_weather_that_can_be(years: dict[str, list[Weather]], zone: str) -> None:
    for year in years[zone]:
        assert all(getattr(year, name).shape == (YEAR_HOURS,) for name in ARRAYS)
        assert all(np.isfinite(getattr(year, name)).all() for name in ARRAYS)
        assert year.outdoor_temp_c.min() > -30
        assert year.outdoor_temp_c.max() < 48
        assert (year.sky_temp_c < year.outdoor_temp_c).all()
        assert year.relative_humidity_frac.min() >= 0.1
        assert year.relative_humidity_frac.max() <= 1.0
        assert year.wind_m_per_s.min() > 0
        assert year.mains_temp_c.min() > 0
        middle_s = 3600.0 * (np.arange(YEAR_HOURS, dtype=np.float64) + 0.5)
        clear = clear_sky_w_per_m2(sine_of_elevation(ZONES[zone].latitude_deg, middle_s))
        assert (year.solar_w_per_m2 <= clear).all()
        assert year.solar_w_per_m2.max() > 600


def test_wind_and_humidity_have_the_means_of_the_zone(years: dict[str, list[Weather]]) -> None:
    """Typical years: 2.5 m/s and 0.80 at Paris (H1a), 4.1 m/s and 0.69 at Nice (H3)."""
    for zone, wind, humidity in (("H1a", 2.5, 0.80), ("H3", 4.1, 0.69)):
        winds = [year.wind_m_per_s.mean() for year in years[zone]]
        humidities = [year.relative_humidity_frac.mean() for year in years[zone]]
        assert np.mean(winds) == pytest.approx(wind, rel=0.06)
        assert np.mean(humidities) == pytest.approx(humidity, abs=0.06)


def test_the_sun_stands_highest_at_noon_in_june_and_is_down_at_midnight() -> None:
    june = sine_of_elevation(45.0, 86_400.0 * 171 + 3600.0 * np.arange(24.0))
    december = sine_of_elevation(45.0, 86_400.0 * 354 + 3600.0 * np.arange(24.0))

    assert june[12] == pytest.approx(np.sin(np.radians(90 - 45 + 23.45)), abs=1e-3)
    assert december[12] == pytest.approx(np.sin(np.radians(90 - 45 - 23.45)), abs=1e-3)
    assert june[0] == december[0] == 0.0
    assert clear_sky_w_per_m2(june)[0] == 0.0


def test_the_same_seed_draws_the_same_weather_and_another_draws_another() -> None:
    first, again, other = drawn("H2b", 5), drawn("H2b", 5), drawn("H2b", 6)

    assert all(np.array_equal(getattr(first, name), getattr(again, name)) for name in ARRAYS)
    assert not np.array_equal(first.outdoor_temp_c, other.outdoor_temp_c)


def test_a_start_in_july_is_warm_also_a_year_later() -> None:
    july_s = 86_400.0 * 182
    means = [
        drawn("H1a", 3, start_plant_s=start_s, n_hours=24 * 21).outdoor_temp_c.mean()
        for start_s in (july_s, july_s + 365 * 86_400.0, 0.0)
    ]

    assert means[0] == pytest.approx(means[1])
    assert means[2] < means[0] - 5


def test_an_anomaly_warms_air_and_sky_within_its_hours_only() -> None:
    plain = drawn("H3", 1, start_plant_s=86_400.0, n_hours=72)
    warmed = plain.warmed(6.0, from_plant_s=2 * 86_400.0, to_plant_s=3 * 86_400.0)
    more_k = warmed.outdoor_temp_c - plain.outdoor_temp_c

    assert more_k == pytest.approx(np.repeat([0.0, 6.0, 0.0], 24))
    assert warmed.sky_temp_c - plain.sky_temp_c == pytest.approx(more_k)
    assert np.array_equal(warmed.mains_temp_c, plain.mains_temp_c)


def test_a_cold_spell_comes_over_the_whole_country() -> None:
    """Shocks share 0.7 of their variance; by itself no zone is colder or more changeable."""

    def anomaly_k(zone: str, seed: int, country_seed: int | None) -> NDArray[np.float64]:
        country = None if country_seed is None else np.random.default_rng(country_seed)
        rng = np.random.default_rng([seed, 1])
        year = draw_weather(zone, rng, start_plant_s=0.0, n_hours=8760, country_rng=country)
        hours = np.arange(8760.0)
        parameters = ZONES[zone]
        season = np.cos(2 * np.pi * (hours / 24 - parameters.warmest_day) / 365)
        daily = (year.outdoor_temp_c - parameters.season_k * season).reshape(365, 24).mean(axis=1)
        return np.asarray(daily - daily.mean(), dtype=np.float64)

    together = [
        np.corrcoef(anomaly_k("H1a", seed, seed), anomaly_k("H1b", seed + 50, seed))[0, 1]
        for seed in SEEDS
    ]
    apart = [
        np.corrcoef(anomaly_k("H1a", seed, None), anomaly_k("H1b", seed + 50, None))[0, 1]
        for seed in SEEDS
    ]
    spreads = [anomaly_k("H1a", seed, seed).std() for seed in SEEDS]

    assert np.mean(together) == pytest.approx(0.7, abs=0.08)
    assert np.mean(apart) == pytest.approx(0.0, abs=0.1)
    assert np.mean(spreads) == pytest.approx(2.9, abs=0.4)

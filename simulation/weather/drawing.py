"""Draws the weather of a zone: a season, a day and a residual with the memory of real air.

Sun and temperature are drawn apart: that clear days are warm in summer and cold in winter is
not modelled.
"""

import numpy as np

from domain.units import DAY_S, HOUR_S
from simulation.clock import YEAR_DAYS
from simulation.weather.memory import remembering_noise
from simulation.weather.sun import clear_sky_w_per_m2, sine_of_elevation
from simulation.weather.weather import Floats, Weather
from simulation.weather.zones import ZONES, Zone

_SOLSTICE_DAY = 172.0
#: Warmest day of mains water: fits of the four typical years lie between 222 and 226.
_MAINS_WARMEST_DAY = 223.0
#: Air above sky = ``3.2 + 8.9 clearness`` [K]: least squares over days of the typical years of
#: H1a, H1c, H2b and H3 (slopes 8.5 to 9.2, intercepts 2.3 to 4.1, correlations 0.60 to 0.75).
_SKY_OVERCAST_K, _SKY_CLEAR_K = 3.2, 8.9
#: Spread of the logit of clearness and its memory: daily clearness of the typical years has a
#: standard deviation of 0.23 to 0.25 and a correlation from day to day of 0.25 to 0.32.
_CLEARNESS_LOGIT_SD, _CLEARNESS_HOURLY_CORRELATION = 1.35, 0.955
#: The dew point moves about the night's lowest temperature: 1.7 to 2.7 K in the typical years.
_DEW_SD_K, _DEW_HOURLY_CORRELATION = 1.9, 0.97
#: Of wind: correlation from hour to hour 0.79 to 0.85; 1.25 of the mean at 14 h, 0.85 at night.
_WIND_HOURLY_CORRELATION, _WIND_DAILY_FRAC, _WINDIEST_HOUR = 0.85, 0.2, 14.0
_WIND_MOST_M_PER_S = 30.0
_DRIEST_FRAC = 0.1
#: Of the variance of shocks to air and cloud, what zones of one country have in common: assumed.
_SHARED_FRAC = 0.7
_Shared = tuple[np.random.Generator, float] | None


def draw_weather(
    zone: str,
    rng: np.random.Generator,
    *,
    start_plant_s: float,
    n_hours: int,
    country_rng: np.random.Generator | None = None,
) -> Weather:
    """Hours of weather in one of the ``ZONES``; equal generators give equal weather.

    A cold spell comes over the whole country: zones drawn with equal ``country_rng`` share most of
    the shocks of air and cloud. Without it zones have nothing to do with one another.
    """
    parameters = ZONES[zone]
    shared_air = shared_cloud = None
    if country_rng is not None:
        over_air, over_cloud = country_rng.spawn(2)
        shared_air, shared_cloud = (over_air, _SHARED_FRAC), (over_cloud, _SHARED_FRAC)
    middle_s = start_plant_s + HOUR_S * (np.arange(n_hours, dtype=np.float64) + 0.5)
    air_rng, cloud_rng, dew_rng, wind_rng = rng.spawn(4)
    slow_c, daily_k = _air(parameters, air_rng, middle_s, shared_air)
    outdoor_c = slow_c + daily_k * _cycle(middle_s / HOUR_S - parameters.warmest_hour, 24.0)
    clearness = _clearness(parameters, cloud_rng, n_hours, shared_cloud)
    sine = sine_of_elevation(parameters.latitude_deg, middle_s)
    # The air is at its coldest about `daily_k` below its slow part, and the dew point near it.
    dew_c = slow_c - daily_k + parameters.dew_offset_k
    dew_c = dew_c + _DEW_SD_K * remembering_noise(dew_rng, n_hours, _DEW_HOURLY_CORRELATION)
    return Weather(
        zone=zone,
        start_plant_s=start_plant_s,
        outdoor_temp_c=outdoor_c,
        sky_temp_c=outdoor_c - _SKY_OVERCAST_K - _SKY_CLEAR_K * clearness,
        relative_humidity_frac=_humidity(outdoor_c, dew_c),
        wind_m_per_s=_wind(parameters, wind_rng, middle_s),
        solar_w_per_m2=clearness * clear_sky_w_per_m2(sine),
        mains_temp_c=mains_temp_c(parameters, middle_s),
    )


def mains_temp_c(zone: Zone, plant_time_s: Floats) -> Floats:
    """Cold water from the mains at these instants, (n,): the year's mean and half its range."""
    half_k = (zone.mains_max_c - zone.mains_min_c) / 2
    return zone.mains_mean_c + half_k * _of_year(plant_time_s, _MAINS_WARMEST_DAY)


def _air(
    zone: Zone, rng: np.random.Generator, at_s: Floats, shared: _Shared
) -> tuple[Floats, Floats]:
    """The air without its daily cycle, and the size of that cycle."""
    residual_k = zone.residual_sd_k * remembering_noise(
        rng, len(at_s), zone.residual_hourly_correlation, shared=shared
    )
    slow_c = zone.mean_temp_c + zone.season_k * _of_year(at_s, zone.warmest_day) + residual_k
    daily_k = zone.daily_k * (1.0 + zone.daily_summer_frac * _of_year(at_s, _SOLSTICE_DAY))
    return slow_c, daily_k


def _clearness(zone: Zone, rng: np.random.Generator, n_hours: int, shared: _Shared) -> Floats:
    """Share of the clear sky's irradiance that comes through, a logit-normal series in 0 to 1.

    Its mean is the zone's: for a logit spread of sd the mean is about ``1 / (1 + exp(-m / k))``
    with ``k = sqrt(1 + pi sd^2 / 8)`` (MacKay 1992, doi:10.1162/neco.1992.4.5.720).
    """
    mean = zone.clearness_mean_frac
    stretch = np.sqrt(1.0 + np.pi * _CLEARNESS_LOGIT_SD**2 / 8.0)
    logit = stretch * np.log(mean / (1.0 - mean))
    logit = logit + _CLEARNESS_LOGIT_SD * remembering_noise(
        rng, n_hours, _CLEARNESS_HOURLY_CORRELATION, shared=shared
    )
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def _humidity(air_c: Floats, dew_c: Floats) -> Floats:
    """Vapour pressure over its saturation, both by Magnus' formula (Alduchov and Eskridge 1996)."""
    exponent = 17.625 * (dew_c / (243.04 + dew_c) - air_c / (243.04 + air_c))
    return np.clip(np.exp(exponent), _DRIEST_FRAC, 1.0)


def _wind(zone: Zone, rng: np.random.Generator, at_s: Floats) -> Floats:
    """A log-normal series with the zone's mean and spread, and more wind in the afternoon."""
    variance = np.log(1.0 + (zone.wind_sd_m_per_s / zone.wind_mean_m_per_s) ** 2)
    gust = np.sqrt(variance) * remembering_noise(rng, len(at_s), _WIND_HOURLY_CORRELATION)
    day = 1.0 + _WIND_DAILY_FRAC * _cycle(at_s / HOUR_S - _WINDIEST_HOUR, 24.0)
    wind = zone.wind_mean_m_per_s * day * np.exp(gust - variance / 2)
    return np.asarray(np.minimum(wind, _WIND_MOST_M_PER_S), dtype=np.float64)


def _of_year(plant_time_s: Floats, warmest_day: float) -> Floats:
    return _cycle(plant_time_s / DAY_S - warmest_day, YEAR_DAYS)


def _cycle(since: Floats, period: float) -> Floats:
    return np.asarray(np.cos(2 * np.pi * since / period), dtype=np.float64)

"""The eight climatic zones of France, as parameters of the model that draws their weather."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """What is fitted to the typical years of the thermal regulation RT2012 (at sea level).

    The air is ``mean + season cos(2 pi (d - warmest_day) / 365) + daily(d) cos(2 pi (h -
    warmest_hour) / 24) + residual``, the residual a first-order autoregressive series.
    """

    latitude_deg: float
    mean_temp_c: float
    season_k: float
    warmest_day: float  #: Day of the year, from 0.
    daily_k: float  #: Mean over the year.
    daily_summer_frac: (
        float  #: How much larger the daily swing is in June, and smaller in December.
    )
    warmest_hour: float
    residual_sd_k: float
    residual_hourly_correlation: float
    mains_mean_c: float
    mains_min_c: float
    mains_max_c: float
    clearness_mean_frac: float  #: Sun that comes through, of what a clear sky would let through.
    dew_offset_k: float  #: Dew point above the night's lowest temperature, mean.
    wind_mean_m_per_s: float
    wind_sd_m_per_s: float


def _zone(*values: float) -> Zone:
    return Zone(**dict(zip(Zone.__slots__, values, strict=True)))


# Typical years of RT2012 (NF EN ISO 15927-4; public data, reference period 1994 to 2008). Air and
# mains water are fitted for all eight zones. Sun, humidity and wind are fitted for H1a, H1c, H2b
# and H3; for the other four they are interpolated by latitude and distance from the sea: assumed.
# lat, mean, season, day, daily, summer, hour, sd, phi, mains mean/min/max, clear, dew, wind mean/sd
# fmt: off
ZONES: Mapping[str, Zone] = MappingProxyType({
    "H1a": _zone(48.8, 12.08, 7.19, 200, 3.05, 0.55, 15.0, 3.22, 0.975,
                 12.6, 6.5, 18.5, 0.60, 0.1, 2.5, 1.43),
    "H1b": _zone(48.7, 11.79, 8.44, 199, 3.34, 0.55, 14.3, 3.94, 0.974,
                 11.7, 4.9, 18.9, 0.57, 0.0, 2.6, 1.60),
    "H1c": _zone(46.3, 12.92, 8.70, 198, 3.27, 0.55, 14.6, 3.74, 0.977,
                 13.0, 4.8, 21.1, 0.59, 0.0, 2.7, 1.79),
    "H2a": _zone(48.1, 12.34, 6.61, 207, 3.35, 0.45, 14.6, 3.52, 0.975,
                 13.7, 8.0, 20.8, 0.62, 0.5, 4.0, 2.20),
    "H2b": _zone(46.2, 13.27, 6.84, 205, 3.24, 0.45, 14.5, 3.44, 0.970,
                 14.8, 8.0, 20.8, 0.67, 0.9, 4.3, 2.34),
    "H2c": _zone(44.2, 13.50, 7.68, 203, 4.13, 0.45, 14.8, 3.49, 0.966,
                 14.6, 8.0, 22.4, 0.65, 0.4, 2.9, 1.70),
    "H2d": _zone(44.1, 14.78, 8.95, 199, 5.12, 0.30, 14.2, 3.59, 0.952,
                 16.3, 7.2, 25.9, 0.72, -1.0, 3.6, 2.40),
    "H3": _zone(43.7, 15.99, 8.01, 209, 2.89, 0.10, 14.0, 2.24, 0.934,
                17.2, 9.6, 24.6, 0.74, -2.6, 4.1, 2.30),
})
# fmt: on

"""How high the sun stands, and what a clear sky lets through."""

import numpy as np

from domain.units import DAY_S, HOUR_S
from simulation.weather.weather import Floats


def sine_of_elevation(latitude_deg: float, plant_time_s: Floats) -> Floats:
    """Sine of the sun's elevation at solar times (n,); 0 while it is below the horizon.

    ``sin h = sin(lat) sin(dec) + cos(lat) cos(dec) cos(15 deg (hour - 12))`` with Cooper's
    declination ``dec = 23.45 deg sin(360 deg (284 + n) / 365)``, n the day of the year from 1
    (Cooper 1969, doi:10.1016/0038-092X(69)90047-4).
    """
    day_of_year = np.floor(plant_time_s / DAY_S) % 365.0 + 1.0
    hour = plant_time_s / HOUR_S % 24.0
    latitude = np.radians(latitude_deg)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284.0 + day_of_year) / 365.0)
    hour_angle = np.radians(15.0 * (hour - 12.0))
    sine = np.sin(latitude) * np.sin(declination)
    sine = sine + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.maximum(sine, 0.0), dtype=np.float64)


def clear_sky_w_per_m2(sine: Floats) -> Floats:
    """Global irradiance on the horizontal under a clear sky, (n,).

    ``1098 sin h exp(-0.057 / sin h)`` (Haurwitz 1945, Journal of Meteorology 2, 154-166).
    """
    low = 1e-3  # Below it the exponential is 0 to every digit that matters.
    return 1098.0 * sine * np.exp(-0.057 / np.maximum(sine, low))

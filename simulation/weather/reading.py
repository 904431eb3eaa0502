"""Weather of a file in place of drawn weather: EPW, or the hourly table of the RT2012 years."""

from pathlib import Path

import numpy as np

from domain.refusal import Refused
from domain.units import HOUR_S
from simulation.number_file import Place, read_text
from simulation.weather.drawing import mains_temp_c
from simulation.weather.epw import looks_like_epw, read_epw
from simulation.weather.hourly_table import looks_like_table, read_mains, read_table
from simulation.weather.weather import Floats, Weather
from simulation.weather.year import CODE, YEAR_HOURS, WeatherText, WeatherYear
from simulation.weather.zones import ZONES


def read_weather(
    path: Path, *, zone: str, start_plant_s: float, n_hours: int, mains_path: Path | None = None
) -> Weather | Refused:
    """Hours of weather from a file that holds a year, which begins again when it ends.

    No format holds the temperature of mains water. It comes from ``mains_path``, a table of
    two columns, or else it is that of the zone, shifted by as much as the air of the file differs
    from the zone's in the mean of the year. An EPW's local time is taken as solar time.
    """
    year = _read_year(path)
    if isinstance(year, Refused):
        return year
    middle_s = HOUR_S * (np.arange(YEAR_HOURS, dtype=np.float64) + 0.5)
    parameters = ZONES[zone]
    shift_k = float(year.outdoor_temp_c.mean()) - parameters.mean_temp_c
    mains_c: Floats | Refused = np.maximum(mains_temp_c(parameters, middle_s) + shift_k, 0.0)
    if mains_path is not None:
        mains_c = _read_mains(mains_path)
    if isinstance(mains_c, Refused):
        return mains_c
    at = (round(start_plant_s / HOUR_S) + np.arange(n_hours)) % YEAR_HOURS
    return Weather(
        zone=zone,
        start_plant_s=start_plant_s,
        outdoor_temp_c=year.outdoor_temp_c[at],
        sky_temp_c=year.sky_temp_c[at],
        relative_humidity_frac=year.relative_humidity_frac[at],
        wind_m_per_s=year.wind_m_per_s[at],
        solar_w_per_m2=year.solar_w_per_m2[at],
        mains_temp_c=mains_c[at],
    )


def _read_year(path: Path) -> WeatherYear | Refused:
    text = read_text(path, CODE)
    if isinstance(text, Refused):
        return text
    file = WeatherText(path=path, text=text)
    if looks_like_epw(text):
        return read_epw(file)
    if looks_like_table(text):
        return read_table(file)
    expected = "LOCATION,... of an EPW file, or #1 of an hourly table"
    first = text.split("\n", maxsplit=1)[0].strip()
    return Place(path=path, code=CODE, line=1).refused(expected, found=first)


def _read_mains(path: Path) -> Floats | Refused:
    text = read_text(path, CODE)
    if isinstance(text, Refused):
        return text
    return read_mains(WeatherText(path=path, text=text))

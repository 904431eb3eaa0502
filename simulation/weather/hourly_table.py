"""Hourly tables as the Modelica library BuildSysPro holds the typical years of RT2012.

A line ``#1``, a line ``double name(rows, columns)``, then rows of numbers divided by white space
whose first is the middle of the hour in seconds of the year, solar time.
"""

import re

import numpy as np

from domain.refusal import Refused
from domain.units import HOUR_S
from simulation.number_file import NumberField, Place, numbered_lines
from simulation.weather.sun import sine_of_elevation
from simulation.weather.weather import Floats
from simulation.weather.year import (
    AIR,
    CODE,
    MAINS,
    SKY,
    SUN_W_PER_M2,
    WIND,
    YEAR_HOURS,
    WeatherText,
    WeatherYear,
)

_HEADING = re.compile(r"\s*(?:double|float)\s+\w+\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_FIRST_LINE = "#1"


def _sun(name: str) -> NumberField:
    return NumberField(name=name, meaning="W/m2", low=SUN_W_PER_M2[0], high=SUN_W_PER_M2[1])


_TIME = NumberField(name="time_s", meaning="seconds of the year", low=0.0, high=31_536_000.0)
_WEATHER_FIELDS = (
    _TIME,
    _sun("direct_normal"),
    _sun("diffuse_horizontal"),
    AIR,
    NumberField(name="dew_point_c", meaning="a temperature in degC", low=-100.0, high=60.0),
    SKY,
    NumberField(name="pressure_pa", meaning="a pressure in Pa", low=40_000.0, high=120_000.0),
    NumberField(name="relative_humidity", meaning="a fraction", low=0.0, high=1.1),
    WIND,
    NumberField(name="wind_direction_deg", meaning="degrees", low=0.0, high=360.0),
    NumberField(name="latitude_deg", meaning="degrees", low=-90.0, high=90.0),
    NumberField(name="longitude_deg", meaning="degrees", low=-180.0, high=180.0),
)
_MAINS_FIELDS = (_TIME, MAINS)


def looks_like_table(text: str) -> bool:
    """Whether this may be such a file: its first line is #1."""
    return text.split("\n", maxsplit=1)[0].strip() == _FIRST_LINE


def read_table(file: WeatherText) -> WeatherYear | Refused:
    """The year in a table of twelve columns; the sun's beam is laid on the horizontal."""
    table = _rows(file, _WEATHER_FIELDS)
    if isinstance(table, Refused):
        return table
    sine = sine_of_elevation(float(table[0, 10]), table[:, 0])
    return WeatherYear(
        outdoor_temp_c=table[:, 3],
        sky_temp_c=table[:, 5],
        relative_humidity_frac=np.minimum(table[:, 7], 1.0),
        wind_m_per_s=table[:, 8],
        solar_w_per_m2=table[:, 1] * sine + table[:, 2],
    )


def read_mains(file: WeatherText) -> Floats | Refused:
    """Mains water (8760,) in a table of two columns."""
    table = _rows(file, _MAINS_FIELDS)
    return table if isinstance(table, Refused) else table[:, 1]


def _rows(file: WeatherText, fields: tuple[NumberField, ...]) -> Floats | Refused:
    """All rows, (8760, n_fields)."""
    lines = list(numbered_lines(file.text))
    problem = _heading_problem(file, lines, len(fields))
    if problem is not None:
        return problem
    rows: list[list[float]] = []
    for number, line in lines[2:]:
        row = _row(line, fields, Place(path=file.path, code=CODE, line=number), len(rows))
        if isinstance(row, Refused):
            return row
        rows.append(row)
    if len(rows) != YEAR_HOURS:
        last = Place(path=file.path, code=CODE, line=lines[-1][0])
        return last.refused(f"{YEAR_HOURS} rows, one an hour", found=f"{len(rows)} rows")
    return np.array(rows, dtype=np.float64)


def _heading_problem(
    file: WeatherText, lines: list[tuple[int, str]], n_columns: int
) -> Refused | None:
    if lines[0][1].strip() != _FIRST_LINE:
        place = Place(path=file.path, code=CODE, line=lines[0][0])
        return place.refused(_FIRST_LINE, found=lines[0][1])
    number, line = lines[1] if len(lines) > 1 else (2, "")
    match = _HEADING.match(line)
    if match is not None and tuple(map(int, match.groups())) == (YEAR_HOURS, n_columns):
        return None
    place = Place(path=file.path, code=CODE, line=number)
    return place.refused(f"a heading double name({YEAR_HOURS},{n_columns})", found=line.strip())


def _row(
    line: str, fields: tuple[NumberField, ...], place: Place, row: int
) -> list[float] | Refused:
    cells = line.split()
    if len(cells) != len(fields):
        return place.refused(f"{len(fields)} columns", found=f"{len(cells)} columns")
    values: list[float] = []
    for cell, field in zip(cells, fields, strict=True):
        value = place.number(cell, field)
        if isinstance(value, Refused):
            return value
        values.append(value)
    middle_s = HOUR_S * (row + 0.5)
    if values[0] != middle_s:
        expected = f"{middle_s:g}, the middle of the hour, for rows follow hour by hour"
        return place.refused(expected, field=_TIME.name, found=cells[0])
    return values

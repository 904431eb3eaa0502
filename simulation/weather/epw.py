"""EnergyPlus weather files (EPW): 8 lines of heading, then 8760 rows of 35 columns.

Columns and their missing values: EnergyPlus, Auxiliary Programs, "EnergyPlus Weather File (EPW)
Data Dictionary".
"""

import numpy as np

from domain.refusal import Refused
from simulation.number_file import NumberField, Place, numbered_lines
from simulation.weather.weather import Floats
from simulation.weather.year import (
    AIR,
    CODE,
    SUN_W_PER_M2,
    WIND,
    YEAR_HOURS,
    WeatherText,
    WeatherYear,
)

_HEADING_LINES = 8
_LEAST_COLUMNS = 22  #: Up to the wind speed; some writers leave out what follows.
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH, _DAY, _HOUR = 1, 2, 3
_STEFAN_BOLTZMANN_W_PER_M2_K4 = 5.670_374e-8
_ZERO_C_IN_K = 273.15

#: Column (from 0) and what it may hold. The format's marks for a missing value (99.9, 999, 9999)
#: lie outside on purpose: a gap is refused, not filled.
_FIELDS = (
    (6, AIR),
    (8, NumberField(name="relative_humidity", meaning="a percentage", low=0.0, high=110.0)),
    (12, NumberField(name="horizontal_infrared", meaning="W/m2", low=50.0, high=800.0)),
    (
        13,
        NumberField(
            name="global_horizontal", meaning="W/m2", low=SUN_W_PER_M2[0], high=SUN_W_PER_M2[1]
        ),
    ),
    (21, WIND),
)


def looks_like_epw(text: str) -> bool:
    """Whether this may be such a file: its first line begins with LOCATION."""
    return text.lstrip().upper().startswith("LOCATION,")


def read_epw(file: WeatherText) -> WeatherYear | Refused:
    """The year in an EPW file; a 29 February is left out."""
    rows: list[list[float]] = []
    calendar = _calendar()
    for number, line in numbered_lines(file.text):
        if number <= _HEADING_LINES:
            continue
        place = Place(path=file.path, code=CODE, line=number)
        cells = line.split(",")
        if len(cells) < _LEAST_COLUMNS:
            expected = f"at least {_LEAST_COLUMNS} columns divided by commas"
            return place.refused(expected, found=f"{len(cells)} columns")
        if (cells[_MONTH].strip(), cells[_DAY].strip()) == ("2", "29"):
            continue
        problem = _misdated(cells, len(rows), calendar, place)
        values = _numbers(cells, place) if problem is None else problem
        if isinstance(values, Refused):
            return values
        rows.append(values)
    if len(rows) != YEAR_HOURS:
        last = Place(path=file.path, code=CODE, line=file.text.count("\n") + 1)
        return last.refused(f"{YEAR_HOURS} rows, one an hour", found=f"{len(rows)} rows")
    return _year(np.array(rows, dtype=np.float64))


def _calendar() -> list[tuple[int, int, int]]:
    """Month, day and hour (1 to 24) of each row of a year."""
    return [
        (month, day, hour)
        for month, days in enumerate(_MONTH_DAYS, start=1)
        for day in range(1, days + 1)
        for hour in range(1, 25)
    ]


def _misdated(
    cells: list[str], row: int, calendar: list[tuple[int, int, int]], place: Place
) -> Refused | None:
    found = "/".join(cells[column].strip() for column in (_MONTH, _DAY, _HOUR))
    if row >= YEAR_HOURS:
        return place.refused(f"the end of the file after {YEAR_HOURS} hours", found=found)
    month, day, hour = calendar[row]
    stamps = {f"{month}/{day}/{hour}", f"{month:02}/{day:02}/{hour:02}"}
    if found in stamps:
        return None
    expected = f"month/day/hour {month}/{day}/{hour}, for rows follow hour by hour"
    return place.refused(expected, field="date", found=found)


def _numbers(cells: list[str], place: Place) -> list[float] | Refused:
    values: list[float] = []
    for column, field in _FIELDS:
        value = place.number(cells[column], field)
        if isinstance(value, Refused):
            return value
        values.append(value)
    return values


def _year(table: Floats) -> WeatherYear:
    """``table`` is (8760, 5), in the order of the fields."""
    infrared = table[:, 2] / _STEFAN_BOLTZMANN_W_PER_M2_K4
    return WeatherYear(
        outdoor_temp_c=table[:, 0],
        sky_temp_c=np.asarray(infrared**0.25 - _ZERO_C_IN_K, dtype=np.float64),
        relative_humidity_frac=np.minimum(table[:, 1] / 100.0, 1.0),
        wind_m_per_s=table[:, 4],
        solar_w_per_m2=table[:, 3],
    )

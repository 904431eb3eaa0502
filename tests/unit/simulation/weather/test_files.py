"""Weather files as other programs write them, well made and otherwise."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from domain.refusal import Refused
from simulation.weather.reading import read_weather
from simulation.weather.sun import sine_of_elevation
from simulation.weather.weather import Weather
from simulation.weather.zones import ZONES

MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEAR_HOURS = 8760
Lines = list[str]


def air_c(hour: int) -> float:
    """Any year will do, if each hour of it can be recognised."""
    return 10.0 + (hour % 24) / 10 + (hour // 24) / 100


def epw_row(month: int, day: int, hour: int, temp_c: float) -> str:
    flags = "?9?9?9?9"
    return (
        f"2001,{month},{day},{hour},0,{flags},{temp_c},5.0,80,101325,0,0,315,250,300,90,"
        "0,0,0,0,180,3.5,5,5,20,77777,9,999999999,100,0.1,0,88,0,0,0"
    )


def epw_lines(*, leap: bool = False) -> Lines:
    heading = ["LOCATION,Somewhere,-,FRA,TMY,071490,48.73,2.4,1.0,96.0"]
    heading += [f"HEADING {number}" for number in range(7)]
    rows: Lines = []
    count = 0
    for month, days in enumerate(MONTH_DAYS, start=1):
        for day in range(1, days + 1 + (leap and month == 2)):
            is_leap_day = (month, day) == (2, 29)
            for hour in range(1, 25):
                rows.append(epw_row(month, day, hour, -3.0 if is_leap_day else air_c(count)))
                count += not is_leap_day
    return heading + rows


def table_lines() -> Lines:
    heading = ["#1", "double data(8760,12) #Columns: Time(s); FDIRN; FDIFH; Tdry; ..."]
    return heading + [
        f"{1800 + 3600 * hour}\t400\t100\t{air_c(hour):.4f}\t4\t-3.5\t103100\t0.8\t2\t180\t48.8\t2"
        for hour in range(YEAR_HOURS)
    ]


def mains_lines() -> Lines:
    rows = [f"{1800 + 3600 * hour}\t{8 + hour / 1000:.3f}" for hour in range(YEAR_HOURS)]
    return ["#1", "double data(8760,2) #Columns: Time(s); Cold water temperature", *rows]


def written(path: Path, lines: Lines) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(
    path: Path, *, start_plant_s: float = 0.0, n_hours: int = YEAR_HOURS, mains: Path | None = None
) -> Weather | Refused:
    return read_weather(
        path, zone="H1a", start_plant_s=start_plant_s, n_hours=n_hours, mains_path=mains
    )


def accepted(weather: Weather | Refused) -> Weather:
    assert isinstance(weather, Weather), weather
    return weather


def refusal(weather: Weather | Refused) -> Refused:
    assert isinstance(weather, Refused)
    assert weather.code == "simulation.weather"
    return weather


def test_an_epw_file_gives_each_hour_its_values(tmp_path: Path) -> None:
    weather = accepted(read(written(tmp_path / "a.epw", epw_lines())))

    assert weather.outdoor_temp_c == pytest.approx([air_c(hour) for hour in range(YEAR_HOURS)])
    assert weather.relative_humidity_frac == pytest.approx(0.8)
    assert weather.wind_m_per_s == pytest.approx(3.5)
    assert weather.solar_w_per_m2 == pytest.approx(250.0)
    # A black body of 0 degC radiates 315.7 W/m2.
    assert weather.sky_temp_c == pytest.approx(-0.14, abs=0.05)


def test_the_leap_day_of_an_epw_file_is_left_out(tmp_path: Path) -> None:
    weather = accepted(read(written(tmp_path / "a.epw", epw_lines(leap=True))))

    assert weather.n_hours == YEAR_HOURS
    assert weather.outdoor_temp_c.min() == pytest.approx(10.0)


def test_a_table_lays_the_beam_on_the_horizontal(tmp_path: Path) -> None:
    weather = accepted(read(written(tmp_path / "a.txt", table_lines())))
    sine = sine_of_elevation(48.8, 1800 + 3600.0 * np.arange(YEAR_HOURS, dtype=np.float64))

    assert weather.outdoor_temp_c == pytest.approx([air_c(hour) for hour in range(YEAR_HOURS)])
    assert weather.sky_temp_c == pytest.approx(-3.5)
    assert weather.solar_w_per_m2 == pytest.approx(400 * sine + 100)


def test_the_year_of_a_file_begins_again_when_it_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", table_lines())
    start_s = 3600.0 * (YEAR_HOURS - 2) + 365 * 86_400.0
    weather = accepted(read(path, start_plant_s=start_s, n_hours=5))

    hours = [YEAR_HOURS - 2, YEAR_HOURS - 1, 0, 1, 2]
    assert weather.outdoor_temp_c == pytest.approx([air_c(hour) for hour in hours])
    assert weather.start_plant_s == start_s


def test_mains_water_follows_the_zone_and_the_warmth_of_the_file(tmp_path: Path) -> None:
    weather = accepted(read(written(tmp_path / "a.epw", epw_lines())))
    shift_k = weather.outdoor_temp_c.mean() - ZONES["H1a"].mean_temp_c

    assert shift_k == pytest.approx(0.89, abs=0.05)
    assert weather.mains_temp_c.mean() == pytest.approx(12.6 + shift_k, abs=0.1)


def test_mains_water_of_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "a.epw", epw_lines())
    mains = written(tmp_path / "mains.txt", mains_lines())
    weather = accepted(read(path, mains=mains))

    assert weather.mains_temp_c == pytest.approx([8 + hour / 1000 for hour in range(YEAR_HOURS)])


def cell(column: int, value: str, *, row: int = 100) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        cells = lines[row].split(",")
        cells[column] = value
        return [*lines[:row], ",".join(cells), *lines[row + 1 :]]

    return change


EPW_FAULTS: dict[str, tuple[Callable[[Lines], Lines], int | None, str]] = {
    "text in place of a number": (cell(6, "warm"), 101, "field dry_bulb_c: expected a temp"),
    "a NaN": (cell(6, "nan"), 101, "found 'nan'"),
    "an infinite wind": (cell(21, "inf"), 101, "field wind_m_per_s: expected a speed"),
    "the mark of a missing temperature": (cell(6, "99.9"), 101, "from -90 to 60, found '99.9'"),
    "the mark of a missing humidity": (cell(8, "999"), 101, "field relative_humidity"),
    "the mark of a missing sky": (cell(12, "9999"), 101, "field horizontal_infrared"),
    "a sun below zero": (cell(13, "-5"), 101, "field global_horizontal: expected W/m2"),
    "nothing in a cell": (cell(6, ""), 101, "found nothing"),
    "an hour twice": (lambda lines: [*lines[:101], *lines[100:]], 102, "field date: expected"),
    "an hour left out": (lambda lines: [*lines[:100], *lines[101:]], 101, "hour by hour"),
    "a column left out": (lambda lines: [*lines[:50], "1,2,3"], 51, "found '3 columns'"),
    "its second half cut off": (lambda lines: lines[:4000], None, "8760 rows, one an hour"),
    "no row at all": (lambda lines: lines[:8], None, "found '0 rows'"),
    "a second year": (lambda lines: lines + lines[8:], 8769, "the end of the file"),
}


@pytest.mark.parametrize("fault", EPW_FAULTS)
def test_an_epw_file_is_refused_with_line_and_reason_for(fault: str, tmp_path: Path) -> None:
    change, line, words = EPW_FAULTS[fault]
    path = written(tmp_path / "bad.epw", change(epw_lines()))
    refused = refusal(read(path))

    assert str(path) in refused.sentence
    assert words in refused.sentence
    assert line is None or refused.line == line


TABLE_FAULTS: dict[str, tuple[Callable[[Lines], Lines], int, str]] = {
    "a heading of another size": (
        lambda lines: [lines[0], "double data(100,12)", *lines[2:]],
        2,
        "expected a heading double name(8760,12)",
    ),
    "no second line": (lambda lines: lines[:1], 2, "found nothing"),
    "rows missing at the end": (lambda lines: lines[:5000], 5000, "found '4998 rows'"),
    "a column too many": (
        lambda lines: [*lines[:9], lines[9] + "\t1", *lines[10:]],
        10,
        "expected 12 columns, found '13 columns'",
    ),
    "an hour out of order": (
        lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]],
        10,
        "field time_s: expected 27000",
    ),
    "a humidity in per cent": (
        lambda lines: [*lines[:9], lines[9].replace("\t0.8\t", "\t80\t"), *lines[10:]],
        10,
        "field relative_humidity: expected a fraction",
    ),
    "a NaN": (
        lambda lines: [*lines[:9], lines[9].replace("\t0.8\t", "\tNaN\t"), *lines[10:]],
        10,
        "found 'NaN'",
    ),
}


@pytest.mark.parametrize("fault", TABLE_FAULTS)
def test_a_table_is_refused_with_line_and_reason_for(fault: str, tmp_path: Path) -> None:
    change, line, words = TABLE_FAULTS[fault]
    refused = refusal(read(written(tmp_path / "bad.txt", change(table_lines()))))

    assert words in refused.sentence
    assert refused.line == line


def test_mains_water_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", table_lines())
    refused = refusal(read(path, mains=written(tmp_path / "mains.csv", ["12;13"])))

    assert "mains.csv, line 1: expected #1" in refused.sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xff\xfe\x00binary\x00", "line 1: expected LOCATION"),
        (b"time;temp\n0;12\n", "line 1: expected LOCATION"),
        (b"LOCATION,\xe9t\xe9\n" + b"x\n" * 8, "at least 22 columns"),
    ],
)
def test_what_is_no_weather_file_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "what"
    path.write_bytes(content)

    assert words in refusal(read(path)).sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(read(tmp_path / "nowhere.epw")).sentence
    assert "cannot be read" in refusal(read(tmp_path)).sentence

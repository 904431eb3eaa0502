"""A file of indexes is read to the last digit, or refused with every line that is wrong."""

import pytest

from domain.calendar.months import begin_of
from metering.readings.parsing import (
    LARGEST_BYTES,
    MOST_NAMED,
    MOST_ROWS,
    IndexFile,
    WrongFile,
    read_index_file,
)

NOW_S = begin_of(202612)
HEAD = "meter;timestamp;index_kwh"
JANUARY_S = begin_of(202601)


def read(text: str | bytes, serial: str | None = None) -> IndexFile | WrongFile:
    content = text if isinstance(text, bytes) else text.encode("utf-8")
    return read_index_file(content, serial, NOW_S)


def told(text: str | bytes, serial: str | None = None) -> list[tuple[str, float, int]]:
    found = read(text, serial)
    assert isinstance(found, IndexFile), found
    return [(row.serial, row.taken_at_s, row.index_wh) for row in found.rows]


def refused(text: str | bytes, serial: str | None = None) -> list[tuple[int, str]]:
    found = read(text, serial)
    assert isinstance(found, WrongFile), found
    return [(item.line, item.sentence) for item in found.lines]


def line(cells: str) -> list[tuple[int, str]]:
    """What is said of a file with this one line under the usual head."""
    return refused(f"{HEAD}\n{cells}\n")


@pytest.mark.parametrize(
    "text",
    [
        "meter;timestamp;index_kwh;quality\nH-1;2026-01-01T00:00:00+01:00;12345.678;valid\n",
        "\ufeffmeter;timestamp;index_kwh\r\nH-1;2025-12-31T23:00:00Z;12345,678\r\n",
        "timestamp,index_wh,meter\n2026-01-01T00:00:00+01:00,12345678,H-1\n",
        "meter\ttimestamp\tindex_mwh\nH-1\t2026-01-01 00:00\t12,345678\n",
        "Meter;Timestamp;Index;Unit\nH-1;01/01/2026 00:00;12345678;Wh\n",
        'meter;timestamp;index_kwh\n"H-1";"2026-01-01 00:00:00";"12345.678"\n\n\n',
        "meter;timestamp;index_gj\nH-1;01/01/2026 00:00:00;44,4444408\n",
    ],
)
def test_every_layout_says_the_same(text: str) -> None:
    assert told(text) == [("H-1", JANUARY_S, 12_345_678)]


def test_the_meter_may_be_named_outside_and_a_serial_that_was_made_harmless_is_read_back() -> None:
    assert told("timestamp;index_kwh\n2026-01-01 00:00;1\n", "H-1") == [("H-1", JANUARY_S, 1000)]
    assert told(f"{HEAD}\n'-H1;2026-01-01 00:00;1\n") == [("-H1", JANUARY_S, 1000)]


def test_milliseconds_stay_and_the_nearest_watt_hour_stands_for_a_gigajoule() -> None:
    text = "meter;timestamp;index_gj\nH-1;2026-01-01T00:00:00.250+01:00;0.001\n"

    assert told(text) == [("H-1", JANUARY_S + 0.25, 278)]


def test_lines_that_call_themselves_no_index_of_the_meter_are_left_out_and_counted() -> None:
    lines = [
        f"H-1;2026-01-01 0{n}:00;{n};{word}"
        for n, word in enumerate(("valid", "estimated", "Rejected", "", "questionable"))
    ]

    found = read("\n".join([f"{HEAD};quality", *lines]))

    assert isinstance(found, IndexFile)
    assert (len(found.rows), found.left_out) == (3, 2)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("H-1;2026-01-01 00:00;=1+1", "is a formula"),
        ("H-1;2026-01-01 00:00;+12", "is a formula"),
        ("@SUM(A1);2026-01-01 00:00;12", "is a formula"),
        ("H-1;2026-01-01 00:00;-12", "none is below nought"),
        ("H-1;2026-01-01 00:00;", "there is no index"),
        ("H-1;2026-01-01 00:00;12 345,6", "no plain number"),
        ("H-1;2026-01-01 00:00;12.345,6", "no plain number"),
        ("H-1;2026-01-01 00:00;1e6", "no plain number"),
        ("H-1;2026-01-01 00:00;nan", "no plain number"),
        ("H-1;2026-01-01 00:00;\u0661\u0662", "no plain number"),
        ("H-1;2026-01-01 00:00;1.23456", "finer than a watt-hour"),
        ("H-1;2026-01-01 00:00;9999999999999999", "more than any register"),
        ("H-1;2027-01-01 00:00;12", "has not come yet"),
        ("H-1;2026-02-30 00:00;12", "no such day"),
        ("H-1;2026-01-01 25:00;12", "no such day or hour"),
        ("H-1;1998-01-01 00:00;12", "before the year 2000"),
        ("H-1;01-31-2026 00:00;12", "the time is"),
        ("H-1;2026-01-01;12", "the time is"),
        ("H-1;2026-01-01T00:00+99:00;12", "no place has that distance"),
        ("H-1;2026-10-25 02:30;12", "came twice that night"),
        ("H-1;2026-03-29 02:30;12", "never was"),
        (";2026-01-01 00:00;12", "no serial number"),
        ("H-1;2026-01-01 00:00;12;x", "4 cells where the first line has 3"),
        ("H-1;2026-01-01 00:00", "2 cells where the first line has 3"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_its_reason(cells: str, said: str) -> None:
    ((number, sentence),) = line(cells)

    assert number == 2
    assert said in sentence


def test_both_hours_of_the_night_can_be_told_apart_by_their_distance_to_utc() -> None:
    first, second = told(f"{HEAD}\nH-1;2026-10-25T02:30+02:00;1\nH-1;2026-10-25T02:30+01:00;2\n")

    assert second[1] - first[1] == 3600.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        (f"{HEAD}\n", "there is no index in this file"),
        ("H-1;2026-01-01 00:00;12\n", "the first line must name the columns"),
        ("meter;timestamp;index\nH-1;2026-01-01 00:00;1\n", "say the unit of the index"),
        ("meter;timestamp;index_kwh;index_wh\n", "say the unit of the index"),
        ("meter;timestamp;index_kwh;unit\n", "say the unit of the index"),
        ("meter;timestamp;timestamp;index_kwh\n", "stands twice"),
        ("meter;index_kwh\n", "no column timestamp"),
        ("timestamp;index_kwh\n", "no column meter"),
        (f"{HEAD}\n".encode("utf-16"), "not UTF-8"),
        (f"{HEAD}\nK\xe9-1;2026-01-01 00:00;1\n".encode("latin-1"), "not UTF-8"),
        (f"{HEAD}\nH\0-1;2026-01-01 00:00;1\n", "zero byte"),
        (b"PK\x03\x04 and so on", "save the sheet as CSV"),
        ('meter;timestamp;index_kwh\n"H-1;2026-01-01 00:00;1\n', "unexpected end of data"),
        ("meter;timestamp;index;unit\nH-1;2026-01-01 00:00;1;kW\n", "not Wh, kWh, MWh or GJ"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text: str | bytes, said: str) -> None:
    assert any(said in sentence for _, sentence in refused(text))


def test_a_column_and_an_option_do_not_both_name_the_meter() -> None:
    ((number, sentence),) = refused(f"{HEAD}\nH-1;2026-01-01 00:00;1\n", "H-2")

    assert number == 1
    assert "--meter cannot name another" in sentence


def test_marks_that_may_group_thousands_are_not_guessed_at() -> None:
    ((number, sentence),) = refused(
        f"{HEAD}\nH-1;2026-01-01 00:00;12,5\nH-1;2026-01-01 01:00;12.900\n"
    )

    assert number == 3
    assert "group thousands" in sentence


def test_commas_between_cells_and_before_decimals_are_told_from_one_another() -> None:
    ((_, sentence),) = refused("meter,timestamp,index_kwh\nH-1,2026-01-01 00:00,12,5\n")

    assert "decimals need a point" in sentence


def test_of_many_wrong_lines_the_first_are_named_and_all_counted() -> None:
    found = read("\n".join([HEAD, *["H-1;2026-01-01 00:00;x"] * 50]))

    assert isinstance(found, WrongFile)
    assert (len(found.lines), found.count) == (MOST_NAMED, 50)
    assert found.refusal.line == 2
    assert "49 more lines are wrong. Nothing was taken in." in found.refusal.sentence


def test_a_gigantic_file_is_refused() -> None:
    (by_size,) = refused(b"x" * (LARGEST_BYTES + 1))
    (by_rows,) = refused("\n".join([HEAD, *["H-1;2026-01-01 00:00;1"] * (MOST_ROWS + 1)]))

    assert "several files" in by_size[1]
    assert by_rows == (
        MOST_ROWS + 2,
        f"there are more than {MOST_ROWS} rows; send them in several files",
    )

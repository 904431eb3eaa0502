from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import months, paris

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("year", [1996, 2024, 2026, 2038, 2050])
def test_the_zone_is_that_of_the_zone_file_around_each_change_and_in_between(year: int) -> None:
    begin_s = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    for hour in range(0, 366 * 24, 1):
        instant_s = begin_s + 3600.0 * hour
        expected = datetime.fromtimestamp(instant_s, PARIS).utcoffset()
        assert paris.zone_at(instant_s).utcoffset(None) == expected


def test_the_hour_that_comes_twice_reads_as_two_instants() -> None:
    first_s = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()

    assert paris.write_instant(first_s) == "2026-10-25T02:30:00+02:00"
    assert paris.write_instant(first_s + 3600.0) == "2026-10-25T02:30:00+01:00"


def test_what_was_written_is_read_back_to_the_millisecond() -> None:
    text = paris.write_instant(1_780_000_000.1234)

    assert text.endswith(".123+02:00")
    assert paris.read_instant(text) == 1_780_000_000.123
    with pytest.raises(ValueError, match="distance"):
        paris.read_instant("2026-01-01T00:00:00")


def test_the_first_instant_of_a_month_is_midnight_of_its_first_day() -> None:
    for month in (202601, 202604, 202607, 202611):
        assert paris.write_instant(months.begin_of(month))[8:19] == "01T00:00:00"
        assert paris.date_at(months.begin_of(month) - 1.0)[:7] != months.write_month(month)

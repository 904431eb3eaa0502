"""Months of the clock in Paris, told without a zone file and held against one."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.months import (
    after,
    begin_of,
    first_day,
    later,
    month_of,
    month_of_day,
    months_between,
    months_through,
    parse_month,
    write_month,
    year_of,
)

PARIS = ZoneInfo("Europe/Paris")
MONTHS = [year * 100 + number for year in range(1996, 2051) for number in range(1, 13)]
#: The zone file knows the rules of 1996 and no later change.
FIRST_S, LAST_S = begin_of(199601), begin_of(209901)


@given(st.floats(FIRST_S, LAST_S, exclude_max=True))
def test_an_instant_lies_in_the_month_that_clocks_in_paris_show(instant_s: float) -> None:
    there = datetime.fromtimestamp(instant_s, PARIS)

    assert month_of(instant_s) == there.year * 100 + there.month


@pytest.mark.parametrize("month", MONTHS[::7])
def test_a_month_begins_at_midnight_in_paris(month: int) -> None:
    midnight = datetime(month // 100, month % 100, 1, tzinfo=PARIS)

    assert begin_of(month) == midnight.timestamp()
    assert month_of(begin_of(month)) == month
    assert month_of(begin_of(month) - 0.001) < month


def test_months_follow_one_another() -> None:
    assert [after(month) for month in MONTHS[:-1]] == MONTHS[1:]


@given(st.integers(0, len(MONTHS) - 1), st.integers(0, len(MONTHS) - 1))
def test_months_are_counted_forth_and_back(one: int, other: int) -> None:
    assert months_between(MONTHS[one], MONTHS[other]) == other - one
    assert later(MONTHS[one], other - one) == MONTHS[other]
    assert months_through(MONTHS[one], MONTHS[other]) == MONTHS[one : other + 1]


@pytest.mark.parametrize("month", MONTHS[::7])
def test_a_month_is_that_of_its_first_day(month: int) -> None:
    assert month_of_day(first_day(month)) == month
    assert first_day(month).day == 1
    assert year_of(month) == first_day(month).year


@pytest.mark.parametrize("month", [199601, 202612])
def test_a_month_is_read_as_it_is_written(month: int) -> None:
    assert parse_month(write_month(month)) == month


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "202601", "1995-12", "9999-01", "٢٠٢٦-01"]
)
def test_what_is_no_month_is_none(text: str) -> None:
    assert parse_month(text) is None

"""Months as bills count them: of the clock in Paris, written 202601 for January 2026.

Since 1996 clocks change on the last Sundays of March and October, so that the first days of April
to October begin at 22:00 UTC of the day before, and all others at 23:00. No zone file is needed,
and none is read: every end of a job asks.
"""

import re
from datetime import UTC, date, datetime, timedelta

_SUMMER_H, _WINTER_H = 2, 1
_SUMMER_MONTHS = range(4, 11)
_A_YEAR = 12
_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 1996, 9998


def month_of(instant_s: float) -> int:
    """The month in which an instant [Unix s] lies."""
    instant = datetime.fromtimestamp(instant_s, UTC)
    there = instant + timedelta(hours=_SUMMER_H)
    if there.month not in _SUMMER_MONTHS:
        there = instant + timedelta(hours=_WINTER_H)
    return month_of_day(there)


def month_of_day(day: date) -> int:
    """The month of a day, or of what clocks show."""
    return day.year * 100 + day.month


def year_of(month: int) -> int:
    """The year in which a month lies."""
    return month // 100


def first_day(month: int) -> date:
    """The day with which a month begins."""
    return date(*divmod(month, 100), 1)


def begin_of(month: int) -> float:
    """The first instant of a month [Unix s]."""
    year, number = divmod(month, 100)
    hours = _SUMMER_H if number in _SUMMER_MONTHS else _WINTER_H
    return (datetime(year, number, 1, tzinfo=UTC) - timedelta(hours=hours)).timestamp()


def after(month: int) -> int:
    """The month that follows."""
    return later(month, 1)


def later(month: int, count: int) -> int:
    """The month that comes so many months later; earlier, if they are negative."""
    year, number = divmod(month // 100 * _A_YEAR + month % 100 - 1 + count, _A_YEAR)
    return year * 100 + number + 1


def months_between(first: int, second: int) -> int:
    """How many months the second lies after the first."""
    return (second // 100 - first // 100) * _A_YEAR + second % 100 - first % 100


def months_through(first: int, last: int) -> list[int]:
    """The months from one to another, both counted."""
    return [later(first, count) for count in range(months_between(first, last) + 1)]


def parse_month(text: str) -> int | None:
    """The month that is written like ``2026-01``."""
    found = _WRITTEN.fullmatch(text)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return int(found[1]) * 100 + int(found[2])


def write_month(month: int) -> str:
    """As people write it."""
    return f"{month // 100:04d}-{month % 100:02d}"

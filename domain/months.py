"""Months as bills count them: of the clock in Paris, written 202601 for January 2026.

Since 1996 clocks change on the last Sundays of March and October, so that the first days of April
to October begin at 22:00 UTC of the day before, and all others at 23:00. No zone file is needed,
and none is read: every end of a job asks.
"""

import re
from datetime import UTC, datetime, timedelta

_SUMMER_H, _WINTER_H = 2, 1
_SUMMER_MONTHS = range(4, 11)
_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 1996, 9998


def month_of(instant_s: float) -> int:
    """The month in which an instant [Unix s] lies."""
    instant = datetime.fromtimestamp(instant_s, UTC)
    there = instant + timedelta(hours=_SUMMER_H)
    if there.month not in _SUMMER_MONTHS:
        there = instant + timedelta(hours=_WINTER_H)
    return there.year * 100 + there.month


def begin_of(month: int) -> float:
    """The first instant of a month [Unix s]."""
    year, number = divmod(month, 100)
    hours = _SUMMER_H if number in _SUMMER_MONTHS else _WINTER_H
    return (datetime(year, number, 1, tzinfo=UTC) - timedelta(hours=hours)).timestamp()


def after(month: int) -> int:
    """The month that follows."""
    return month + (89 if month % 100 == 12 else 1)  # noqa: PLR2004 - December


def parse_month(text: str) -> int | None:
    """The month that is written like ``2026-01``."""
    found = _WRITTEN.fullmatch(text)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return int(found[1]) * 100 + int(found[2])


def write_month(month: int) -> str:
    """As people write it."""
    return f"{month // 100:04d}-{month % 100:02d}"

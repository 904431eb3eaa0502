"""Single cells of a file of indexes: amounts with their unit, instants of the clock in Paris.

Each function raises ``ValueError`` with what is wrong, to be read after the number of the line.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from domain.calendar.paris_days import local

_NUMBER = re.compile(r"([0-9]{1,16})(?:([.,])([0-9]{1,9}))?")
_FORMULA = ("=", "+", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff20")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?\s?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_FRENCH = re.compile(
    r"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{4}) (?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d))?",
    re.ASCII,
)
_FIRST_YEAR = 2000
_LARGEST_WH = 2**62
_LONGEST_SHOWN = 40
_OFFSETS_H = (1, 2)  # of the clock in Paris


class Unit(StrEnum):
    """What an index is written in."""

    WH = "wh"
    KWH = "kwh"
    MWH = "mwh"
    GJ = "gj"

    @property
    def wh(self) -> Fraction:
        """One of it in watt-hours, exactly."""
        return _WH[self]


_WH = {
    Unit.WH: Fraction(1),
    Unit.KWH: Fraction(1000),
    Unit.MWH: Fraction(1_000_000),
    Unit.GJ: Fraction(10**9, 3600),
}


def unit_named(text: str) -> Unit:
    """The unit of this name."""
    try:
        return Unit(text.strip().lower())
    except ValueError:
        raise ValueError(f"the unit is {shown(text)}, not Wh, kWh, MWh or GJ") from None


def not_a_formula(cell: str) -> str:
    """The cell itself, where no spreadsheet would execute it."""
    if cell.lstrip(" ").startswith(_FORMULA):
        raise ValueError(f"the cell {shown(cell)} is a formula; write the value that it shows")
    return cell


def amount(cell: str) -> tuple[Decimal, str | None]:
    """A number that nothing was counted below, and the mark before its decimals, if any."""
    text = cell.strip()
    found = _NUMBER.fullmatch(text)
    if found is not None:
        return Decimal(text.replace(",", ".")), found[2]
    if not text:
        raise ValueError("there is no index")
    if text.startswith("-"):
        raise ValueError(f"the index is {shown(text)}, and none is below nought")
    raise ValueError(
        f"the index is {shown(text)}, which is no plain number; write digits alone, with one point "
        "or comma before decimals"
    )


def index_wh(number: Decimal, unit: Unit) -> int:
    """An index in watt-hours; one in GJ becomes the nearest, halves up."""
    exact = Fraction(number) * unit.wh
    if unit is not Unit.GJ and exact.denominator != 1:
        raise ValueError(f"the index {number} is finer than a watt-hour; round it to one")
    found = floor(exact + Fraction(1, 2))
    if found > _LARGEST_WH:
        raise ValueError(f"the index {number} is more than any register shows")
    return found


def instant(cell: str) -> float:
    """An instant [Unix s]; without an offset it is of the clock in Paris."""
    text = cell.strip()
    found = _ISO.fullmatch(text)
    offset = None
    if found is not None:
        year, month, day, hour, minute, second, fraction, offset = found.groups()
    else:
        french = _FRENCH.fullmatch(text)
        if french is None:
            raise ValueError(
                f"the time is {shown(text)}; write 2026-01-31T08:00:00+01:00, or by the clock in "
                "Paris 2026-01-31 08:00 or 31/01/2026 08:00"
            )
        names = ("year", "month", "day", "hour", "minute", "second")
        year, month, day, hour, minute, second = (french[name] for name in names)
        fraction = None
    try:
        day_of = date(int(year), int(month), int(day))
        hour_of = time(int(hour), int(minute), int(second or "0"), tzinfo=UTC)
    except ValueError:
        raise ValueError(f"the time is {shown(text)}, and there is no such day or hour") from None
    clock = datetime.combine(day_of, hour_of)
    if clock.year < _FIRST_YEAR:
        raise ValueError(f"the time is {shown(text)}, before the year {_FIRST_YEAR}; check it")
    rest_s = int((fraction or "0").ljust(3, "0")) / 1000
    return (_local_s(clock, text) if offset is None else _of(clock, offset, text)) + rest_s


def _of(clock: datetime, offset: str, text: str) -> float:
    if offset == "Z":
        return clock.timestamp()
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - of the zones that there are
        raise ValueError(f"the time is {shown(text)}, and no place has that distance to UTC")
    ahead = timedelta(hours=hours, minutes=minutes)
    zone = timezone(ahead if offset[0] == "+" else -ahead)
    return clock.replace(tzinfo=zone).timestamp()


def _local_s(clock: datetime, text: str) -> float:
    wall = clock.replace(tzinfo=None)
    possible = [clock.timestamp() - hours * 3600 for hours in _OFFSETS_H]
    found = [at_s for at_s in possible if local(at_s).replace(tzinfo=None) == wall]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"the time {shown(text)} came twice that night, when clocks went back; write it with "
            "its distance to UTC, +02:00 or +01:00"
        )
    raise ValueError(
        f"the time {shown(text)} never was: clocks went forward that night; check it, or write the "
        "distance to UTC"
    )


def shown(text: str) -> str:
    """A cell as a sentence shows it."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")

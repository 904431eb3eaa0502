"""Instants as people type them: ``now+2hours``, ``16:00``, an ISO date, ``-2d``, ``yesterday``."""

import re
from bisect import bisect_right
from datetime import datetime, timedelta, tzinfo

_DELTA = re.compile(r"(?:now)?\s*([+-])\s*(\d{1,9})\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONG_UNITS = {
    "": "s",
    "sec": "s",
    "second": "s",
    "min": "m",
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_US_DATE = re.compile(
    r"(?P<month>\d{1,2})(?P<mark>[./])(?P<day>\d{1,2})(?:(?P=mark)(?P<year>\d{2}))?"
    r"|(?P<month2>\d{2})(?P<day2>\d{2})(?P<year2>\d{2})?",
    re.ASCII,
)
_UNIX = re.compile(r"uts(\d{7,12})", re.ASCII)
_NAMED_CLOCKS = {"midnight": 0, "noon": 12, "elevenses": 11, "fika": 15, "teatime": 16}
_NAMED_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_HOURS_PER_HALF_DAY = 12
_CENTURY = 2000


def parse_instant_s(
    text: str, *, now_s: float, zone: tzinfo, is_past: bool = False
) -> float | None:
    """Unix time of ``text``; None when it names no instant.

    A clock time without a date is the next time the clock shows it, a date without a year the
    next such day, or the last where ``is_past``; a date without a clock time begins at midnight.
    All in ``zone`` unless the text carries its own offset. Where the clock is put back, the hour
    that it shows twice is the first of the two; what it leaves out when it is put forward is read
    as if it had not been yet.
    """
    text = text.strip()
    if text.lower() == "now":
        return now_s
    if delta := _DELTA.fullmatch(text):
        return _after(delta, now_s)
    if unix := _UNIX.fullmatch(text):
        return float(unix[1])
    try:
        own = _with_offset(text)
        if own is not None:
            return own
        shown = _calendar(text, datetime.fromtimestamp(now_s, zone), is_past=is_past)
        return None if shown is None else shown.timestamp()
    except (ValueError, OverflowError, OSError):
        return None  # the calendar has no such day


def at_a_change(text: str, *, now_s: float, zone: tzinfo) -> str | None:
    """What to say of a text that names a moment which the clock shows twice, or never."""
    text = text.strip()
    if _DELTA.fullmatch(text) or _UNIX.fullmatch(text):
        return None
    try:
        now = datetime.fromtimestamp(now_s, zone)
        shown = None if _with_offset(text) else _calendar(text, now, is_past=False)
        return None if shown is None else _trouble_of(shown)
    except (ValueError, OverflowError, OSError):
        return None


def _trouble_of(shown: datetime) -> str | None:
    first_s, second_s = (shown.replace(fold=fold).timestamp() for fold in (0, 1))
    if first_s == second_s:
        return None
    meant = datetime.fromtimestamp(shown.timestamp(), shown.tzinfo).isoformat(timespec="minutes")
    happens = "shows that twice" if first_s < second_s else "leaves that out"
    return f"the clock {happens}; {meant} is meant"


def _after(delta: re.Match[str], now_s: float) -> float | None:
    word = delta[3].lower()
    unit = word if word in _UNITS_S else _LONG_UNITS.get(word.removesuffix("s"))
    if unit is None:
        return None
    seconds = int(delta[2]) * _UNITS_S[unit]
    return now_s + seconds if delta[1] == "+" else now_s - seconds


def _with_offset(text: str) -> float | None:
    """An ISO instant that carries its own offset, as programs write it."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.timestamp() if instant.tzinfo is not None else None


def _calendar(text: str, now: datetime, *, is_past: bool) -> datetime | None:
    day_text, clock_text = _split_day(text)
    clock = _clock(clock_text) if clock_text else None
    if clock_text and clock is None:
        return None
    if not day_text:
        if clock is None:
            return None
        return _time_of_day(clock, now, is_past=is_past)
    return _day(day_text, clock or timedelta(), now, is_past=is_past)


def _split_day(text: str) -> tuple[str, str]:
    """The day and the clock part: ``2026-01-31T08:00``, ``1/31-8:00``, ``8:00 tomorrow``."""
    if _clock(text) is not None:
        return "", text
    for mark in (" ", "T", "t", "-"):
        for head, _, tail in (text.partition(mark), text.rpartition(mark)):
            if head and _clock(tail.strip()) is not None:
                return head.strip(), tail.strip()
            if tail and _clock(head.strip()) is not None:
                return tail.strip(), head.strip()
    return text, ""


def _clock(text: str) -> timedelta | None:
    if text.lower() in _NAMED_CLOCKS:
        return timedelta(hours=_NAMED_CLOCKS[text.lower()])
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()
    if half and not 1 <= hour <= _HOURS_PER_HALF_DAY:
        return None
    if half:
        hour = hour % _HOURS_PER_HALF_DAY + (_HOURS_PER_HALF_DAY if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - the face of a clock
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _time_of_day(clock: timedelta, now: datetime, *, is_past: bool) -> datetime:
    today = _midnight(now) + clock
    days = [today + timedelta(days=number) for number in (-1, 0, 1)]
    moments = [moment for day in days for moment in _moments(day)]
    # Compared as instants: on one night the clock shows an hour twice.
    place = bisect_right(moments, now.timestamp(), key=datetime.timestamp)
    return moments[place - 1 if is_past else place]


def _moments(shown: datetime) -> list[datetime]:
    """Each moment at which the clock shows this; two where it is put back."""
    again = shown.replace(fold=1)
    return [shown, again] if again.timestamp() > shown.timestamp() else [shown]


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _day(text: str, clock: timedelta, now: datetime, *, is_past: bool) -> datetime | None:
    midnight = _midnight(now)
    if text.lower() in _NAMED_DAYS:
        return midnight + timedelta(days=_NAMED_DAYS[text.lower()]) + clock
    if iso := _ISO_DATE.fullmatch(text):
        return midnight.replace(year=int(iso[1]), month=int(iso[2]), day=int(iso[3])) + clock
    found = _US_DATE.fullmatch(text)
    if found is None:
        return None
    month = int(found["month"] or found["month2"])
    day = int(found["day"] or found["day2"])
    year_text = found["year"] or found["year2"]
    if year_text:
        return midnight.replace(year=_CENTURY + int(year_text), month=month, day=day) + clock
    this_year = midnight.replace(month=month, day=day) + clock
    if is_past:
        return this_year if this_year <= now else this_year.replace(year=now.year - 1)
    return this_year if this_year > now else this_year.replace(year=now.year + 1)

"""Time limits: ``30`` is minutes, ``30:00`` too, ``1-12`` is a day and a half."""

import re

from domain.units import DAY_S, HOUR_S, MINUTE_S

_DAYS_FIRST = re.compile(r"(\d{1,9})-(?:(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}))?)?)?", re.ASCII)
_MINUTES_FIRST = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)
_HOURS_FIRST = re.compile(r"(\d{1,9}):(\d{1,9}):(\d{1,9})", re.ASCII)
_WITHOUT_LIMIT = frozenset({"-1", "infinite", "unlimited"})

NO_LIMIT_S = 0


def parse_time_limit_s(text: str) -> int | None:
    """Seconds, rounded up to a whole minute; None when ``text`` is no duration.

    ``NO_LIMIT_S`` stands for the ways to ask for no limit at all (``0``, ``UNLIMITED``, ``-1``).
    """
    total_s = parse_duration_s(text)
    return None if total_s is None else -(-total_s // MINUTE_S) * MINUTE_S


def parse_duration_s(text: str) -> int | None:
    """The same to the second. The fields have no upper bound: ``90:00:00`` is 90 hours."""
    if text.lower() in _WITHOUT_LIMIT:
        return NO_LIMIT_S
    days = hours = minutes = seconds = 0
    if found := _DAYS_FIRST.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    elif found := _HOURS_FIRST.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in found.groups())
    elif found := _MINUTES_FIRST.fullmatch(text):
        minutes, seconds = (int(part or 0) for part in found.groups())
    else:
        return None
    return days * DAY_S + hours * HOUR_S + minutes * MINUTE_S + seconds


def describe_duration(duration_s: int) -> str:
    """The duration as Slurm prints it, ``D-HH:MM:SS`` or ``HH:MM:SS``."""
    days, rest_s = divmod(duration_s, DAY_S)
    hours, rest_s = divmod(rest_s, HOUR_S)
    minutes, seconds = divmod(rest_s, MINUTE_S)
    clock = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    return f"{days}-{clock}" if days else clock

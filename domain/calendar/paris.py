"""The clock of Paris, written with its distance to UTC, so that a night of 25 hours reads plainly.

Summer time goes from the last Sunday of March to that of October, changing at 01:00 UTC (directive
2000/84/EC; so in France since 1996). No zone file is needed: a statement is read and written alike
on every machine.
"""

from datetime import UTC, datetime, timedelta, timezone

_SUMMER, _WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
_LAST_OF_MONTH = 31  # of March and of October alike
_MS = 1000


def zone_at(instant_s: float) -> timezone:
    """The distance to UTC that held, or will hold, at an instant [Unix s]."""
    year = datetime.fromtimestamp(instant_s, UTC).year
    is_summer = _change(year, 3) <= instant_s < _change(year, 10)
    return _SUMMER if is_summer else _WINTER


def write_instant(instant_s: float) -> str:
    """An instant [Unix s] as ISO 8601 with its distance to UTC, with milliseconds if any."""
    whole_s, rest_ms = divmod(round(instant_s * _MS), _MS)
    there = datetime.fromtimestamp(whole_s, zone_at(whole_s)) + timedelta(milliseconds=rest_ms)
    return there.isoformat(timespec="milliseconds" if rest_ms else "seconds")


def read_instant(text: str) -> float:
    """The instant [Unix s] that was written so; raises ``ValueError`` on any other text."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no distance to UTC")
    return found.timestamp()


def date_at(instant_s: float) -> str:
    """The day in Paris, as ISO 8601."""
    return datetime.fromtimestamp(instant_s, zone_at(instant_s)).date().isoformat()


def _change(year: int, month: int) -> float:
    last = datetime(year, month, _LAST_OF_MONTH, 1, tzinfo=UTC)
    return (last - timedelta(days=last.isoweekday() % 7)).timestamp()

"""The clock of this machine, and what a server that stands elsewhere is told of it."""

import time
from datetime import UTC, datetime, timedelta, tzinfo

#: A clock is changed twice a year, and in a few countries four times: none is passed over.
_LOOK_EVERY_S = 10 * 86_400
#: So far ahead are its changes told [s]: five years.
_AHEAD_S = 5 * 366 * 86_400


class ThisMachine(tzinfo):
    """The clock of this machine, with the hour that its zone has in summer."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The distance to UTC when it shows this."""
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, _moment: datetime | None) -> timedelta | None:
        """Whether it is summer time is not told."""
        return None

    def tzname(self, _moment: datetime | None) -> str | None:
        """It has no name."""
        return None

    def fromutc(self, moment: datetime) -> datetime:
        """What it shows at an instant."""
        there = moment.replace(tzinfo=UTC).astimezone()
        shown = there.replace(tzinfo=None)
        is_again = shown.astimezone(UTC) != there
        return shown.replace(tzinfo=self, fold=int(is_again))


def clock_document(now_s: float) -> dict[str, object]:
    """Its distance to UTC now, and how that will change, as fields of a request."""
    changes: list[tuple[int, int]] = []
    at_s, offset_s = int(now_s), _offset_s(now_s)
    while at_s < now_s + _AHEAD_S:
        later_s = at_s + _LOOK_EVERY_S
        if _offset_s(later_s) != _offset_s(at_s):
            changes.append(_change_between(at_s, later_s))
        at_s = later_s
    return {"utc_offset_s": offset_s, "utc_offset_changes": changes}


def _change_between(before_s: int, after_s: int) -> tuple[int, int]:
    """The first second with another distance than before, and that distance."""
    old_s = _offset_s(before_s)
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if _offset_s(middle_s) == old_s:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s, _offset_s(after_s)


def _offset_s(at_s: float) -> int:
    return time.localtime(at_s).tm_gmtoff

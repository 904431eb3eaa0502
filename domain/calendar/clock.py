"""A clock on somebody's wall, by its distances to UTC: what it shows when it is changed, too."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo


class Clock(tzinfo):
    """A zone whose rules are told as instants, so that both sides of a network read them alike.

    An hour that is shown twice is two instants, told apart by ``fold``; what the clock leaves out
    is read by the distance before, or with ``fold`` after, the change (PEP 495).
    """

    def __init__(self, utc_offset_s: int, changes: Sequence[tuple[float, int]] = ()) -> None:
        """The distance to UTC [s], and from which instants [Unix s] on it is another."""
        ordered = sorted(changes)
        self._from_s = [at_s for at_s, _ in ordered]
        self._offsets_s = [utc_offset_s, *(offset_s for _, offset_s in ordered)]

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """The distance that held, or will hold, when it shows this."""
        if moment is None:
            return timedelta(seconds=self._offsets_s[0])
        shown_s = moment.replace(tzinfo=UTC).timestamp()
        found_s = self._offsets_s[0]
        for at_s, offset_s in zip(self._from_s, self._offsets_s[1:], strict=True):
            before_s = found_s
            if shown_s >= at_s + max(before_s, offset_s):
                found_s = offset_s
            elif shown_s >= at_s + min(before_s, offset_s):
                return timedelta(seconds=offset_s if moment.fold else before_s)
            else:
                break
        return timedelta(seconds=found_s)

    def dst(self, _moment: datetime | None) -> None:
        """Whether it is summer time is not told."""

    def tzname(self, _moment: datetime | None) -> None:
        """It has no name."""

    def fromutc(self, moment: datetime) -> datetime:
        """What it shows at an instant."""
        instant_s = moment.replace(tzinfo=UTC).timestamp()
        place = bisect_right(self._from_s, instant_s)
        shown = moment + timedelta(seconds=self._offsets_s[place])
        return shown.replace(fold=int(place > 0 and self._is_again(place, instant_s)))

    def _is_again(self, place: int, instant_s: float) -> bool:
        """Whether it showed this before the change after which it is."""
        at_s, back_s = self._from_s[place - 1], self._offsets_s[place - 1] - self._offsets_s[place]
        return instant_s < at_s + back_s

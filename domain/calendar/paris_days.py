"""Days, months and years of the clock in Paris, with their days of 23 and 25 hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.calendar.months import first_day, later, month_of_day
from domain.calendar.paris import zone_at
from domain.units import HOUR_S


class Span(StrEnum):
    """How much of the calendar is looked at."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An hour, a day or a month: from one instant to before another [Unix s]."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A day, a month or a year, and the steps it is looked at in."""

    span: Span
    first_day: date
    after_day: date  #: The first day that is no part of it.
    steps: tuple[Step, ...]

    @property
    def from_s(self) -> float:
        """Its first instant."""
        return self.steps[0].from_s

    @property
    def to_s(self) -> float:
        """The first instant after it."""
        return self.steps[-1].to_s


def midnight(day: date) -> float:
    """The first instant of a day [Unix s]."""
    there_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    # Paris is an hour or two ahead, and clocks change at neither: an hour before tells which.
    return there_s - zone_at(there_s - HOUR_S).utcoffset(None).total_seconds()


def local(at_s: float) -> datetime:
    """What clocks in Paris show at an instant, with the offset they then have."""
    return datetime.fromtimestamp(at_s, zone_at(at_s))


def period_of(span: Span, day: date) -> Period:
    """The day, month or year in which a day lies."""
    if span is Span.DAY:
        after = day + timedelta(days=1)
        return _period(span, day, after, _hours(midnight(day), midnight(after)))
    if span is Span.MONTH:
        month = month_of_day(day)
        first, after = first_day(month), first_day(later(month, 1))
        days = [first + timedelta(days=count) for count in range((after - first).days + 1)]
        return _period(span, first, after, [midnight(item) for item in days])
    first = day.replace(month=1, day=1)
    after = first.replace(year=first.year + 1)
    months = [midnight(date(day.year, month, 1)) for month in range(1, 13)]
    return _period(span, first, after, [*months, midnight(after)])


def _period(span: Span, first_day: date, after_day: date, edges: Sequence[float]) -> Period:
    steps = tuple(Step(from_s=begin, to_s=end) for begin, end in pairwise(edges))
    return Period(span=span, first_day=first_day, after_day=after_day, steps=steps)


def _hours(from_s: float, to_s: float) -> list[float]:
    count = round((to_s - from_s) / HOUR_S)
    return [from_s + number * HOUR_S for number in range(count + 1)]

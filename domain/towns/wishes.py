"""What a collectivity wishes of a site: how warm at the most, and when it is closed or worked on.

Wishes are advice to whoever decides where computing happens, within what the site allows. The
local law knows nothing of them: safety and comfort are kept without any server.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.events import ReadingTaken
from domain.fleet.node import SiteSpec
from domain.refusal import Refused

#: Between floor and wish there is room to work with [K].
_LEAST_ROOM_K = 0.5
_LONGEST_DAYS = 366


class CalendarKind(StrEnum):
    """Why a time in the calendar is out of the ordinary."""

    CLOSURE = "closure"  #: Nobody wants heat there; what must run anyway may bring some.
    WORKS = "works"  #: People work on the installation; no new work is sent there.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wished of a site at an instant."""

    warmest_c: float | None = None  #: Water is not to be heated above this; None = its limit.
    kind: CalendarKind | None = None  #: What its calendar says now.


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """Days on which a site is closed or worked on, the last one included."""

    kind: CalendarKind
    first_day: date
    last_day: date
    note: str


def coolest_wish_c(spec: SiteSpec) -> float:
    """The lowest that may be wished as the warmest: there is room to work with below it."""
    return spec.floor_temp_c + _LEAST_ROOM_K


def check_warmest(spec: SiteSpec, warmest_c: float) -> Refused | None:
    """A refusal where this is outside what the site allows."""
    low_c = coolest_wish_c(spec)
    if low_c <= warmest_c <= spec.limit_temp_c:
        return None
    return Refused(
        code="wish.range",
        sentence=f"{warmest_c:g} degC is outside what this site allows, {low_c:g} to "
        f"{spec.limit_temp_c:g}; its limit is the operator's to change.",
    )


def check_entry(entry: CalendarEntry, today: date) -> Refused | None:
    """A refusal where the days are over, turned round or longer than a year."""
    days = (entry.last_day - entry.first_day).days
    if days < 0:
        return Refused(code="calendar.reversed", sentence="The last day is before the first.")
    if days > _LONGEST_DAYS or (entry.last_day - today).days > 2 * _LONGEST_DAYS:
        return Refused(
            code="calendar.long", sentence="A year at a time is the most, and two years ahead."
        )
    if entry.last_day < today:
        return Refused(code="calendar.past", sentence="These days are over.")
    return None


def heeding(fact: ReadingTaken, wishes: Wishes, spec: SiteSpec) -> ReadingTaken:
    """A reading as the engine hears it: less room where less warmth is wished, none in a closure.

    The log keeps what the engine heard, so that its decisions replay whatever is wished later.
    """
    headroom_wh, accepts_work = fact.headroom_wh, fact.accepts_work
    if wishes.warmest_c is not None:
        lowered_k = max(spec.limit_temp_c - wishes.warmest_c, 0.0)
        headroom_wh = max(headroom_wh - lowered_k * spec.storage_wh_per_k, 0.0)
    if wishes.kind is CalendarKind.CLOSURE:
        headroom_wh = 0.0
    if wishes.kind is CalendarKind.WORKS:
        accepts_work = False
    return replace(fact, headroom_wh=headroom_wh, accepts_work=accepts_work)

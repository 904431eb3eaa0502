from datetime import date

import pytest

from domain.fleet.node import SiteSpec
from domain.towns.wishes import (
    CalendarEntry,
    CalendarKind,
    Wishes,
    check_entry,
    check_warmest,
    heeding,
)
from tests.support.builders import reading_taken

POOL = SiteSpec(name="Bassin", storage_wh_per_k=500.0, limit_temp_c=28.0, floor_temp_c=26.0)
TODAY = date(2026, 11, 26)


def entry(first: date, last: date) -> CalendarEntry:
    return CalendarEntry(kind=CalendarKind.CLOSURE, first_day=first, last_day=last, note="")


@pytest.mark.parametrize(("warmest_c", "is_fine"), [(26.4, False), (26.5, True), (28.0, True)])
def test_a_set_point_lies_within_what_the_site_allows(warmest_c: float, is_fine: bool) -> None:  # noqa: FBT001 - a case
    assert (check_warmest(POOL, warmest_c) is None) is is_fine


@pytest.mark.parametrize("warmest_c", [28.1, float("nan"), float("inf"), -1e9])
def test_no_wish_reaches_beyond_the_limit(warmest_c: float) -> None:
    assert check_warmest(POOL, warmest_c) is not None


def test_less_warmth_leaves_less_room_and_never_less_than_none() -> None:
    fact = reading_taken(headroom_wh=800.0)

    assert heeding(fact, Wishes(warmest_c=27.0), POOL).headroom_wh == 300.0
    assert heeding(fact, Wishes(warmest_c=26.0), POOL).headroom_wh == 0.0
    assert heeding(fact, Wishes(), POOL) == fact


def test_a_closure_wants_no_heat_and_works_want_no_work() -> None:
    fact = reading_taken(headroom_wh=800.0)

    closed = heeding(fact, Wishes(kind=CalendarKind.CLOSURE), POOL)
    works = heeding(fact, Wishes(kind=CalendarKind.WORKS), POOL)

    assert (closed.headroom_wh, closed.accepts_work) == (0.0, True)
    assert (works.headroom_wh, works.accepts_work) == (800.0, False)
    held = heeding(reading_taken(accepts_work=False), Wishes(kind=CalendarKind.CLOSURE), POOL)
    assert not held.accepts_work


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (TODAY, TODAY, None),
        (date(2026, 12, 24), date(2027, 1, 4), None),
        (date(2026, 12, 24), date(2026, 12, 23), "calendar.reversed"),
        (date(2026, 11, 1), date(2026, 11, 25), "calendar.past"),
        (TODAY, date(2028, 1, 1), "calendar.long"),
        (date(9999, 1, 1), date(9999, 12, 1), "calendar.long"),
    ],
)
def test_days_that_make_no_sense_are_refused(first: date, last: date, code: str | None) -> None:
    refused = check_entry(entry(first, last), TODAY)

    assert (None if refused is None else refused.code) == code

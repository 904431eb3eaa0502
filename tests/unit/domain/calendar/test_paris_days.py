from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.months import begin_of
from domain.calendar.paris_days import Span, local, midnight, period_of

DAYS = st.dates(date(1996, 11, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)],
)
def test_a_day_has_the_hours_that_its_clocks_show(day: date, hours: int) -> None:
    assert len(period_of(Span.DAY, day).steps) == hours


@given(day=DAYS)
def test_days_begin_when_clocks_in_paris_show_midnight(day: date) -> None:
    try:
        zone = ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no zone files to compare with")
    expected = datetime(day.year, day.month, day.day, tzinfo=zone)

    assert midnight(day) == expected.timestamp()
    assert local(midnight(day)).date() == day
    assert local(midnight(day) - 1.0).date() < day
    there = datetime.fromtimestamp(midnight(day) + 9000.0, UTC).astimezone(zone)
    found = local(midnight(day) + 9000.0)
    # As UTC: in the hour that comes twice Python holds no two zones' times for equal.
    assert (found.astimezone(UTC), found.utcoffset()) == (there.astimezone(UTC), there.utcoffset())


@given(day=DAYS, span=st.sampled_from(Span))
def test_steps_follow_one_another_from_end_to_end(day: date, span: Span) -> None:
    period = period_of(span, day)

    assert period.first_day <= day < period.after_day
    assert (period.from_s, period.to_s) == (midnight(period.first_day), midnight(period.after_day))
    assert all(a.to_s == b.from_s for a, b in zip(period.steps, period.steps[1:], strict=False))


@given(day=DAYS)
def test_months_begin_as_bills_count_them(day: date) -> None:
    assert period_of(Span.MONTH, day).from_s == begin_of(day.year * 100 + day.month)

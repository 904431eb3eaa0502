"""A clock by its distances to UTC, beside the zones that it stands for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.clock import Clock

_H = 3600
#: From the zone files, by ``zdump -v``: Paris, Lord Howe (half an hour).
ZONES = {
    "Europe/Paris": (
        1 * _H,
        [(1_774_746_000, 2 * _H), (1_792_890_000, 1 * _H), (1_806_195_600, 2 * _H)],
    ),
    "Australia/Lord_Howe": (
        11 * _H,
        [(1_775_314_800, 10 * _H + 1800), (1_791_041_400, 11 * _H)],
    ),
    "Asia/Kolkata": (5 * _H + 1800, []),
}
BEGIN = datetime(2026, 1, 2, tzinfo=UTC)


@given(name=st.sampled_from(sorted(ZONES)), seconds=st.integers(0, 361 * 86_400))
def test_it_shows_what_its_zone_shows_and_is_read_back(name: str, seconds: int) -> None:
    clock, instant = Clock(*ZONES[name]), BEGIN + timedelta(seconds=seconds)

    there, expected = instant.astimezone(clock), instant.astimezone(ZoneInfo(name))

    assert there.replace(tzinfo=None) == expected.replace(tzinfo=None)
    assert (there.fold, there.utcoffset()) == (expected.fold, expected.utcoffset())
    assert there.timestamp() == instant.timestamp()


@given(
    name=st.sampled_from(sorted(ZONES)),
    change=st.integers(0, 1),
    minutes=st.integers(-200, 200),
    fold=st.integers(0, 1),
)
def test_hours_shown_twice_or_never_are_read_as_its_zone_reads_them(
    name: str, change: int, minutes: int, fold: int
) -> None:
    utc_offset_s, changes = ZONES[name]
    near_s = (changes or [(int(BEGIN.timestamp()), 0)] * 2)[change][0]
    shown = datetime.fromtimestamp(near_s, ZoneInfo(name)).replace(tzinfo=None, fold=fold)
    shown += timedelta(minutes=minutes)

    read = shown.replace(tzinfo=Clock(utc_offset_s, changes), fold=fold)

    assert read.utcoffset() == shown.replace(tzinfo=ZoneInfo(name), fold=fold).utcoffset()


@pytest.mark.parametrize("order", [1, -1])
def test_changes_may_be_told_in_any_order(order: int) -> None:
    offset_s, changes = ZONES["Europe/Paris"]
    clock = Clock(offset_s, changes[::order])

    assert datetime(2026, 7, 1, tzinfo=clock).utcoffset() == timedelta(hours=2)
    assert datetime(2026, 12, 1, tzinfo=clock).utcoffset() == timedelta(hours=1)

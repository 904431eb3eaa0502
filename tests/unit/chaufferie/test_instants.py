"""Times and months as people type them, in every option alike."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from chaufferie.cli.speaking import instants
from chaufferie.sdk.clock import ThisMachine, clock_document
from chaufferie.sdk.errors import BadInputError
from domain.sbatch.instants import parse_instant_s
from tests.support.commands import COMMANDS, parameters

NOW = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
GRAMMAR: dict[str, set[object]] = {
    "TIME": {instants.past_instant_s, instants.coming_instant_s},
    "MONTH": {instants.month_of},
}


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:00", datetime(2026, 3, 10, 8, 0, tzinfo=UTC)),
        ("16:00", datetime(2026, 3, 9, 16, 0, tzinfo=UTC)),
        ("14:30", NOW),
        ("yesterday", datetime(2026, 3, 9, tzinfo=UTC)),
        ("yesterday 9:00", datetime(2026, 3, 9, 9, 0, tzinfo=UTC)),
        ("12/24", datetime(2025, 12, 24, tzinfo=UTC)),
        ("1/31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("-2d", NOW - timedelta(days=2)),
        ("2026-04-01", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_what_is_looked_back_to_lies_behind(text: str, expected: datetime) -> None:
    found = parse_instant_s(text, now_s=NOW.timestamp(), zone=UTC, is_past=True)
    assert found == expected.timestamp()


@pytest.mark.parametrize(("text", "hours"), [("2026-01-31", 1), ("2026-07-01T08:00", 2)])
@pytest.mark.usefixtures("in_paris")
def test_a_date_is_of_the_clock_that_holds_on_that_day(text: str, hours: int) -> None:
    there = datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=hours)))

    assert instants.past_instant_s(text) == there.timestamp()
    assert instants.coming_instant_s(text) == there.timestamp()


@pytest.mark.usefixtures("in_paris")
def test_a_server_is_told_how_the_clock_will_be_changed() -> None:
    told = clock_document(NOW.timestamp())

    assert told["utc_offset_s"] == 3600
    changes = told["utc_offset_changes"]
    assert isinstance(changes, list)
    assert changes[:2] == [
        (datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp(), 7200),
        (datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp(), 3600),
    ]
    assert len(changes) == 10


@pytest.mark.usefixtures("in_paris")
def test_the_hour_that_is_shown_twice_is_two_moments() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    shown = [moment.astimezone(ThisMachine()) for moment in (first, first + timedelta(hours=1))]

    assert [f"{moment:%H:%M}" for moment in shown] == ["02:30", "02:30"]
    assert [moment.fold for moment in shown] == [0, 1]
    assert shown[1].timestamp() - shown[0].timestamp() == 3600


@pytest.mark.usefixtures("in_paris")
def test_now_is_now_and_midnight_is_the_zones() -> None:
    before = datetime.now().astimezone().timestamp()  # noqa: TID251 - what is compared with
    found = instants.past_instant_s("now")
    midnight = datetime.fromtimestamp(instants.past_instant_s("today"), UTC).astimezone()

    assert abs(found - before) < 60
    assert (midnight.hour, midnight.minute, midnight.second) == (0, 0, 0)


@pytest.mark.parametrize("text", ["", "someday", "2026-13-01", "25:00", "x" * 10_000])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInputError, match="is no time; write for instance") as refused:
        instants.past_instant_s(text)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "yesterday", "2026-01-31"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="is no month"):
        instants.month_of(text)


def test_every_time_and_month_is_read_by_the_same_grammar() -> None:
    asked = {
        f"{command} {name}": told
        for command in COMMANDS
        for name, told in parameters(command).items()
        if getattr(told, "metavar", None) in GRAMMAR
    }

    assert [name for name, told in asked.items() if told.parser not in GRAMMAR[told.metavar]] == []
    assert {"heat begin", "meter confirm at_s", "reservations add start"} <= set(asked)

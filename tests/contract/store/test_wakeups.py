from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from store.wakeups import (
    URGENT,
    DatagramWakeups,
    NotifyWakeups,
    Wakeups,
    decode_changes,
)
from tests.support.databases import Databases

LONG_ENOUGH_S = 20.0


@pytest.fixture
def wakeups(databases: Databases, tmp_path: Path) -> Iterator[Wakeups]:
    url = make_url(databases.fresh())
    made: Wakeups
    if url.get_backend_name() == "sqlite":
        made = DatagramWakeups(tmp_path)
    else:
        made = NotifyWakeups(url.render_as_string(hide_password=False))
    yield made
    made.close()


def test_the_scheduler_is_woken(wakeups: Wakeups) -> None:
    listener = wakeups.listen("scheduler")

    wakeups.wake_scheduler(urgent=True)

    assert listener.wait(LONG_ENOUGH_S) == [URGENT]
    listener.close()


def test_what_is_not_urgent_is_told_apart(wakeups: Wakeups) -> None:
    listener = wakeups.listen("scheduler")

    wakeups.wake_scheduler(urgent=False)

    assert URGENT not in listener.wait(LONG_ENOUGH_S)
    listener.close()


def test_the_api_is_told_what_changed(wakeups: Wakeups) -> None:
    listener = wakeups.listen("api")

    wakeups.wake_api([3], [10, 11])

    assert [decode_changes(line) for line in listener.wait(LONG_ENOUGH_S)] == [([3], [10, 11])]
    listener.close()


def test_a_mailbox_is_not_anothers(wakeups: Wakeups) -> None:
    api, scheduler = wakeups.listen("api"), wakeups.listen("scheduler")

    wakeups.wake_scheduler(urgent=True)
    scheduler.wait(LONG_ENOUGH_S)

    assert api.wait(0.0) == []
    api.close()
    scheduler.close()


def test_waking_nobody_is_harmless(wakeups: Wakeups) -> None:
    wakeups.wake_scheduler(urgent=True)
    wakeups.wake_api([1], [1])
    listener = wakeups.listen("scheduler")

    assert listener.wait(0.0) == []
    listener.close()


def test_a_mailbox_is_taken_over_from_a_process_that_died(wakeups: Wakeups) -> None:
    dead = wakeups.listen("scheduler")
    successor = wakeups.listen("scheduler")

    wakeups.wake_scheduler(urgent=True)

    assert successor.wait(LONG_ENOUGH_S) == [URGENT]
    dead.close()
    successor.close()


def test_too_much_to_name_becomes_everything(wakeups: Wakeups) -> None:
    listener = wakeups.listen("api")

    wakeups.wake_api([], list(range(1_000_000, 1_002_000)))

    assert [decode_changes(line) for line in listener.wait(LONG_ENOUGH_S)] == [None]
    listener.close()

"""Hints from the scheduler's Celery to the agent's bare consumer, over a real Valkey."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.hints import HINT_EXPIRY_S, node_queue
from node_agent.uplink import hints
from node_agent.uplink.hints import listen
from scheduler.adapters.celery_hints import CeleryHints
from tests.support.valkey import Valkey, running_valkey
from tests.support.warden import until


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running_valkey(tmp_path) as server:
        yield server


class Ear:
    """An agent's consumer on a thread."""

    def __init__(self, url: str, node_id: int) -> None:
        self.heard = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=listen,
            kwargs={
                "broker_url": url,
                "node_id": node_id,
                "on_hint": self._count,
                "stop": self._stop,
            },
        )
        self._thread.start()

    def _count(self) -> None:
        self.heard += 1

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def test_hint_reaches_its_own_node_only(valkey: Valkey) -> None:
    channel = CeleryHints(valkey.url)
    mine, other = Ear(valkey.url, 1), Ear(valkey.url, 2)
    try:
        channel.send(1, [(10, 1)])
        until(lambda: mine.heard == 1, "the hint is heard")
        assert other.heard == 0
    finally:
        mine.close()
        other.close()
        channel.close()


def test_hint_carries_no_work_and_expires(valkey: Valkey) -> None:
    channel = CeleryHints(valkey.url)
    channel.send(3, [(10, 1)])
    with valkey.client() as client:
        (message,) = client.lrange(f"chaufferie:{node_queue(3)}", 0, -1)
    channel.close()
    assert b"script" not in message
    assert b'"expires"' in message
    assert HINT_EXPIRY_S == 60


def test_broker_that_is_gone_is_said_at_once(tmp_path: Path) -> None:
    channel = CeleryHints(f"redis+socket://{tmp_path}/nobody.sock")
    with pytest.raises(OSError, match="out of reach"):
        channel.send(1, [(10, 1)])
    channel.close()


def test_consumer_comes_back_after_the_broker_was_killed(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_RETRY_S", 0.1)
    ear = Ear(valkey.url, 1)
    try:
        first = CeleryHints(valkey.url)
        first.send(1, [(10, 1)])
        until(lambda: ear.heard == 1, "the first hint is heard")
        first.close()
        valkey.kill()
        valkey.start()
        second = CeleryHints(valkey.url)

        def heard_again() -> bool:
            second.send(1, [(11, 1)])
            return ear.heard >= 2

        assert until(heard_again, "a hint after the restart is heard")
        second.close()
    finally:
        ear.close()

"""Hints on their way from the outbox to a channel."""

import threading
from collections.abc import Sequence

from scheduler.dispatch import HintDispatcher
from store.attempts.assignments import HINT_TOPIC
from store.engine import outbox
from tests.support.scene import Scene


class _Channel:
    """Keeps what it was given; nodes in ``deaf`` are out of its reach."""

    def __init__(self, *deaf: int) -> None:
        self.deaf = set(deaf)
        self.sent: list[tuple[int, list[tuple[int, int]]]] = []

    def send(self, node_id: int, attempts: Sequence[tuple[int, int]]) -> None:
        if node_id in self.deaf:
            raise OSError
        self.sent.append((node_id, list(attempts)))

    def close(self) -> None:
        """Nothing to close."""


def _unsent_nodes(scene: Scene) -> list[int]:
    with scene.database.read() as connection:
        return [int(parcel.key) for parcel in outbox.unsent(connection, HINT_TOPIC)]


def test_a_node_is_hinted_once_a_round_of_all_its_offers(scene: Scene) -> None:
    pool, school = scene.node("pool"), scene.node("school")
    first, second, third = (scene.submit() for _ in range(3))
    for job_id, node_id in ((first, pool), (second, school), (third, pool)):
        scene.assign(job_id, node_id)
    channel = _Channel()
    dispatcher = HintDispatcher(scene.store, channel, threading.Event())

    assert dispatcher.send_waiting()
    assert dispatcher.send_waiting()

    assert channel.sent == [(pool, [(first, 1), (third, 1)]), (school, [(second, 1)])]


def test_what_did_not_get_through_is_sent_again_and_nothing_else(scene: Scene) -> None:
    pool, school = scene.node("pool"), scene.node("school")
    for node_id in (pool, school, school):
        scene.assign(scene.submit(), node_id)
    channel, waiting = _Channel(school), threading.Event()
    dispatcher = HintDispatcher(scene.store, channel, waiting)

    assert not dispatcher.send_waiting()
    assert waiting.is_set()
    assert _unsent_nodes(scene) == [school, school]

    channel.deaf.clear()
    assert dispatcher.send_waiting()
    assert [node_id for node_id, _ in channel.sent] == [pool, school]
    assert _unsent_nodes(scene) == []

"""Carries hints from the outbox to their channel, beside the loop and never in its way."""

import json
import logging
import threading

from domain.hints import HINT_EXPIRY_S
from scheduler.ports import HintChannel
from store.attempts.assignments import HINT_TOPIC
from store.engine import outbox
from store.engine.outbox import Parcel
from store.transaction import Store

_log = logging.getLogger(__name__)

#: Pause after a round, so that a busy system sends a few hints for many offers [s]. Long polls
#: carry the same news at once; publishing is dear (0.5 ms of CPU for each hint).
_ROUND_PAUSE_S = 0.25
#: Pause after a failed round; heartbeats carry the same news meanwhile [s].
_FAILED_PAUSE_S = 5.0


class HintDispatcher:
    """Sends each hint at least once, while it is worth sending."""

    def __init__(self, store: Store, channel: HintChannel, waiting: threading.Event) -> None:
        """Send what the outbox holds when ``waiting`` is set."""
        self._store = store
        self._channel = channel
        self._waiting = waiting

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop."""
        while not stop.is_set():
            self._waiting.wait(1.0)
            if not self._waiting.is_set():
                continue
            self._waiting.clear()
            stop.wait(_ROUND_PAUSE_S if self.send_waiting() else _FAILED_PAUSE_S)

    def send_waiting(self) -> bool:
        """One round: a hint to each node, then mark as sent; False where none gets through."""
        with self._store.database.read() as connection:
            parcels = outbox.unsent(connection, HINT_TOPIC)
        of_node: dict[int, list[Parcel]] = {}
        for parcel in parcels:
            of_node.setdefault(int(parcel.key), []).append(parcel)
        sent: list[int] = []
        for node_id, waiting in of_node.items():
            try:
                self._channel.send(node_id, [pair for one in waiting for pair in _attempts(one)])
            except OSError:
                _log.warning("hints are not getting through; nodes will ask by themselves")
                self._waiting.set()
                break
            sent += [parcel.id for parcel in waiting]
        with self._store.transaction() as tx:
            outbox.mark_sent(tx, sent)
            outbox.drop_stale(tx, HINT_TOPIC, HINT_EXPIRY_S)
        return len(sent) == len(parcels)


def _attempts(parcel: Parcel) -> list[tuple[int, int]]:
    return [(int(pair[0]), int(pair[1])) for pair in json.loads(parcel.payload)]

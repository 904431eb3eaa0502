"""Hears hints on the node's own queue: a bare kombu consumer, no Celery.

A hint only says "look". It may be lost, late or repeated; the long poll and the heartbeat carry
the same news, so a broken broker costs a moment and nothing else.
"""

import json
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kombu import Connection, Consumer, Exchange, Queue
from kombu.exceptions import OperationalError

from domain.hints import KEY_PREFIX, node_queue

_log = logging.getLogger(__name__)

_RETRY_S = 2.0
_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "global_keyprefix": KEY_PREFIX,
}


def listen(
    *, broker_url: str, node_id: int, on_hint: Callable[[], None], stop: threading.Event
) -> None:
    """Call ``on_hint`` for each hint until told to stop; reconnects by itself."""
    name = node_queue(node_id)
    queue = Queue(name, Exchange(name, type="direct"), routing_key=name)
    while not stop.is_set():
        connection = Connection(broker_url, connect_timeout=3, transport_options=_TRANSPORT_OPTIONS)
        broker_errors: tuple[type[BaseException], ...] = (
            OperationalError,
            OSError,
            *connection.connection_errors,
            *connection.channel_errors,
        )
        try:
            with connection:
                _consume(connection, queue, on_hint, stop)
        except broker_errors:
            _log.info("hints are out of reach; asking by long poll meanwhile")
            stop.wait(_RETRY_S)


def _consume(
    connection: Connection, queue: Queue, on_hint: Callable[[], None], stop: threading.Event
) -> None:
    def take(body: Any, _message: Any) -> None:  # noqa: ANN401 - kombu's types
        if _is_hint(body):
            on_hint()

    with Consumer(connection, [queue], callbacks=[take], no_ack=True, accept=["json"]):
        while not stop.is_set():
            with suppress(TimeoutError):
                connection.drain_events(timeout=1.0)


def _is_hint(body: Any) -> bool:  # noqa: ANN401 - whatever a broker delivers
    """Celery's protocol 2 carries [arguments, keywords, embedded]; anything else is not ours."""
    if isinstance(body, str | bytes):
        try:
            body = json.loads(body)
        except ValueError:
            return False
    return isinstance(body, list | tuple) and len(body) >= 1

"""Hints as Celery messages: one queue a node, an expiry, never the work itself.

Settings follow from measured failures (reliability reference, sections 1.1 and 1.3): early
acknowledgement, no result backend, no ETA, no remote control, bounded sockets.
"""

from collections.abc import Sequence

from celery import Celery
from kombu.exceptions import OperationalError

from domain.hints import HINT_EXPIRY_S, KEY_PREFIX, node_queue

HINT_TASK = "chaufferie.hint"


def hint_app(broker_url: str) -> Celery:
    """A Celery application that only publishes."""
    app = Celery("chaufferie-hints", broker=broker_url, set_as_current=False)
    app.conf.update(CELERY_SETTINGS)
    return app


#: Imposed on every Celery application of the project, and asserted by a test.
CELERY_SETTINGS: dict[str, object] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_serializer": "json",
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_publish_retry": False,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_connection_timeout": 3,
    "broker_transport_options": {
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "global_keyprefix": KEY_PREFIX,
        "max_retries": 0,
    },
}


class CeleryHints:
    """Publishes hints through Celery on Redis or Valkey."""

    def __init__(self, broker_url: str) -> None:
        """Use this broker; connect on the first hint."""
        self._app = hint_app(broker_url)

    def send(self, node_id: int, attempts: Sequence[tuple[int, int]]) -> None:
        """Publish one hint; ``OSError`` where the broker is out of reach."""
        try:
            self._app.send_task(
                HINT_TASK,
                args=[list(pair) for pair in attempts],
                queue=node_queue(node_id),
                expires=HINT_EXPIRY_S,
                ignore_result=True,
                retry=False,
            )
        except OperationalError as error:
            message = "the hint broker is out of reach"
            raise OSError(message) from error

    def close(self) -> None:
        """Close the broker connections."""
        self._app.close()

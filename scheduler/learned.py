"""What an engine that starts must know of the runs before it."""

from domain.events import Event
from scheduler.ports import ROLE
from store.engine import knowledge
from store.engine.order_facts import usage_facts
from store.rows import Connection


def what_was_learned(connection: Connection, now_s: float) -> list[Event]:
    """What earlier runs learned, and what ended since they wrote it down."""
    learned = knowledge.restored(connection, role=ROLE)
    saved_at_s = knowledge.saved_at_s(connection, role=ROLE)
    return [
        *(() if learned is None else (learned,)),
        *usage_facts(connection, saved_at_s, now_s),
    ]

"""What must leave the database after a commit, at least once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from store.rounds import LARGEST_STEP_ROWS
from store.tables.engine import outbox
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message to send."""

    id: int
    topic: str
    key: str
    payload: str


def unsent(connection: Connection, topic: str, limit: int = 200) -> list[Parcel]:
    """The oldest messages of a topic that were not sent."""
    statement = (
        select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.payload)
        .where(outbox.c.sent_at_s.is_(None), outbox.c.topic == topic)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [
        Parcel(id=row.id, topic=row.topic, key=row.key, payload=row.payload)
        for row in connection.execute(statement)
    ]


def mark_sent(tx: Transaction, ids: Sequence[int]) -> None:
    """These were sent; a crash before this line sends them again, which is harmless."""
    if ids:
        tx.connection.execute(
            update(outbox)
            .where(outbox.c.id == bindparam("of_id"))
            .values(sent_at_s=tx.now_s, tries=outbox.c.tries + 1),
            [{"of_id": parcel_id} for parcel_id in ids],
        )


def drop_stale(tx: Transaction, topic: str, older_than_s: float) -> int:
    """Forget unsent hints of this age, and sent ones: the heartbeat carries what they said."""
    result = tx.connection.execute(
        delete(outbox).where(
            outbox.c.topic == topic,
            (outbox.c.created_at_s < tx.now_s - older_than_s) | outbox.c.sent_at_s.is_not(None),
        )
    )
    return result.rowcount


def drop_sent(tx: Transaction, older_than_s: float) -> bool:
    """Forget some messages that were sent; whether there may be more to do."""
    sent = (select(outbox.c.id).where(outbox.c.sent_at_s < tx.now_s - older_than_s)).limit(
        LARGEST_STEP_ROWS
    )
    gone = tx.connection.execute(delete(outbox).where(outbox.c.id.in_(sent))).rowcount
    return bool(gone == LARGEST_STEP_ROWS)

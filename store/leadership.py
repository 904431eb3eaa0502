"""One scheduler at a time: a lease row, guarded by the database's clock.

Two would be harmless, since every write is guarded by the instance's state and attempt; one is
cheaper, and keeps the log in one order.
"""

from sqlalchemy import delete, insert, select, update

from store.tables import leadership
from store.transaction import Transaction


def take(tx: Transaction, *, role: str, holder: str, ttl_s: float) -> str:
    """Take or renew the lease; the name of who holds it afterwards."""
    statement = select(leadership.c.holder, leadership.c.until_s).where(leadership.c.role == role)
    if tx.locks_rows:
        statement = statement.with_for_update()
    row = tx.connection.execute(statement).one_or_none()
    until_s = tx.now_s + ttl_s
    if row is None:
        tx.connection.execute(
            insert(leadership), {"role": role, "holder": holder, "until_s": until_s}
        )
        return holder
    if row.holder != holder and row.until_s >= tx.now_s:
        return str(row.holder)
    tx.connection.execute(
        update(leadership).where(leadership.c.role == role).values(holder=holder, until_s=until_s)
    )
    return holder


def give_up(tx: Transaction, *, role: str, holder: str) -> None:
    """Let another take it at once."""
    tx.connection.execute(
        delete(leadership).where(leadership.c.role == role, leadership.c.holder == holder)
    )

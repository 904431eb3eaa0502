"""Rows of months long closed: they go, and the sealed digest of their segment stands for them."""

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from domain.calendar.months import after, begin_of
from store.ledger.ledger_tables import register_ledger, register_pruning, register_segment
from store.rounds import LARGEST_STEP_ROWS
from store.transaction import Transaction


def pruned_months(connection: Connection, meter_id: int) -> set[int]:
    """Months of a meter whose rows are gone, or going."""
    statement = select(register_pruning.c.month).where(register_pruning.c.meter_id == meter_id)
    return set(connection.execute(statement).scalars())


def prune_registers(tx: Transaction, older_than_s: float) -> bool:
    """Let some rows go whose month ended so long ago and is sealed; whether there may be more."""
    _note_old(tx, tx.now_s - older_than_s)
    key = (
        register_ledger.c.meter_id,
        register_ledger.c.node_id,
        register_ledger.c.seq,
        register_ledger.c.index_wh,
        register_ledger.c.taken_at_s,
    )
    some = (
        select(*key)
        .select_from(
            register_ledger.join(
                register_pruning,
                (register_pruning.c.meter_id == register_ledger.c.meter_id)
                & (register_pruning.c.month == register_ledger.c.segment),
            )
        )
        .limit(LARGEST_STEP_ROWS)
    )
    gone = tx.connection.execute(delete(register_ledger).where(tuple_(*key).in_(some))).rowcount
    return bool(gone == LARGEST_STEP_ROWS)


def _note_old(tx: Transaction, before_s: float) -> None:
    """Note sealed months that ended before an instant, but for the newest of each meter."""
    newest = (
        select(register_segment.c.meter_id, func.max(register_segment.c.month).label("month"))
        .group_by(register_segment.c.meter_id)
        .subquery()
    )
    noted = select(register_pruning.c.month).where(
        register_pruning.c.meter_id == register_segment.c.meter_id,
        register_pruning.c.month == register_segment.c.month,
    )
    statement = (
        select(register_segment.c.meter_id, register_segment.c.month)
        .select_from(
            register_segment.join(newest, newest.c.meter_id == register_segment.c.meter_id)
        )
        .where(register_segment.c.month < newest.c.month, ~noted.exists())
        .order_by(register_segment.c.meter_id, register_segment.c.month)
    )
    old = [
        {"meter_id": row.meter_id, "month": row.month, "pruned_at_s": tx.now_s}
        for row in tx.connection.execute(statement)
        if begin_of(after(row.month)) < before_s
    ]
    if old:
        tx.connection.execute(insert(register_pruning), old)

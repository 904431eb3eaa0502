"""Old readings are thinned: the shape of a day remains.

The register ledger is never touched here: a statement may ask for it years later. Every step is
small and can be repeated, so that a stop at any moment does no harm.
"""

from sqlalchemy import delete, func, select

from store.settings import read_setting, write_setting
from store.tables.fleet import reading
from store.transaction import Transaction
from store.whole import whole

#: Of old readings one stays for each node and this long [s].
KEPT_EVERY_S = 900.0
#: Readings of this span are thinned in one step [s].
THINNED_STEP_S = 86_400.0
_THINNED_UNTIL = "readings_thinned_until_s"


def thin_readings(tx: Transaction, older_than_s: float) -> bool:
    """Thin one more day of readings of this age; whether there may be more to do.

    The last reading of each span stays, and so does the newest of each node.
    """
    start_s = _thinned_until_s(tx)
    stop_s = min(start_s + THINNED_STEP_S, tx.now_s - older_than_s)
    if stop_s <= start_s:
        return False
    in_step = (reading.c.taken_at_s >= start_s) & (reading.c.taken_at_s < stop_s)
    span = whole(reading.c.taken_at_s / KEPT_EVERY_S)
    kept = (
        select(func.max(reading.c.seq).label("seq"), reading.c.node_id)
        .where(in_step)
        .group_by(reading.c.node_id, span)
        .subquery()
    )
    is_kept = (
        select(kept.c.seq)
        .where(kept.c.node_id == reading.c.node_id, kept.c.seq == reading.c.seq)
        .exists()
    )
    tx.connection.execute(delete(reading).where(in_step, ~is_kept))
    write_setting(tx, _THINNED_UNTIL, repr(stop_s))
    return stop_s < tx.now_s - older_than_s


def _thinned_until_s(tx: Transaction) -> float:
    """Where the last step stopped; at first, the oldest reading."""
    found = read_setting(tx.connection, _THINNED_UNTIL)
    if found is not None:
        return float(found)
    oldest = tx.connection.execute(select(func.min(reading.c.taken_at_s))).scalar()
    return tx.now_s if oldest is None else float(oldest)

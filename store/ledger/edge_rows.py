"""The few rows of the ledger that decide the energy of a period, however long it is."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select

from domain.registers.register import Epoch, RegisterRow, seq_in_file
from store.ledger.ledger_tables import meter, register_ledger
from store.ledger.register_rows import FIRST_SEQ, columns, register_row

#: So many rows on each side of an edge: some of them may be in doubt.
_AROUND = 4
_ENDS = 2


def edge_rows(
    connection: Connection, meter_id: int, epochs: Iterable[Epoch], period: tuple[float, float]
) -> set[RegisterRow]:
    """Rows around both edges, and the first and last rows of each epoch between them.

    Of what a node told, and of what came in files by itself: neither hides the other.
    """
    own = register_ledger.c.meter_id == meter_id
    told = own & (register_ledger.c.seq >= FIRST_SEQ)
    found = _edges(connection, told, epochs, (register_ledger.c.taken_at_s, float), period)
    kept_under = select(meter.c.node_id).where(meter.c.id == meter_id).scalar_subquery()
    of_files = own & (register_ledger.c.node_id == kept_under) & (register_ledger.c.seq < FIRST_SEQ)
    if connection.execute(select(register_ledger.c.seq).where(of_files).limit(1)).first():
        by_number = (register_ledger.c.seq, seq_in_file)  # their order in time, and by the key
        found |= _edges(connection, of_files, epochs, by_number, period)
    return found


def _edges(
    connection: Connection,
    own: ColumnElement[bool],
    epochs: Iterable[Epoch],
    by: tuple[Column[Any], Callable[[float], float]],
    period: tuple[float, float],
) -> set[RegisterRow]:
    """Those of one sort; ``by`` is a column that follows time, and what an instant is in it."""
    place, at = by
    found: set[RegisterRow] = set()
    for at_s in period:
        found |= _some(connection, own & (place <= at(at_s)), place, _AROUND, newest=True)
        found |= _some(connection, own & (place >= at(at_s)), place, _AROUND, newest=False)
    for epoch in epochs:
        begin_s = max(epoch.begin_s, period[0])
        end_s = period[1] if epoch.end_s is None else min(epoch.end_s, period[1])
        inside = own & (place >= at(begin_s)) & (place < at(end_s))
        for newest in (True, False):
            found |= _some(connection, inside, place, _ENDS, newest=newest)
    return found


def _some(
    connection: Connection,
    condition: ColumnElement[bool],
    place: Column[Any],
    count: int,
    *,
    newest: bool,
) -> set[RegisterRow]:
    order = (place, register_ledger.c.seq)
    statement = (
        select(*columns())
        .where(condition)
        .order_by(*(column.desc() if newest else column for column in order))
        .limit(count)
    )
    return {register_row(row) for row in connection.execute(statement)}


def earliest_s(connection: Connection, meter_ids: Iterable[int]) -> float | None:
    """When the first index of these meters was taken."""
    statement = (
        select(register_ledger.c.taken_at_s)
        .where(register_ledger.c.meter_id.in_(list(meter_ids)))
        .order_by(register_ledger.c.taken_at_s)
        .limit(1)
    )
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)

"""The few rows of the ledger that decide the energy of a period, however long it is."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from domain.registers.register import Epoch, RegisterRow
from store.ledger.ledger_tables import register_ledger
from store.ledger.register_rows import columns, register_row

#: So many rows on each side of an edge: some of them may be in doubt.
_AROUND = 4
_ENDS = 2


def edge_rows(
    connection: Connection, meter_id: int, epochs: Iterable[Epoch], period: tuple[float, float]
) -> set[RegisterRow]:
    """Rows around both edges, and the first and last rows of each epoch between them."""
    own = register_ledger.c.meter_id == meter_id
    times = register_ledger.c.taken_at_s
    found: set[RegisterRow] = set()
    for at_s in period:
        found |= _some(connection, own & (times <= at_s), _AROUND, newest=True)
        found |= _some(connection, own & (times >= at_s), _AROUND, newest=False)
    for epoch in epochs:
        begin_s = max(epoch.begin_s, period[0])
        end_s = period[1] if epoch.end_s is None else min(epoch.end_s, period[1])
        inside = own & (times >= begin_s) & (times < end_s)
        for newest in (True, False):
            found |= _some(connection, inside, _ENDS, newest=newest)
    return found


def _some(
    connection: Connection, condition: ColumnElement[bool], count: int, *, newest: bool
) -> set[RegisterRow]:
    order = (register_ledger.c.taken_at_s, register_ledger.c.seq)
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

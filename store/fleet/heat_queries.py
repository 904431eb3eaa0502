"""Reading the ledger of meter indexes: the few rows that decide the energy of a period."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from domain.reading import Reading
from store.fleet.readings import load_reading
from store.fleet.site_queries import MeterRow
from store.rows import AnyRow
from store.tables import reading, register_ledger

IndexRow = tuple[int, int, float, int]  #: epoch, seq, taken_at_s, index_wh


def edge_rows(connection: Connection, meter_id: int, from_s: float, to_s: float) -> list[IndexRow]:
    """The rows nearest both edges, and the first and last row of each epoch between them.

    That is all that the difference of registers needs, however long the period is.
    """
    own = register_ledger.c.meter_id == meter_id
    times = register_ledger.c.taken_at_s
    found: set[IndexRow] = set()
    for at_s in (from_s, to_s):
        found |= _first(connection, own & (times <= at_s), newest=True)
        found |= _first(connection, own & (times >= at_s), newest=False)
    epochs = select(register_ledger.c.epoch).where(own).distinct()
    for epoch in connection.execute(epochs).scalars():
        inside = own & (register_ledger.c.epoch == epoch) & times.between(from_s, to_s)
        found |= _first(connection, inside, newest=True) | _first(connection, inside, newest=False)
    return sorted(found)


def _first(
    connection: Connection, condition: ColumnElement[bool], *, newest: bool
) -> set[IndexRow]:
    order = (register_ledger.c.taken_at_s, register_ledger.c.seq)
    statement = (
        select(
            register_ledger.c.epoch,
            register_ledger.c.seq,
            register_ledger.c.taken_at_s,
            register_ledger.c.index_wh,
        )
        .where(condition)
        .order_by(*(column.desc() if newest else column for column in order))
        .limit(1)
    )
    return {(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)}


def edge_readings(
    connection: Connection, node_ids: Sequence[int], from_s: float, to_s: float
) -> tuple[Reading | None, Reading | None]:
    """The first and the last reading inside a period, of whichever of these nodes."""
    inside = reading.c.node_id.in_(node_ids) & reading.c.taken_at_s.between(from_s, to_s)
    statement = select(reading.c.payload).where(inside).limit(1)
    first = connection.execute(statement.order_by(reading.c.taken_at_s)).one_or_none()
    last = connection.execute(statement.order_by(reading.c.taken_at_s.desc())).one_or_none()
    return _reading(first), _reading(last)


def _reading(row: AnyRow | None) -> Reading | None:
    return None if row is None else load_reading(row)


def earliest_s(connection: Connection, meters: Sequence[MeterRow]) -> float | None:
    """When the first index of these meters was taken."""
    ids = [item.meter_id for item in meters]
    statement = (
        select(register_ledger.c.taken_at_s)
        .where(register_ledger.c.meter_id.in_(ids))
        .order_by(register_ledger.c.taken_at_s)
        .limit(1)
    )
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)

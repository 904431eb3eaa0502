"""Reading what a site's instruments showed at the edges of a period."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from domain.fleet.reading import Reading
from store.fleet.readings import load_reading
from store.rows import AnyRow
from store.tables.fleet import reading


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

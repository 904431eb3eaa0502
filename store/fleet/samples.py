"""Single readings out of many: enough to draw a year without reading all of it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from domain.fleet.reading import Reading
from store.fleet.readings import load_reading
from store.tables.fleet import reading


def samples(
    connection: Connection, node_ids: Sequence[int], spans: Iterable[tuple[float, float]]
) -> list[Reading | None]:
    """The first reading in each span of time, of whichever of these nodes has one there."""
    return [_first(connection, node_ids, from_s, to_s) for from_s, to_s in spans]


def _first(
    connection: Connection, node_ids: Sequence[int], from_s: float, to_s: float
) -> Reading | None:
    for node_id in node_ids:
        row = connection.execute(
            select(reading.c.payload)
            .where(
                reading.c.node_id == node_id,
                reading.c.taken_at_s >= from_s,
                reading.c.taken_at_s < to_s,
            )
            .order_by(reading.c.taken_at_s)
            .limit(1)
        ).one_or_none()
        if row is not None:
            return load_reading(row)
    return None

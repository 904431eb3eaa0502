"""One reading of each node and hour: what an estimate over a long period needs."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from domain.units import HOUR_S
from store.fleet.readings import load_reading
from store.tables.fleet import node, reading
from store.whole import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySample:
    """What a node's instruments said in an hour."""

    site_id: int
    node_id: int
    hour: int  #: Unix time in hours.
    heat_demand_w: float  #: Of the site.
    supply_temp_c: float
    time_factor: float


def hourly_samples(
    connection: Connection, only: Collection[int] | None, begin_s: float, end_s: float
) -> list[HourlySample]:
    """The first reading of each node and hour of a period, at these sites (None = all)."""
    hour = whole(reading.c.taken_at_s / float(HOUR_S))
    first = (
        select(reading.c.node_id, func.min(reading.c.seq).label("seq"))
        .where(reading.c.taken_at_s >= begin_s, reading.c.taken_at_s < end_s)
        .group_by(reading.c.node_id, hour)
        .subquery()
    )
    statement = select(node.c.site_id, reading.c.node_id, reading.c.payload).select_from(
        reading.join(
            first, (first.c.node_id == reading.c.node_id) & (first.c.seq == reading.c.seq)
        ).join(node, node.c.id == reading.c.node_id)
    )
    if only is not None:
        statement = statement.where(node.c.site_id.in_(only))
    found = []
    for row in connection.execute(statement):
        item = load_reading(row)
        found.append(
            HourlySample(
                site_id=row.site_id,
                node_id=row.node_id,
                hour=int(item.taken_at_s // HOUR_S),
                heat_demand_w=item.heat_demand_w,
                supply_temp_c=item.supply_temp_c,
                time_factor=item.time_factor,
            )
        )
    return found

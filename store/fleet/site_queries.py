"""Reading sites and nodes: their inventory, their newest reading and what they hold now."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from domain.fleet.node import NodeSpec, SiteSpec, node_spec_of
from domain.fleet.reading import Reading
from domain.jobs.job import HOLDING_STATES
from store.fleet.advice import advice_at
from store.gangs.member_tables import attempt_member
from store.gangs.members import IS_CURRENT, IS_OPEN
from store.ledger.ledger_tables import meter, register_ledger
from store.tables.fleet import node, reading, site
from store.tables.jobs import instance

#: A row dated further than this after its reception says nothing of now [s].
LATEST_S = 300.0
_HOLDING = [state.value for state in HOLDING_STATES]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A site as registered."""

    site_id: int
    spec: SiteSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A node with its newest reading and what it holds."""

    node_id: int
    site_id: int
    site_name: str
    name: str
    spec: NodeSpec
    state: str
    last_seen_at_s: float | None
    reading: Reading | None
    held_cores: int
    running: int  #: Attempts offered to it or running on it.
    advised_cap_frac: float | None = None
    advised_until_s: float | None = None

    @property
    def free_cores(self) -> int:
        """Cores that no attempt holds; work offered ahead of time takes none."""
        return max(self.spec.cores - self.held_cores, 0)

    def power_cap_frac(self, now_s: float) -> float | None:
        """Share of its power that the scheduler advises now; None where it advises nothing."""
        advice = advice_at(self.advised_cap_frac, self.advised_until_s, now_s)
        return None if advice is None else advice.power_cap_frac


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRow:
    """A meter and the newest index it told."""

    meter_id: int
    serial: str
    kind: str
    node_id: int
    node_name: str
    site_id: int
    site_name: str
    is_simulated: bool
    install_index_wh: int
    index_wh: int
    taken_at_s: float


def sites(connection: Connection, only: Collection[int] | None) -> list[SiteRow]:
    """Registered sites; ``only`` = those a key may see, None = all."""
    statement = select(site.c.id, site.c.spec).order_by(site.c.id)
    if only is not None:
        statement = statement.where(site.c.id.in_(only))
    return [
        SiteRow(site_id=row.id, spec=SiteSpec(**json.loads(row.spec)))
        for row in connection.execute(statement)
    ]


def nodes(connection: Connection, only: Collection[int] | None) -> list[NodeRow]:
    """Enrolled nodes of these sites (None = all)."""
    newest = select(func.max(reading.c.seq)).where(reading.c.node_id == node.c.id)
    statement = (
        select(node, site.c.name.label("site_name"), reading.c.payload)
        .select_from(
            node.join(site, node.c.site_id == site.c.id).outerjoin(
                reading,
                (reading.c.node_id == node.c.id)
                & (reading.c.seq == newest.correlate(node).scalar_subquery()),
            )
        )
        .order_by(node.c.id)
    )
    if only is not None:
        statement = statement.where(node.c.site_id.in_(only))
    held = _held(connection)
    return [_node_row(row, held) for row in connection.execute(statement)]


def node_and_water(connection: Connection, node_id: int) -> tuple[NodeSpec, Reading | None]:
    """A node's inventory, and the newest reading of any node that heats the same water."""
    own = connection.execute(select(node.c.spec, node.c.site_id).where(node.c.id == node_id)).one()
    beside = connection.execute(select(node.c.id).where(node.c.site_id == own.site_id)).scalars()
    found = [_newest_reading(connection, one) for one in beside.all()]
    known = [item for item in found if item is not None]
    newest = max(known, key=lambda item: item.taken_at_s, default=None)
    return node_spec_of(json.loads(own.spec)), newest


def _newest_reading(connection: Connection, node_id: int) -> Reading | None:
    statement = (
        select(reading.c.payload)
        .where(reading.c.node_id == node_id)
        .order_by(reading.c.seq.desc())
        .limit(1)
    )
    text = connection.execute(statement).scalar()
    return None if text is None else Reading(**json.loads(text))


def _held(connection: Connection) -> dict[int, list[int]]:
    """Cores of each attempt that a node holds (0 = the whole node), by node."""
    statement = select(instance.c.node_id, instance.c.cores).where(instance.c.state.in_(_HOLDING))
    shares = (
        select(attempt_member.c.node_id, instance.c.cores)
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(IS_OPEN)
    )
    found: dict[int, list[int]] = {}
    for row in connection.execute(statement.union_all(shares)):
        found.setdefault(row.node_id, []).append(row.cores)
    return found


def _node_row(row: Any, held: dict[int, list[int]]) -> NodeRow:  # noqa: ANN401 - a row by name
    spec = node_spec_of(json.loads(row.spec))
    cores = held.get(row.id, [])
    return NodeRow(
        node_id=row.id,
        site_id=row.site_id,
        site_name=row.site_name,
        name=row.name,
        spec=spec,
        state=row.state,
        last_seen_at_s=row.last_seen_at_s,
        reading=None if row.payload is None else Reading(**json.loads(row.payload)),
        held_cores=sum(item or spec.cores for item in cores),
        running=len(cores),
        advised_cap_frac=row.power_cap_frac,
        advised_until_s=row.power_cap_until_s,
    )


def node_specs(connection: Connection) -> list[tuple[str, NodeSpec]]:
    """Name and inventory of every enrolled node."""
    statement = select(node.c.name, node.c.spec).order_by(node.c.id)
    return [(row.name, node_spec_of(json.loads(row.spec))) for row in connection.execute(statement)]


def sites_of_nodes(connection: Connection) -> dict[str, str]:
    """The name of the site of every enrolled node, by the name of the node."""
    statement = select(node.c.name, site.c.name.label("site")).select_from(
        node.join(site, node.c.site_id == site.c.id)
    )
    return {row.name: row.site for row in connection.execute(statement)}


def meters(connection: Connection, only: Collection[int] | None) -> list[MeterRow]:
    """Meters of these sites (None = all) with their newest index; a wrong clock has none."""
    told = register_ledger.alias("told")
    newest = (
        select(told.c.taken_at_s)
        .where(told.c.meter_id == meter.c.id)
        .where(told.c.taken_at_s <= told.c.received_at_s + LATEST_S)
        .order_by(told.c.taken_at_s.desc())
        .limit(1)
        .correlate(meter)
        .scalar_subquery()
    )
    statement = (
        select(
            meter.c.id.label("meter_id"),
            meter.c.serial,
            meter.c.kind,
            meter.c.node_id,
            node.c.name.label("node_name"),
            node.c.site_id,
            site.c.name.label("site_name"),
            meter.c.is_simulated,
            meter.c.install_index_wh,
            register_ledger.c.index_wh,
            register_ledger.c.taken_at_s,
        )
        .select_from(
            meter.join(node, meter.c.node_id == node.c.id)
            .join(site, node.c.site_id == site.c.id)
            .join(
                register_ledger,
                (register_ledger.c.meter_id == meter.c.id)
                & (register_ledger.c.taken_at_s == newest),
            )
        )
        .order_by(meter.c.id, register_ledger.c.seq.desc())
    )
    if only is not None:
        statement = statement.where(node.c.site_id.in_(only))
    found: dict[int, MeterRow] = {}  # Two rows of one instant are one meter all the same.
    for row in connection.execute(statement):
        found.setdefault(row.meter_id, MeterRow(**row._mapping))
    return list(found.values())

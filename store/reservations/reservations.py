"""Reservations: made, found, deleted; and as facts for the engine."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, or_, select, update

from domain.events import Event, ReservationMade, ReservationRemoved
from domain.jobs.reservation import ReservationWish
from domain.refusal import Refused
from store.access.tenants import project_ends
from store.reservations.in_the_way import lasting_into
from store.reservations.reservation_tables import reservation, reservation_node
from store.tables.access import tenant
from store.tables.fleet import node, site
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new reservation, and the jobs that may last into it."""

    reservation_id: int
    nodes: tuple[str, ...]
    lasting_into: tuple[int, ...]  #: Instances on its nodes; nobody stops them.


def make(tx: Transaction, wish: ReservationWish, actor: str) -> Made | Refused:
    """Set nodes aside; a refusal names what is unknown, past or in the way."""
    refused = _wrong_times(tx, wish)
    if refused is not None:
        return refused
    whose = _whose(tx, wish)
    if isinstance(whose, Refused):
        return whose
    nodes = _nodes(tx, wish)
    if isinstance(nodes, Refused):
        return nodes
    refused = _in_the_way(tx, wish, list(nodes))
    if refused is not None:
        return refused
    values = {
        "name": wish.name,
        "starts_at_s": wish.starts_at_s,
        "ends_at_s": wish.ends_at_s,
        "tenant_id": whose,
        "project": wish.project,
        "created_at_s": tx.now_s,
        "is_removed": False,
    }
    statement = insert(reservation).values(values).returning(reservation.c.id)
    number = int(tx.connection.execute(statement).scalar_one())
    rows = [{"reservation_id": number, "node_id": node_id} for node_id in nodes]
    tx.connection.execute(insert(reservation_node), rows)
    tx.record(
        ReservationMade(
            reservation_id=number,
            starts_at_s=wish.starts_at_s,
            ends_at_s=wish.ends_at_s,
            node_ids=tuple(nodes),
        )
    )
    subject = f"reservation/{number}"
    tx.audited(actor=actor, action="reservation.add", subject=subject, detail=wish.name)
    into = lasting_into(tx.connection, list(nodes), wish.starts_at_s, wish.ends_at_s, tx.now_s)
    return Made(reservation_id=number, nodes=tuple(nodes.values()), lasting_into=into)


def remove(tx: Transaction, reservation_id: int, actor: str) -> bool:
    """Set the nodes free; False where there is no such reservation, or it is over."""
    theirs = and_(reservation.c.id == reservation_id, _lasts(tx.now_s))
    changed = tx.connection.execute(update(reservation).where(theirs).values(is_removed=True))
    if not changed.rowcount:
        return False
    tx.record(ReservationRemoved(reservation_id=reservation_id))
    subject = f"reservation/{reservation_id}"
    tx.audited(actor=actor, action="reservation.delete", subject=subject)
    return True


def listed(connection: Connection, tenant_id: int | None, now_s: float) -> list[dict[str, Any]]:
    """Those that last or are to come, first ones first.

    A tenant (None = the operator) sees its own, and maintenance, which is nobody's.
    """
    statement = (
        select(
            reservation.c.id,
            reservation.c.name,
            reservation.c.starts_at_s,
            reservation.c.ends_at_s,
            tenant.c.name.label("tenant"),
            reservation.c.project,
        )
        .select_from(reservation.outerjoin(tenant, reservation.c.tenant_id == tenant.c.id))
        .where(_lasts(now_s))
        .order_by(reservation.c.starts_at_s, reservation.c.id)
    )
    if tenant_id is not None:
        own = reservation.c.tenant_id == tenant_id
        statement = statement.where(or_(own, reservation.c.tenant_id.is_(None)))
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    names = _node_names(connection, [row["id"] for row in rows])
    return [{**row, "nodes": names.get(row["id"], [])} for row in rows]


def for_job(
    connection: Connection, name: str, tenant_id: int, project: str | None, now_s: float
) -> tuple[int, float, float, frozenset[str]] | Refused:
    """Number, start, end and nodes of the one that a job names; refused where it is not theirs."""
    found = next((row for row in listed(connection, tenant_id, now_s) if row["name"] == name), None)
    if found is None:
        return Refused(
            code="reservation.unknown",
            sentence=f"There is no reservation {name!r} of yours now; chaufferie reservations list "
            "shows them.",
        )
    if found["tenant"] is None:
        return Refused(
            code="reservation.maintenance",
            sentence=f"The reservation {name!r} is for maintenance: no job runs in it.",
        )
    if found["project"] is not None and found["project"] != project:
        return Refused(
            code="reservation.project",
            sentence=f"The reservation {name!r} is for the project {found['project']!r}; name it "
            "by --account.",
        )
    nodes = frozenset(found["nodes"])
    return int(found["id"]), float(found["starts_at_s"]), float(found["ends_at_s"]), nodes


def facts(connection: Connection, now_s: float) -> list[Event]:
    """Those that last or are to come, for an engine that begins."""
    statement = select(reservation).where(_lasts(now_s)).order_by(reservation.c.id)
    rows = connection.execute(statement).all()
    nodes: dict[int, list[int]] = {}
    of_these = reservation_node.c.reservation_id.in_([row.id for row in rows])
    for row in connection.execute(
        select(reservation_node).where(of_these).order_by(reservation_node.c.node_id)
    ):
        nodes.setdefault(row.reservation_id, []).append(row.node_id)
    return [
        ReservationMade(
            reservation_id=row.id,
            starts_at_s=row.starts_at_s,
            ends_at_s=row.ends_at_s,
            node_ids=tuple(nodes.get(row.id, ())),
        )
        for row in rows
    ]


def _lasts(now_s: float) -> Any:  # noqa: ANN401 - a clause
    return and_(reservation.c.is_removed.is_(False), reservation.c.ends_at_s > now_s)


def _wrong_times(tx: Transaction, wish: ReservationWish) -> Refused | None:
    if wish.ends_at_s <= wish.starts_at_s:
        sentence = "A reservation ends after it starts; give a longer duration."
        return Refused(code="reservation.times", sentence=sentence)
    if wish.ends_at_s <= tx.now_s:
        sentence = "This reservation would be over already; give a later start."
        return Refused(code="reservation.past", sentence=sentence)
    return None


def _whose(tx: Transaction, wish: ReservationWish) -> int | Refused | None:
    """The tenant it is for; None = maintenance."""
    if wish.tenant is None:
        if wish.project is None:
            return None
        sentence = "A project belongs to a tenant; name the tenant, too."
        return Refused(code="reservation.whose", sentence=sentence)
    row = tx.connection.execute(
        select(tenant.c.id, tenant.c.closed_at_s).where(tenant.c.name == wish.tenant)
    ).one_or_none()
    if row is None or row.closed_at_s is not None:
        state = "no" if row is None else "no open"
        sentence = f"There is {state} tenant {wish.tenant!r}; chaufferie tenants list shows them."
        return Refused(code="tenant.unknown", sentence=sentence)
    ends = project_ends(tx.connection, row.id)
    if wish.project is not None and ends and ends.get(wish.project, 0.0) is not None:
        open_ones = ", ".join(sorted(name for name, end in ends.items() if end is None)) or "none"
        return Refused(
            code="project.unknown",
            sentence=f"{wish.tenant!r} has no open project {wish.project!r}; it has: {open_ones}.",
        )
    return int(row.id)


def _nodes(tx: Transaction, wish: ReservationWish) -> dict[int, str] | Refused:
    """The nodes by number, locked so that nobody reserves them meanwhile."""
    statement: Select[Any] = select(node.c.id, node.c.name).order_by(node.c.id)
    if wish.site is not None:
        site_id = tx.connection.execute(select(site.c.id).where(site.c.name == wish.site)).scalar()
        if site_id is None:
            sentence = f"There is no site {wish.site!r}; chaufferie sites shows them."
            return Refused(code="site.unknown", sentence=sentence)
        statement = statement.where(node.c.site_id == site_id)
    else:
        statement = statement.where(node.c.name.in_(wish.nodes))
    if tx.locks_rows:
        statement = statement.with_for_update()
    found = {int(row.id): str(row.name) for row in tx.connection.execute(statement)}
    missing = sorted(set(wish.nodes) - set(found.values()))
    if missing:
        sentence = f"There is no node {missing[0]!r}; chaufferie nodes shows them."
        return Refused(code="node.unknown", sentence=sentence)
    if not found:
        sentence = f"The site {wish.site!r} has no node yet."
        return Refused(code="reservation.no_nodes", sentence=sentence)
    return found


def _in_the_way(tx: Transaction, wish: ReservationWish, node_ids: list[int]) -> Refused | None:
    """Another of this name, or of one of these nodes at the same time."""
    same = select(reservation.c.id).where(reservation.c.name == wish.name, _lasts(tx.now_s))
    if tx.connection.execute(same.limit(1)).one_or_none() is not None:
        sentence = f"There is a reservation {wish.name!r} already; call this one otherwise."
        return Refused(code="reservation.exists", sentence=sentence)
    overlapping = (
        select(reservation.c.name, node.c.name.label("node"))
        .select_from(
            reservation.join(
                reservation_node, reservation_node.c.reservation_id == reservation.c.id
            ).join(node, reservation_node.c.node_id == node.c.id)
        )
        .where(
            reservation_node.c.node_id.in_(node_ids),
            reservation.c.is_removed.is_(False),
            reservation.c.starts_at_s < wish.ends_at_s,
            reservation.c.ends_at_s > wish.starts_at_s,
        )
        .order_by(reservation.c.starts_at_s)
    )
    row = tx.connection.execute(overlapping.limit(1)).one_or_none()
    if row is None:
        return None
    return Refused(
        code="reservation.overlaps",
        sentence=f"{row.node} is reserved then by {row.name!r}; choose another time, or other "
        "nodes.",
    )


def _node_names(connection: Connection, ids: list[int]) -> dict[int, list[str]]:
    statement = (
        select(reservation_node.c.reservation_id, node.c.name)
        .select_from(reservation_node.join(node, reservation_node.c.node_id == node.c.id))
        .where(reservation_node.c.reservation_id.in_(ids))
        .order_by(node.c.name)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.reservation_id, []).append(row.name)
    return found

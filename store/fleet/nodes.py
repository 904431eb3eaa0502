"""Sites and the nodes that heat them: registration, enrolment, inventory."""

import json
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from domain import wire
from domain.events import NodeJoined, NodeLeft
from domain.fleet.node import NodeSpec, NodeState, SiteSpec, node_spec_of
from domain.refusal import Refused
from store.access.tokens import token_hash
from store.tables.access import enrolment
from store.tables.fleet import node, site
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A node as the store knows it after it presented its token."""

    node_id: int
    site_id: int
    name: str


def add_site(tx: Transaction, spec: SiteSpec, actor: str) -> int | Refused:
    """Register a site; names are unique."""
    if _named(tx, spec.name) is not None:
        return _name_taken(spec.name)
    statement = (
        insert(site)
        .values(name=spec.name, spec=wire.dumps(spec), created_at_s=tx.now_s)
        .returning(site.c.id)
    )
    site_id = int(tx.connection.execute(statement).scalar_one())
    tx.audited(actor=actor, action="site.add", subject=f"site/{site_id}", detail=spec.name)
    return site_id


def change_site(tx: Transaction, site_id: int, spec: SiteSpec, actor: str) -> Refused | None:
    """Describe a site anew; the engine learns it of each of its nodes that is up."""
    known = tx.connection.execute(select(site.c.id).where(site.c.id == site_id)).scalar()
    if known is None:
        return _no_such_site(site_id)
    if _named(tx, spec.name) not in {None, site_id}:
        return _name_taken(spec.name)
    tx.connection.execute(
        update(site).where(site.c.id == site_id).values(name=spec.name, spec=wire.dumps(spec))
    )
    statement = (
        select(node.c.id)
        .where(node.c.site_id == site_id, node.c.state == NodeState.UP.value)
        .order_by(node.c.id)
    )
    for node_id in tx.connection.execute(statement).scalars().all():
        tx.record(joined_event(tx, node_id))
    tx.audited(actor=actor, action="site.change", subject=f"site/{site_id}", detail=spec.name)
    return None


def _named(tx: Transaction, name: str) -> int | None:
    return tx.connection.execute(select(site.c.id).where(site.c.name == name)).scalar()


def _no_such_site(site_id: int) -> Refused:
    return Refused(code="site.unknown", sentence=f"There is no site {site_id}.")


def _name_taken(name: str) -> Refused:
    return Refused(code="site.exists", sentence=f"A site named {name!r} exists already.")


def add_enrolment(
    tx: Transaction, *, token: str, site_id: int, node_name: str, ttl_s: float, actor: str
) -> Refused | None:
    """Let whoever presents this token, once and in time, become a node of the site."""
    known = tx.connection.execute(select(site.c.id).where(site.c.id == site_id)).scalar()
    if known is None:
        return _no_such_site(site_id)
    tx.connection.execute(
        insert(enrolment),
        {
            "token_hash": token_hash(token),
            "site_id": site_id,
            "node_name": node_name,
            "expires_at_s": tx.now_s + ttl_s,
        },
    )
    tx.audited(actor=actor, action="node.enrolment", subject=f"site/{site_id}", detail=node_name)
    return None


def enrol(tx: Transaction, token: str, spec: NodeSpec) -> Enrolled | Refused:
    """Turn a token into a node. A token works once; the node's name comes with the token."""
    statement = select(enrolment).where(enrolment.c.token_hash == token_hash(token))
    if tx.locks_rows:
        statement = statement.with_for_update()
    row = tx.connection.execute(statement).one_or_none()
    if row is None or row.used_at_s is not None or row.expires_at_s < tx.now_s:
        return Refused(
            code="enrolment.token",
            sentence="This enrolment token is unknown, used or expired; ask for a new one.",
        )
    tx.connection.execute(
        update(enrolment).where(enrolment.c.id == row.id).values(used_at_s=tx.now_s)
    )
    found = tx.connection.execute(select(node.c.id).where(node.c.name == row.node_name)).scalar()
    values = {
        "site_id": row.site_id,
        "name": row.node_name,
        "spec": wire.dumps(spec),
        "state": NodeState.DOWN.value,
    }
    if found is None:
        statement_add = insert(node).values(created_at_s=tx.now_s, **values).returning(node.c.id)
        node_id = int(tx.connection.execute(statement_add).scalar_one())
    else:
        node_id = int(found)
        tx.connection.execute(update(node).where(node.c.id == node_id).values(values))
    tx.audited(actor=f"node/{node_id}", action="node.enrol", subject=f"node/{node_id}")
    return Enrolled(node_id=node_id, site_id=row.site_id, name=row.node_name)


def declare(tx: Transaction, node_id: int, spec: NodeSpec) -> None:
    """Take a node's inventory at its start; it is up, unless an operator drained it."""
    state = tx.connection.execute(select(node.c.state).where(node.c.id == node_id)).scalar_one()
    after = NodeState.DRAINED if state == NodeState.DRAINED else NodeState.UP
    tx.connection.execute(
        update(node)
        .where(node.c.id == node_id)
        .values(spec=wire.dumps(spec), state=after.value, last_seen_at_s=tx.now_s)
    )
    if after is NodeState.UP:
        tx.record(joined_event(tx, node_id))


def is_down(tx: Transaction, node_id: int) -> bool:
    """Whether the node was given up as silent; a heartbeat from it must bring it back."""
    state = tx.connection.execute(select(node.c.state).where(node.c.id == node_id)).scalar_one()
    return bool(state == NodeState.DOWN)


def bring_back(tx: Transaction, node_id: int) -> None:
    """A node that was silent speaks again."""
    tx.connection.execute(update(node).where(node.c.id == node_id).values(state=NodeState.UP.value))
    tx.record(joined_event(tx, node_id))


def set_drained(tx: Transaction, node_id: int, *, drained: bool, actor: str) -> NodeState | None:
    """Stop or resume sending new work to a node; its state, None where there is no such node.

    One that is down stays so when it is resumed: it takes work once it is heard again.
    """
    found = tx.connection.execute(select(node.c.state).where(node.c.id == node_id)).scalar()
    if found is None:
        return None
    before = NodeState(found)
    if drained == (before is NodeState.DRAINED):
        return before
    after = NodeState.DRAINED if drained else NodeState.UP
    tx.connection.execute(update(node).where(node.c.id == node_id).values(state=after.value))
    tx.record(NodeLeft(node_id=node_id) if drained else joined_event(tx, node_id))
    tx.audited(
        actor=actor,
        action="node.drain" if drained else "node.resume",
        subject=f"node/{node_id}",
    )
    return after


def joined_event(tx: Transaction, node_id: int) -> NodeJoined:
    """What the engine must know of a node and of its site."""
    row = tx.connection.execute(
        select(node.c.name, node.c.spec, node.c.site_id, site.c.spec.label("site_spec"))
        .select_from(node.join(site, node.c.site_id == site.c.id))
        .where(node.c.id == node_id)
    ).one()
    spec = node_spec_of(json.loads(row.spec))
    place = SiteSpec(**json.loads(row.site_spec))
    return NodeJoined(
        node_id=node_id,
        site_id=row.site_id,
        site_name=place.name,
        name=row.name,
        cores=spec.cores,
        mem_mib=spec.mem_mib,
        idle_power_w=spec.idle_power_w,
        max_power_w=spec.max_power_w,
        capture_frac=spec.capture_frac,
        storage_wh_per_k=place.storage_wh_per_k,
        limit_temp_c=place.limit_temp_c,
        floor_temp_c=place.floor_temp_c,
        is_preheat=place.is_preheat,
        features=spec.features,
        gpus=spec.gpus,
        profiles=tuple(profile.label for profile in spec.profiles),
        is_closed=spec.is_closed,
    )

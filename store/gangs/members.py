"""The further nodes of an attempt: seated with it, claimed by their agents, kept by their leases.

The node that runs the script claims its attempt only when every other one has claimed its share
and listens. Until then nothing runs, and where one does not come the offer is lost as a whole.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from domain.commands import AssignAttempt
from domain.fleet.node import node_spec_of
from domain.jobs.delivery import AttemptKey, GangNode
from domain.jobs.job import HOLDING_STATES, EndReason, JobState
from store.gangs.member_tables import attempt_member
from store.rows import AnyRow
from store.tables.fleet import node
from store.tables.jobs import instance
from store.transaction import Transaction

_HOLDING = tuple(sorted(state.value for state in HOLDING_STATES))
IS_OPEN = attempt_member.c.ended_at_s.is_(None)
#: A row of the newest attempt of an instance that still holds its nodes.
IS_CURRENT = and_(
    attempt_member.c.instance_id == instance.c.id,
    attempt_member.c.attempt == instance.c.attempt,
    instance.c.state.in_(_HOLDING),
)


def of_attempt(key: AttemptKey) -> ColumnElement[bool]:
    """The condition that finds the members of one attempt."""
    return and_(
        attempt_member.c.instance_id == key.instance_id, attempt_member.c.attempt == key.attempt
    )


def seat(tx: Transaction, orders: Sequence[AssignAttempt], lease_until_s: float) -> None:
    """Offer each its share of attempts that run on several nodes."""
    rows = [
        {
            "instance_id": order.instance_id,
            "attempt": order.attempt,
            "node_id": node_id,
            "place": place,
            "must_stop": False,
            "lease_until_s": lease_until_s,
            "cpu_s": 0.0,
            "max_rss_bytes": 0,
        }
        for order in orders
        for place, node_id in enumerate(order.member_ids, start=1)
    ]
    if rows:
        tx.connection.execute(insert(attempt_member), rows)


def nodes_of(
    connection: Connection, keys: Collection[AttemptKey]
) -> Mapping[AttemptKey, list[AnyRow]]:
    """The members of these attempts with their nodes, in the order of their places."""
    if not keys:
        return {}
    statement = (
        select(attempt_member, node.c.name, node.c.spec)
        .select_from(attempt_member.join(node, attempt_member.c.node_id == node.c.id))
        .where(attempt_member.c.instance_id.in_({key.instance_id for key in keys}))
        .order_by(attempt_member.c.instance_id, attempt_member.c.attempt, attempt_member.c.place)
    )
    found: dict[AttemptKey, list[AnyRow]] = {key: [] for key in keys}
    for row in connection.execute(statement):
        key = AttemptKey(instance_id=row.instance_id, attempt=row.attempt)
        if key in found:
            found[key].append(row)
    return found


def names_of(connection: Connection, instance_id: int) -> dict[int, list[str]]:
    """The names of the members of an instance's attempts, by their number."""
    statement = (
        select(attempt_member.c.attempt, node.c.name)
        .select_from(attempt_member.join(node, attempt_member.c.node_id == node.c.id))
        .where(attempt_member.c.instance_id == instance_id)
        .order_by(attempt_member.c.attempt, attempt_member.c.place)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.attempt, []).append(row.name)
    return found


def of_newest(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Put into rows of instances the names of the members of their newest attempts."""
    found = {row["id"]: row for row in rows if row["nodes"] > 1 and row["node"] is not None}
    if not found:
        return
    statement = (
        select(attempt_member.c.instance_id, node.c.name)
        .select_from(
            attempt_member.join(node, attempt_member.c.node_id == node.c.id).join(
                instance,
                (attempt_member.c.instance_id == instance.c.id)
                & (attempt_member.c.attempt == instance.c.attempt),
            )
        )
        .where(attempt_member.c.instance_id.in_(found))
        .order_by(attempt_member.c.instance_id, attempt_member.c.place)
    )
    for row in connection.execute(statement):
        found[row.instance_id].setdefault("members", []).append(row.name)


def are_ready(members: Sequence[AnyRow]) -> bool:
    """Whether all of them were claimed and listen."""
    return all(row.address is not None and row.ended_at_s is None for row in members)


def gang_nodes(
    connection: Connection, lead_id: int, members: Sequence[AnyRow], cores: int
) -> tuple[GangNode, ...]:
    """All nodes of an attempt, the one that runs its script first; ``cores`` 0 = all of each."""
    lead = connection.execute(select(node.c.name, node.c.spec).where(node.c.id == lead_id)).one()
    found = []
    for name, text, address in (
        (lead.name, lead.spec, None),
        *((row.name, row.spec, row.address) for row in members),
    ):
        spec = node_spec_of(json.loads(text))
        found.append(
            GangNode(
                name=name,
                host_name=spec.host_name,
                cores=cores or spec.cores,
                address=address,
            )
        )
    return tuple(found)


def begin_leases(tx: Transaction, keys: Sequence[tuple[AttemptKey, int]]) -> None:
    """Let members go on for a term from now on, that their attempts have begun."""
    for key, ttl_s in keys:
        tx.connection.execute(
            update(attempt_member)
            .where(of_attempt(key), IS_OPEN)
            .values(lease_until_s=tx.now_s + ttl_s)
        )


def extend_leases(tx: Transaction) -> None:
    """Give the members of every attempt that runs one whole term from now."""
    ttl_s = (
        select(instance.c.lease_ttl_s)
        .where(instance.c.id == attempt_member.c.instance_id)
        .scalar_subquery()
    )
    tx.connection.execute(
        update(attempt_member).where(IS_OPEN).values(lease_until_s=tx.now_s + ttl_s)
    )


def renew(
    tx: Transaction, node_id: int, boot_id: str, keys: Collection[AttemptKey]
) -> list[AttemptKey]:
    """Renew what a node holds as a member; what may go on."""
    if not keys:
        return []
    statement = (
        select(
            attempt_member.c.instance_id,
            attempt_member.c.attempt,
            instance.c.state,
            instance.c.lease_ttl_s,
        )
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(attempt_member.c.node_id == node_id, attempt_member.c.boot_id == boot_id, IS_OPEN)
        .where(attempt_member.c.must_stop.is_(False))
    )
    live = {
        AttemptKey(instance_id=row.instance_id, attempt=row.attempt): row
        for row in tx.connection.execute(statement)
    }
    renewed = sorted(key for key in keys if key in live)
    begun = [key for key in renewed if live[key].state != JobState.ASSIGNED]
    if begun:
        tx.connection.execute(
            update(attempt_member)
            .where(
                attempt_member.c.instance_id == bindparam("of_id"),
                attempt_member.c.attempt == bindparam("of_attempt"),
                attempt_member.c.node_id == node_id,
            )
            .values(lease_until_s=bindparam("of_lease")),
            [
                {
                    "of_id": key.instance_id,
                    "of_attempt": key.attempt,
                    "of_lease": tx.now_s + live[key].lease_ttl_s,
                }
                for key in begun
            ],
        )
    return renewed


def offered_to(connection: Connection, node_id: int) -> list[AttemptKey]:
    """The shares that wait for this node to claim them."""
    statement = (
        select(attempt_member.c.instance_id, attempt_member.c.attempt)
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(attempt_member.c.node_id == node_id, attempt_member.c.boot_id.is_(None), IS_OPEN)
    )
    return [
        AttemptKey(instance_id=row.instance_id, attempt=row.attempt)
        for row in connection.execute(statement)
    ]


def call_off(tx: Transaction, key: AttemptKey) -> bool:
    """Have the members of an attempt stop; whether any of them still holds its share.

    Those that were never claimed hold nothing and are done.
    """
    its = and_(of_attempt(key), IS_OPEN)
    tx.connection.execute(
        update(attempt_member)
        .where(its, attempt_member.c.boot_id.is_(None))
        .values(ended_at_s=tx.now_s)
    )
    told = tx.connection.execute(
        update(attempt_member).where(its).values(must_stop=True).returning(attempt_member.c.node_id)
    )
    still = list(told.scalars())
    tx.changed_nodes.extend(still)
    return bool(still)


def dismiss(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Let members go whose attempt has not begun: what they hold is nobody's, and they are told."""
    dismissed = tx.connection.execute(
        update(attempt_member)
        .where(IS_OPEN, which)
        .values(ended_at_s=tx.now_s)
        .returning(attempt_member.c.node_id)
    )
    tx.changed_nodes.extend(dismissed.scalars())


def tenant_of(connection: Connection, key: AttemptKey, node_id: int) -> int | None:
    """Whose attempt this is; None unless this node holds a share of it."""
    statement = (
        select(instance.c.tenant_id)
        .select_from(attempt_member.join(instance, IS_CURRENT))
        .where(of_attempt(key), attempt_member.c.node_id == node_id, IS_OPEN)
        .where(attempt_member.c.boot_id.is_not(None))
    )
    return connection.execute(statement).scalar()


def first_to_leave(connection: Connection, key: AttemptKey) -> AnyRow | None:
    """The member that left unbidden, the first of them."""
    statement = (
        select(attempt_member)
        .where(of_attempt(key), attempt_member.c.reason != EndReason.CANCELLED.value)
        .order_by(attempt_member.c.ended_at_s, attempt_member.c.place)
        .limit(1)
    )
    return connection.execute(statement).one_or_none()

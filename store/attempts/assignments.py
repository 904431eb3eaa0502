"""The scheduler's orders as writes: offers to nodes, and preemptions."""

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from domain import wire
from domain.commands import AssignAttempt, PreemptAttempt
from domain.jobs.job import AttemptState, JobState
from store.engine.event_log import withdrawn_meanwhile
from store.gangs import members
from store.tables.engine import outbox
from store.tables.jobs import attempt, instance
from store.transaction import Transaction

#: A node has this long to take an offer [s].
CLAIM_LEASE_S = 60.0
HINT_TOPIC = "hint"


def assign(
    tx: Transaction, orders: Sequence[AssignAttempt], batch: int, *, with_hints: bool = True
) -> int:
    """Offer attempts to their nodes, to all of each at once; the number that were still wanted.

    An instance that is no longer queued, or whose attempt has moved on, is passed over: the event
    that changed it is already in the log and will correct the engine. So is one that was taken
    out of the queue and put back, as another job than the engine knows, while this was decided.
    """
    states = _lock(tx, [order.instance_id for order in orders])
    changed = withdrawn_meanwhile(tx, states) if tx.locks_rows else set()
    valid = [
        order
        for order in orders
        if states.get(order.instance_id) == (JobState.QUEUED.value, order.attempt - 1)
        and order.instance_id not in changed
    ]
    if not valid:
        return 0
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == bindparam("of_id"))
        .values(
            state=JobState.ASSIGNED.value,
            attempt=bindparam("of_attempt"),
            node_id=bindparam("of_node"),
            boot_id=None,
            lease_until_s=tx.now_s + CLAIM_LEASE_S,
        ),
        [
            {"of_id": order.instance_id, "of_attempt": order.attempt, "of_node": order.node_id}
            for order in valid
        ],
    )
    tx.connection.execute(
        insert(attempt),
        [
            {
                "instance_id": order.instance_id,
                "attempt": order.attempt,
                "node_id": order.node_id,
                "state": AttemptState.OFFERED.value,
                "batch": batch,
                "offered_at_s": tx.now_s,
            }
            for order in valid
        ],
    )
    members.seat(tx, valid, tx.now_s + CLAIM_LEASE_S)
    by_node: dict[int, list[AssignAttempt]] = {}
    for order in valid:
        for node_id in (order.node_id, *order.member_ids):
            by_node.setdefault(node_id, []).append(order)
    if with_hints:
        _hint(tx, by_node)
    tx.changed_nodes.extend(by_node)
    return len(valid)


def preempt(tx: Transaction, orders: Sequence[PreemptAttempt]) -> int:
    """Mark running attempts as to be stopped for better heat; the number that still ran."""
    states = _lock(tx, [order.instance_id for order in orders])
    valid = [
        order
        for order in orders
        if states.get(order.instance_id) == (JobState.RUNNING.value, order.attempt)
    ]
    if valid:
        tx.connection.execute(
            update(instance)
            .where(instance.c.id == bindparam("of_id"))
            .values(state=JobState.PREEMPTED.value),
            [{"of_id": order.instance_id} for order in valid],
        )
        tx.changed_nodes.extend(order.node_id for order in valid)
    return len(valid)


def _lock(tx: Transaction, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    statement = select(instance.c.id, instance.c.state, instance.c.attempt).where(
        instance.c.id.in_(ids)
    )
    if tx.locks_rows:
        statement = statement.order_by(instance.c.id).with_for_update()
    return {row.id: (row.state, row.attempt) for row in tx.connection.execute(statement)}


def _hint(tx: Transaction, orders_of_node: dict[int, list[AssignAttempt]]) -> None:
    """One hint a node and batch: it only says "look", and which attempts made it say so."""
    tx.connection.execute(
        insert(outbox),
        [
            {
                "topic": HINT_TOPIC,
                "key": str(node_id),
                "payload": wire.dumps([[o.instance_id, o.attempt] for o in orders]),
                "created_at_s": tx.now_s,
                "tries": 0,
            }
            for node_id, orders in orders_of_node.items()
        ],
    )

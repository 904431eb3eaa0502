"""What nodes may still have of jobs that are forgotten: told to them until they say it is gone."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, literal, select, tuple_, update

from domain.jobs.delivery import AttemptKey
from store.erasures.erasure_tables import erasure_node, node_erasure
from store.erasures.receipts import confirm_if_all_have
from store.gangs.member_tables import attempt_member
from store.tables.jobs import attempt, instance
from store.transaction import Transaction

#: A node is told of so many at once; of the others when these are gone.
MOST_TOLD = 200


def note_node_shares(tx: Transaction, erasure_id: int, job_ids: Sequence[int]) -> None:
    """Have every node that ran something of these jobs remove what it may still have."""
    columns = ["node_id", "instance_id", "attempt", "erasure_id"]
    for table in (attempt, attempt_member):
        ran = (
            select(table.c.node_id, table.c.instance_id, table.c.attempt, literal(erasure_id))
            .select_from(table.join(instance, table.c.instance_id == instance.c.id))
            .where(instance.c.job_id.in_(job_ids))
        )
        known = (
            select(node_erasure.c.node_id)
            .where(
                node_erasure.c.node_id == table.c.node_id,
                node_erasure.c.instance_id == table.c.instance_id,
                node_erasure.c.attempt == table.c.attempt,
            )
            .exists()
        )
        tx.connection.execute(insert(node_erasure).from_select(columns, ran.where(~known)))
    theirs = (
        select(node_erasure.c.node_id).where(node_erasure.c.erasure_id == erasure_id).distinct()
    )
    nodes = set(tx.connection.execute(theirs).scalars())
    there = select(erasure_node.c.node_id).where(erasure_node.c.erasure_id == erasure_id)
    fresh = nodes - set(tx.connection.execute(there).scalars())
    if fresh:
        tx.connection.execute(
            insert(erasure_node),
            [{"erasure_id": erasure_id, "node_id": node_id} for node_id in sorted(fresh)],
        )
    tx.changed_nodes.extend(sorted(nodes))


def to_erase(connection: Connection, node_id: int) -> list[AttemptKey]:
    """Some attempts whose local copies this node is to remove."""
    statement = (
        select(node_erasure.c.instance_id, node_erasure.c.attempt)
        .where(node_erasure.c.node_id == node_id)
        .order_by(node_erasure.c.instance_id, node_erasure.c.attempt)
        .limit(MOST_TOLD)
    )
    return [
        AttemptKey(instance_id=row.instance_id, attempt=row.attempt)
        for row in connection.execute(statement)
    ]


def confirm(tx: Transaction, node_id: int, keys: Collection[AttemptKey]) -> None:
    """Note that a node has nothing more of these; with the last, that it is confirmed."""
    if not keys:
        return
    pairs = [(key.instance_id, key.attempt) for key in keys]
    mine = (node_erasure.c.node_id == node_id) & tuple_(
        node_erasure.c.instance_id, node_erasure.c.attempt
    ).in_(pairs)
    statement = delete(node_erasure).where(mine).returning(node_erasure.c.erasure_id)
    for erasure_id in sorted(set(tx.connection.execute(statement).scalars())):
        left = select(node_erasure.c.node_id).where(
            node_erasure.c.node_id == node_id, node_erasure.c.erasure_id == erasure_id
        )
        if tx.connection.execute(left.limit(1)).first() is None:
            tx.connection.execute(
                update(erasure_node)
                .where(erasure_node.c.erasure_id == erasure_id, erasure_node.c.node_id == node_id)
                .values(confirmed_at_s=tx.now_s)
            )
            confirm_if_all_have(tx, erasure_id)

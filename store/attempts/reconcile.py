"""The safety net behind every wake-up: what is late, silent or forgotten, put right."""

from sqlalchemy import func, select, update

from domain.events import NodeLeft
from domain.fleet.node import NodeState
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import EndReason, JobState
from store.attempts import gang_partings as partings
from store.attempts.losses import lose_attempts
from store.gangs import members
from store.tables.fleet import node
from store.tables.jobs import instance
from store.transaction import Transaction

#: Past a lease's end the server waits for the node's own kill: kill time 2 s, 5 s of margin, and
#: 2 x 1 % clock drift over the lease (reliability reference, section 2.4).
LEASE_MARGIN_S = 7.0
LEASE_DRIFT_FRAC = 0.02
#: A node is down after this many seconds without a sign of life: three heartbeats and a little.
SILENT_AFTER_S = 60.0


def lose_expired(tx: Transaction, limit: int = 1000) -> int:
    """Lose attempts whose lease, with its margin, has ended; offers have no margin."""
    partings.lose_expired(tx, LEASE_MARGIN_S, LEASE_DRIFT_FRAC, limit)
    statement = (
        select(
            instance.c.id,
            instance.c.attempt,
            instance.c.state,
            instance.c.lease_until_s,
            instance.c.lease_ttl_s,
        )
        .where(
            instance.c.state.in_(
                (
                    JobState.ASSIGNED.value,
                    JobState.RUNNING.value,
                    JobState.PREEMPTED.value,
                    JobState.CANCELLING.value,
                )
            )
        )
        .where(instance.c.lease_until_s < tx.now_s)
        .limit(limit)
    )
    offers, leases = [], []
    for row in tx.connection.execute(statement):
        key = AttemptKey(instance_id=row.id, attempt=row.attempt)
        if row.state == JobState.ASSIGNED:
            offers.append(key)
        elif row.lease_until_s + LEASE_MARGIN_S + LEASE_DRIFT_FRAC * row.lease_ttl_s < tx.now_s:
            leases.append(key)
    return lose_attempts(tx, offers, EndReason.NOT_CLAIMED) + lose_attempts(
        tx, leases, EndReason.LEASE_ENDED
    )


def extend_leases_after_outage(tx: Transaction) -> int:
    """Give every live lease one whole term from now, where no node at all was heard of lately.

    Then it was the store that was away: no node could renew, and its outage must not kill the
    fleet. Where any node spoke, silence is that of the others, and their leases run on.
    """
    newest_s = tx.connection.execute(select(func.max(node.c.last_seen_at_s))).scalar()
    if newest_s is None or newest_s >= tx.now_s - SILENT_AFTER_S:
        return 0
    members.extend_leases(tx)
    result = tx.connection.execute(
        update(instance)
        .where(
            instance.c.state.in_(
                (JobState.RUNNING.value, JobState.PREEMPTED.value, JobState.CANCELLING.value)
            )
        )
        .values(lease_until_s=tx.now_s + instance.c.lease_ttl_s)
    )
    return result.rowcount


def mark_silent_nodes(tx: Transaction) -> list[int]:
    """Send no new work to nodes that were not heard of; their jobs keep their leases."""
    statement = (
        update(node)
        .where(node.c.state == NodeState.UP.value)
        .where(node.c.last_seen_at_s < tx.now_s - SILENT_AFTER_S)
        .values(state=NodeState.DOWN.value)
        .returning(node.c.id)
    )
    silent = list(tx.connection.execute(statement).scalars())
    for node_id in silent:
        tx.record(NodeLeft(node_id=node_id))
    return silent

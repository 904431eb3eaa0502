"""The node's side of the protocol: claim, heartbeat, and what it must stop."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from domain.delivery import AttemptKey, Claimed, Kill, PowerAdvice
from domain.events import AttemptClaimed
from domain.job import AttemptState, EndReason, JobState
from store.attempts.losses import lose_attempts
from store.dependencies.dependencies import begun
from store.fleet.advice import advice_for
from store.fleet.nodes import bring_back, is_down
from store.jobs.waiting import cut_to_deadline
from store.rows import AnyRow
from store.tables import attempt, instance, job, node, tenant
from store.transaction import Transaction

_LIVE = (JobState.RUNNING.value, JobState.PREEMPTED.value, JobState.CANCELLING.value)
_KILL_REASONS: Mapping[str, EndReason] = {
    JobState.PREEMPTED.value: EndReason.PREEMPTED,
    JobState.CANCELLING.value: EndReason.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a node is given when it asks for work."""

    claimed: tuple[Claimed, ...]
    kill: tuple[Kill, ...]
    advice: PowerAdvice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The answer to a heartbeat."""

    renewed: tuple[AttemptKey, ...]
    kill: tuple[Kill, ...]
    assignments: tuple[AttemptKey, ...]
    server_time_s: float
    advice: PowerAdvice | None


_CLAIMABLE = (
    select(
        instance.c.id,
        instance.c.job_id,
        instance.c.array_index,
        instance.c.state,
        instance.c.attempt,
        instance.c.boot_id,
        instance.c.cores,
        instance.c.lease_ttl_s,
        job.c.spec,
        tenant.c.name,
    )
    .select_from(
        instance.join(job, instance.c.job_id == job.c.id).join(
            tenant, instance.c.tenant_id == tenant.c.id
        )
    )
    .where(instance.c.node_id == bindparam("of_node"))
    .where(instance.c.state.in_((JobState.ASSIGNED.value, *_LIVE)))
    .order_by(instance.c.id)
)
_PLACED = (
    select(
        instance.c.id,
        instance.c.state,
        instance.c.attempt,
        instance.c.boot_id,
        instance.c.lease_ttl_s,
    )
    .where(instance.c.node_id == bindparam("of_node"))
    .where(instance.c.state.in_((JobState.ASSIGNED.value, *_LIVE)))
    .order_by(instance.c.id)
)


def claim(
    tx: Transaction,
    *,
    node_id: int,
    boot_id: str,
    holding: Collection[AttemptKey],
    stopping: Collection[AttemptKey],
    free_cores: int,
    total_cores: int,
) -> Handed:
    """Take what is offered to this node and fits, by compare-and-set; this is also the start.

    An attempt that this boot claimed before but does not hold was answered into a lost
    connection: it is handed out again, unchanged.
    """
    fresh, again, kill = [], [], []
    statement = _CLAIMABLE.with_for_update(of=instance) if tx.locks_rows else _CLAIMABLE
    for row in tx.connection.execute(statement, {"of_node": node_id}):
        key = AttemptKey(instance_id=row.id, attempt=row.attempt)
        if row.state == JobState.ASSIGNED:
            need = row.cores or total_cores
            if need <= free_cores:
                free_cores -= need
                fresh.append(row)
        elif row.boot_id == boot_id and key not in holding:
            again.append(row)
        if row.state in _KILL_REASONS and key in holding and key not in stopping:
            kill.append(Kill(key=key, reason=_KILL_REASONS[row.state]))
    _start(tx, fresh, node_id, boot_id)
    return Handed(
        claimed=tuple(_claimed(row, tx.now_s) for row in (*fresh, *again)),
        kill=tuple(kill),
        advice=advice_for(tx, node_id),
    )


def _claimed(row: AnyRow, now_s: float) -> Claimed:
    return Claimed(
        key=AttemptKey(instance_id=row.id, attempt=row.attempt),
        job_id=row.job_id,
        array_index=row.array_index,
        spec=cut_to_deadline(json.loads(row.spec), now_s),
        tenant=row.name,
        lease_ttl_s=row.lease_ttl_s,
    )


def _start(tx: Transaction, rows: Sequence[AnyRow], node_id: int, boot_id: str) -> None:
    if not rows:
        return
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == bindparam("of_id"))
        .values(
            state=JobState.RUNNING.value,
            boot_id=boot_id,
            reason=None,  # The end of an attempt before this one is that attempt's.
            exit_code=None,
            started_at_s=tx.now_s,
            lease_until_s=bindparam("of_lease"),
        ),
        [{"of_id": row.id, "of_lease": tx.now_s + row.lease_ttl_s} for row in rows],
    )
    tx.connection.execute(
        update(attempt)
        .where(
            attempt.c.instance_id == bindparam("of_id"),
            attempt.c.attempt == bindparam("of_attempt"),
        )
        .values(state=AttemptState.RUNNING.value, boot_id=boot_id, started_at_s=tx.now_s),
        [{"of_id": row.id, "of_attempt": row.attempt} for row in rows],
    )
    begun(tx, {row.job_id for row in rows})
    for row in rows:
        tx.record(AttemptClaimed(instance_id=row.id, attempt=row.attempt, node_id=node_id))
        tx.changed_jobs.append(row.id)


def heartbeat(
    tx: Transaction,
    *,
    node_id: int,
    boot_id: str,
    holding: Collection[AttemptKey],
    spooled: Collection[AttemptKey],
    status: str,
) -> Pulse:
    """Renew the leases a node holds, tell it what to stop, and what waits for it.

    A node that was given up as silent is up again. A new ``boot_id`` means that the node
    restarted: what its old boot ran and it does not list is lost at once, without waiting for the
    lease.
    """
    if is_down(tx, node_id):
        bring_back(tx, node_id)
    statement = _PLACED.with_for_update() if tx.locks_rows else _PLACED
    rows = {
        AttemptKey(instance_id=row.id, attempt=row.attempt): row
        for row in tx.connection.execute(statement, {"of_node": node_id})
    }
    live = {key: row for key, row in rows.items() if row.state != JobState.ASSIGNED}
    renewed = [key for key in holding if key in live and live[key].boot_id == boot_id]
    _renew(tx, renewed, live)
    kill = [Kill(key=key, reason=EndReason.LEASE_ENDED) for key in holding if key not in renewed]
    kill += [
        Kill(key=key, reason=_KILL_REASONS[live[key].state])
        for key in renewed
        if live[key].state in _KILL_REASONS
    ]
    gone = [
        key
        for key, row in live.items()
        if row.boot_id != boot_id and key not in spooled and key not in holding
    ]
    lose_attempts(tx, gone, EndReason.NODE_RESTARTED)
    tx.connection.execute(
        update(node)
        .where(node.c.id == node_id)
        .values(boot_id=boot_id, last_seen_at_s=tx.now_s, status=status)
    )
    return Pulse(
        renewed=tuple(renewed),
        kill=tuple(kill),
        assignments=tuple(key for key in rows if key not in live),
        server_time_s=tx.now_s,
        advice=advice_for(tx, node_id),
    )


def _renew(
    tx: Transaction, renewed: Sequence[AttemptKey], live: Mapping[AttemptKey, AnyRow]
) -> None:
    if renewed:
        tx.connection.execute(
            update(instance)
            .where(instance.c.id == bindparam("of_id"))
            .values(lease_until_s=bindparam("of_lease")),
            [
                {"of_id": key.instance_id, "of_lease": tx.now_s + live[key].lease_ttl_s}
                for key in renewed
            ],
        )


def is_running_on(connection: Connection, key: AttemptKey, node_id: int) -> bool:
    """Whether this attempt has its job and runs on this node."""
    statement = select(instance.c.id).where(
        instance.c.id == key.instance_id,
        instance.c.attempt == key.attempt,
        instance.c.node_id == node_id,
        instance.c.state.in_(_LIVE),
    )
    return connection.execute(statement).scalar() is not None

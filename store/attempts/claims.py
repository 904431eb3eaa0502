"""The node's side of the protocol: claim, heartbeat, and what it must stop."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from domain.events import AttemptClaimed
from domain.jobs.delivery import AttemptKey, Claimed, Gang, Kill, LoweredLimit, PowerAdvice
from domain.jobs.job import AttemptState, EndReason, JobState
from store.attempts import gang_claims as shares
from store.attempts import gang_partings as partings
from store.attempts.losses import lose_attempts
from store.dependencies.settling import begun
from store.fleet.advice import advice_for
from store.fleet.nodes import bring_back, is_down
from store.gangs import members
from store.gangs.breaks import BREAKS
from store.instances.waiting import cut_to_deadline
from store.rows import AnyRow
from store.tables.access import tenant
from store.tables.fleet import node
from store.tables.jobs import attempt, instance, job
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
    limits: tuple[LoweredLimit, ...]
    advice: PowerAdvice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The answer to a heartbeat."""

    renewed: tuple[AttemptKey, ...]
    kill: tuple[Kill, ...]
    limits: tuple[LoweredLimit, ...]
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
        instance.c.reason,
        instance.c.cores,
        instance.c.nodes,
        instance.c.lease_ttl_s,
        instance.c.time_limit_s,
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
        instance.c.reason,
        instance.c.lease_ttl_s,
        instance.c.time_limit_s,
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
    sharing: Mapping[AttemptKey, str | None] | None = None,
) -> Handed:
    """Take what is offered to this node and fits, by compare-and-set; this is also the start.

    An attempt that this boot claimed before but does not hold was answered into a lost
    connection: it is handed out again, unchanged. ``sharing`` are the shares that the node holds
    of attempts whose script another runs, each with its address once it listens; where it is None
    the node takes no part in such.
    """
    part = shares.NONE
    if sharing is not None:
        part = shares.claim(
            tx,
            node_id=node_id,
            boot_id=boot_id,
            holding=sharing,
            free_cores=free_cores,
            total_cores=total_cores,
        )
        free_cores -= part.cores
    fresh, again, kill, limits = [], [], [], []
    statement = _CLAIMABLE.with_for_update(of=instance) if tx.locks_rows else _CLAIMABLE
    rows = tx.connection.execute(statement, {"of_node": node_id}).all()
    gangs = members.nodes_of(tx.connection, [_key(row) for row in rows if row.nodes > 1])
    for row in rows:
        key = _key(row)
        if row.state == JobState.ASSIGNED:
            need = row.cores or total_cores
            is_whole = row.nodes == 1 or (sharing is not None and members.are_ready(gangs[key]))
            if need <= free_cores and is_whole:
                free_cores -= need
                fresh.append(row)
        elif row.boot_id == boot_id and key not in holding:
            again.append(row)
        reason = _why_stopped(row)
        if reason is not None and key in holding and key not in stopping:
            kill.append(Kill(key=key, reason=reason))
        if key in holding:
            limits += _lowered(row, key)
    _start(tx, fresh, node_id, boot_id, gangs)
    claimed = [_claimed(row, tx.now_s, _as_lead(tx, row, node_id, gangs)) for row in fresh + again]
    claimed += [_claimed(row, tx.now_s, Gang(place=row.place)) for row in part.claimed]
    return Handed(
        claimed=tuple(claimed),
        kill=(*kill, *(one for one in part.kill if one.key not in stopping)),
        limits=tuple(limits),
        advice=advice_for(tx, node_id),
    )


def _lowered(row: AnyRow, key: AttemptKey) -> list[LoweredLimit]:
    """The limit of what runs, if it is another than its node was given; told time and again."""
    if row.state != JobState.RUNNING or row.time_limit_s is None:
        return []
    return [LoweredLimit(key=key, time_limit_s=row.time_limit_s)]


def _key(row: AnyRow) -> AttemptKey:
    return AttemptKey(instance_id=row.id, attempt=row.attempt)


def _why_stopped(row: AnyRow) -> EndReason | None:
    """Why a placed attempt is to be stopped; None where it may go on."""
    if row.state == JobState.RUNNING and row.reason in BREAKS:
        return EndReason.MEMBER_LOST
    return _KILL_REASONS.get(row.state)


def _as_lead(
    tx: Transaction, row: AnyRow, node_id: int, gangs: Mapping[AttemptKey, list[AnyRow]]
) -> Gang | None:
    if row.nodes == 1:
        return None
    nodes = members.gang_nodes(tx.connection, node_id, gangs[_key(row)], row.cores)
    return Gang(place=0, nodes=nodes)


def _claimed(row: AnyRow, now_s: float, gang: Gang | None) -> Claimed:
    return Claimed(
        gang=gang,
        key=AttemptKey(instance_id=row.id, attempt=row.attempt),
        job_id=row.job_id,
        array_index=row.array_index,
        spec=cut_to_deadline(json.loads(row.spec), now_s),
        tenant=row.name,
        lease_ttl_s=row.lease_ttl_s,
    )


def _start(
    tx: Transaction,
    rows: Sequence[AnyRow],
    node_id: int,
    boot_id: str,
    gangs: Mapping[AttemptKey, list[AnyRow]],
) -> None:
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
            time_limit_s=None,  # It was given with its job.
            started_at_s=tx.now_s,
            lease_until_s=bindparam("of_lease"),
        ),
        [{"of_id": row.id, "of_lease": tx.now_s + row.lease_ttl_s} for row in rows],
    )
    members.begin_leases(tx, [(_key(row), row.lease_ttl_s) for row in rows if row.nodes > 1])
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
        others = gangs.get(_key(row), ())
        tx.record(
            AttemptClaimed(
                instance_id=row.id,
                attempt=row.attempt,
                node_id=node_id,
                member_ids=tuple(other.node_id for other in others),
            )
        )
        tx.changed_jobs.append(row.id)


def heartbeat(
    tx: Transaction,
    *,
    node_id: int,
    boot_id: str,
    holding: Collection[AttemptKey],
    spooled: Collection[AttemptKey],
    status: str,
    sharing: Collection[AttemptKey] = (),
) -> Pulse:
    """Renew the leases a node holds, tell it what to stop, and what waits for it.

    A node that was given up as silent is up again. A new ``boot_id`` means that the node
    restarted: what its old boot ran and it does not list is lost at once, without waiting for the
    lease. ``sharing`` are its shares of attempts whose script another node runs.
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
    partings.lose_of_older_boots(tx, node_id, boot_id)
    shared = members.renew(tx, node_id, boot_id, sharing)
    kill = [Kill(key=key, reason=EndReason.LEASE_ENDED) for key in holding if key not in renewed]
    kill += [Kill(key=key, reason=EndReason.CANCELLED) for key in sharing if key not in shared]
    stopped = {key: _why_stopped(live[key]) for key in renewed}
    kill += [Kill(key=key, reason=why) for key, why in stopped.items() if why is not None]
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
        renewed=(*renewed, *shared),
        kill=tuple(kill),
        limits=tuple(item for key in renewed for item in _lowered(live[key], key)),
        assignments=(
            *(key for key in rows if key not in live),
            *members.offered_to(tx.connection, node_id),
        ),
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

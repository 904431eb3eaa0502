"""Attempts whose node or lease is gone: the instance queues again, or is held for a person."""

import json
from collections.abc import Sequence

from sqlalchemy import Double, bindparam, select, update

from domain import wire
from domain.events import AttemptEnded
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import AttemptState, EndReason, JobState
from store.dependencies.settling import settle
from store.gangs import members
from store.instances.queueing import queued_event
from store.instances.waiting import give_up_at_s
from store.rows import AnyRow
from store.tables.jobs import attempt, instance, job
from store.transaction import Transaction

_AFTER_LOSS = {
    JobState.ASSIGNED: JobState.QUEUED,
    JobState.RUNNING: JobState.QUEUED,
    JobState.PREEMPTED: JobState.QUEUED,
    JobState.CANCELLING: JobState.CANCELLED,
}
_COLUMNS = (
    instance.c.id,
    instance.c.job_id,
    instance.c.tenant_id,
    instance.c.state,
    instance.c.attempt,
    instance.c.node_id,
    instance.c.nodes,
    instance.c.started_at_s,
    job.c.spec,
)


def lose_attempts(
    tx: Transaction,
    keys: Sequence[AttemptKey],
    reason: EndReason,
    *,
    avoid_node_id: int | None = None,
) -> int:
    """Take these attempts as lost; the number that still held their job.

    One that runs on several nodes is lost only when none of them can run a part of it any more:
    until then the others are told to stop, and this is to be called again. ``avoid_node_id`` is
    where it went wrong, if not on the node that runs the script.
    """
    if not keys:
        return 0
    wanted = {key.instance_id: key.attempt for key in keys}
    statement = (
        select(*_COLUMNS)
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(instance.c.id.in_(wanted))
        .order_by(instance.c.id)
    )
    if tx.locks_rows:
        statement = statement.with_for_update(of=instance)
    rows = tx.connection.execute(statement).all()
    changes = [
        _lose(tx, row, reason, avoid_node_id or row.node_id)
        for row in rows
        if row.attempt == wanted[row.id] and JobState(row.state) in _AFTER_LOSS
        if row.nodes == 1 or not _is_held_elsewhere(tx, row)
    ]
    _write(tx, changes)
    ended = {change["of_id"] for change in changes if change["of_state"] == JobState.CANCELLED}
    settle(tx, [(row.job_id, row.id) for row in rows if row.id in ended])
    return len(changes)


def _is_held_elsewhere(tx: Transaction, row: AnyRow) -> bool:
    """Whether another of its nodes may still run a part of it; those are told to stop."""
    key = AttemptKey(instance_id=row.id, attempt=row.attempt)
    if row.state == JobState.ASSIGNED:
        members.dismiss(tx, members.of_attempt(key))
        return False
    return members.call_off(tx, key)


def _lose(tx: Transaction, row: AnyRow, reason: EndReason, avoid_node_id: int) -> dict[str, object]:
    """Record what follows from one loss; the values to write for it."""
    state = JobState(row.state)
    spec = wire.load_spec(json.loads(row.spec))
    after = _AFTER_LOSS[state]
    if state is JobState.RUNNING and spec.requeue is False:
        after = JobState.HELD
    started_at_s = row.started_at_s if state is not JobState.ASSIGNED else None
    tx.record(
        AttemptEnded(
            instance_id=row.id,
            attempt=row.attempt,
            node_id=row.node_id,
            reason=reason.value,
            wall_s=0.0 if started_at_s is None else tx.now_s - started_at_s,
        )
    )
    if after is JobState.QUEUED:
        tx.record(
            queued_event(
                spec,
                instance_id=row.id,
                job_id=row.job_id,
                tenant_id=row.tenant_id,
                queued_at_s=tx.now_s,
                last_attempt=row.attempt,
                avoid_node_id=avoid_node_id,
            )
        )
    tx.touched(row.id, row.job_id)
    return {
        "of_id": row.id,
        "of_attempt": row.attempt,
        "of_state": after.value,
        "of_reason": reason.value,
        "of_finished": tx.now_s if after is JobState.CANCELLED else None,
        "of_queued": tx.now_s,
        "of_give_up": None
        if after is JobState.CANCELLED
        else give_up_at_s(spec, queued_at_s=tx.now_s if after is JobState.QUEUED else None),
    }


def _write(tx: Transaction, changes: list[dict[str, object]]) -> None:
    if not changes:
        return
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == bindparam("of_id"))
        .values(
            state=bindparam("of_state"),
            reason=bindparam("of_reason"),
            finished_at_s=bindparam("of_finished"),
            queued_at_s=bindparam("of_queued"),
            not_before_s=None,
            give_up_at_s=bindparam("of_give_up", type_=Double),
            lease_until_s=None,
            node_id=None,
            boot_id=None,
            started_at_s=None,
        ),
        changes,
    )
    tx.connection.execute(
        update(attempt)
        .where(
            attempt.c.instance_id == bindparam("of_id"),
            attempt.c.attempt == bindparam("of_attempt"),
        )
        .values(state=AttemptState.LOST.value, ended_at_s=tx.now_s, reason=bindparam("of_reason")),
        changes,
    )

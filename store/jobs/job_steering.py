"""One instance, from its submitter's side: cancelled, held, released."""

import json

from sqlalchemy import select, update

from domain import wire
from domain.events import JobWithdrawn
from domain.jobs.job import AttemptState, JobState
from store.dependencies.settling import has_conditions, let_go, settle
from store.gangs.member_tables import attempt_member
from store.gangs.members import dismiss
from store.instances.queueing import queued_event
from store.instances.waiting import give_up_at_s
from store.rows import AnyRow
from store.tables.jobs import attempt, instance, job
from store.transaction import Transaction


def lock_instance(tx: Transaction, instance_id: int, tenant_id: int | None) -> AnyRow | None:
    """The instance's id, state, attempt and node, locked; None if not there or not theirs."""
    columns = (
        instance.c.id,
        instance.c.job_id,
        instance.c.state,
        instance.c.attempt,
        instance.c.node_id,
    )
    statement = select(*columns).where(instance.c.id == instance_id)
    if tenant_id is not None:
        statement = statement.where(instance.c.tenant_id == tenant_id)
    if tx.locks_rows:
        statement = statement.with_for_update()
    return tx.connection.execute(statement).one_or_none()


def cancel(tx: Transaction, job_id: int, tenant_id: int | None, actor: str) -> JobState | None:
    """Cancel a job; the state it is in afterwards, or None where there is no such job.

    A waiting job ends at once; a running one is told to stop and ends when its node says so.
    A finished job stays as it is.
    """
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    before = JobState(row.state)
    if before in {JobState.RUNNING, JobState.PREEMPTED}:
        after = JobState.CANCELLING
    elif before in {JobState.QUEUED, JobState.ASSIGNED, JobState.HELD, JobState.BLOCKED}:
        after = JobState.CANCELLED
    else:
        return before
    values: dict[str, object] = {"state": after.value}
    if after is JobState.CANCELLED:
        values |= {"finished_at_s": tx.now_s, "reason": "cancelled", "lease_until_s": None}
        tx.record(JobWithdrawn(instance_id=job_id))
    tx.connection.execute(update(instance).where(instance.c.id == job_id).values(values))
    if after is JobState.CANCELLED:
        settle(tx, [(row.job_id, job_id)])
    if before is JobState.ASSIGNED:
        tx.connection.execute(
            update(attempt)
            .where(attempt.c.instance_id == job_id, attempt.c.attempt == row.attempt)
            .values(state=AttemptState.KILLED.value, ended_at_s=tx.now_s, reason="cancelled")
        )
        dismiss(tx, attempt_member.c.instance_id == job_id)
    if row.node_id is not None:
        tx.changed_nodes.append(row.node_id)
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.cancel", subject=f"job/{job_id}")
    return after


def release(tx: Transaction, job_id: int, tenant_id: int | None, actor: str) -> JobState | None:
    """Let a held job queue, or wait for what it depends on.

    The state it is in afterwards, or None where there is no such job.
    """
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    if row.state != JobState.HELD:
        return JobState(row.state)
    if has_conditions(tx, row.job_id):
        return _block(tx, job_id, actor)
    found = tx.connection.execute(
        select(job.c.spec, job.c.tenant_id).where(job.c.id == job_id)
    ).one()
    spec = wire.load_spec(json.loads(found.spec))
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == job_id)
        .values(
            state=JobState.QUEUED.value,
            queued_at_s=tx.now_s,
            give_up_at_s=give_up_at_s(spec, queued_at_s=tx.now_s),
        )
    )
    tx.record(
        queued_event(
            spec,
            instance_id=job_id,
            job_id=job_id,
            tenant_id=found.tenant_id,
            queued_at_s=tx.now_s,
            last_attempt=row.attempt,
        )
    )
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.release", subject=f"job/{job_id}")
    return JobState.QUEUED


def _block(tx: Transaction, job_id: int, actor: str) -> JobState:
    """Let a held job wait for what it depends on, which may have happened; its state then."""
    its = instance.c.id == job_id
    tx.connection.execute(update(instance).where(its).values(state=JobState.BLOCKED.value))
    let_go(tx, [job_id])
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.release", subject=f"job/{job_id}")
    return JobState(tx.connection.execute(select(instance.c.state).where(its)).scalar_one())


def hold(tx: Transaction, job_id: int, tenant_id: int | None, actor: str) -> JobState | None:
    """Keep a waiting job from starting until a person releases it; its state afterwards."""
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    if row.state not in {JobState.QUEUED, JobState.BLOCKED}:
        return JobState(row.state)
    text = tx.connection.execute(
        select(job.c.spec)
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(instance.c.id == job_id)
    ).scalar_one()
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == job_id)
        .values(
            state=JobState.HELD.value,
            reason=None,
            exit_code=None,
            give_up_at_s=give_up_at_s(wire.load_spec(json.loads(text)), queued_at_s=None),
        )
    )
    if row.state == JobState.QUEUED:
        tx.record(JobWithdrawn(instance_id=job_id))
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.hold", subject=f"job/{job_id}")
    return JobState.HELD

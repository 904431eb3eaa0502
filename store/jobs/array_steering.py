"""Arrays cancelled, held and released, whole or in part."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from domain.events import JobArrayWithdrawn
from domain.jobs.job import AttemptState, JobState
from store.dependencies.settling import has_conditions, let_go, settle
from store.gangs.member_tables import attempt_member
from store.gangs.members import dismiss
from store.instances.array_queueing import its_job, neighbours, record_queued
from store.instances.waiting import give_up_at_s
from store.jobs import arrays
from store.jobs.job_refs import Target
from store.tables.jobs import attempt, instance
from store.transaction import Transaction

_WAITING = (
    JobState.QUEUED.value,
    JobState.ASSIGNED.value,
    JobState.HELD.value,
    JobState.BLOCKED.value,
)
_AT_WORK = (JobState.RUNNING.value, JobState.PREEMPTED.value)
_STARTABLE = (JobState.QUEUED.value, JobState.BLOCKED.value)


def cancel(tx: Transaction, target: Target, actor: str) -> dict[JobState, int]:
    """Cancel elements of an array: how many ended by it, and how many are told to stop."""
    meant = arrays.elements_of(target)
    _lock(tx, meant, (*_WAITING, *_AT_WORK))
    offered = select(instance.c.id).where(meant, instance.c.state == JobState.ASSIGNED.value)
    tx.connection.execute(
        update(attempt)
        .where(attempt.c.state == AttemptState.OFFERED.value, attempt.c.instance_id.in_(offered))
        .values(state=AttemptState.KILLED.value, ended_at_s=tx.now_s, reason="cancelled")
    )
    dismiss(tx, attempt_member.c.instance_id.in_(offered))
    placed = (JobState.ASSIGNED.value, *_AT_WORK)
    nodes = select(instance.c.node_id).where(meant, instance.c.state.in_(placed)).distinct()
    tx.changed_nodes.extend(tx.connection.execute(nodes).scalars())
    n_stopping = tx.connection.execute(
        update(instance)
        .where(meant, instance.c.state.in_(_AT_WORK))
        .values(state=JobState.CANCELLING.value)
    ).rowcount
    ended = list(
        tx.connection.execute(
            update(instance)
            .where(meant, instance.c.state.in_(_WAITING))
            .values(
                state=JobState.CANCELLED.value,
                finished_at_s=tx.now_s,
                reason="cancelled",
                lease_until_s=None,
            )
            .returning(instance.c.id)
        ).scalars()
    )
    if ended:
        _withdrawn(tx, target, arrays.runs_of(target.array, target.job_id, target.wanted))
        settle(tx, [(target.job_id, number) for number in ended])
    _note(tx, target, actor, "job.cancel")
    return {JobState.CANCELLED: len(ended), JobState.CANCELLING: n_stopping}


def hold(tx: Transaction, target: Target, actor: str) -> int:
    """Keep elements that wait from starting until a person releases them; how many."""
    meant = arrays.elements_of(target)
    _lock(tx, meant, _STARTABLE)
    waits = instance.c.state.in_(_STARTABLE)
    rows = tx.connection.execute(
        select(instance.c.id, instance.c.state).where(meant, waits).order_by(instance.c.id)
    ).all()
    if rows:
        spec, _ = its_job(tx, target.job_id)
        tx.connection.execute(
            update(instance)
            .where(meant, waits)
            .values(
                state=JobState.HELD.value,
                reason=None,
                exit_code=None,
                give_up_at_s=give_up_at_s(spec, queued_at_s=None),
            )
        )
    queued = [row.id for row in rows if row.state == JobState.QUEUED]
    if queued:
        _withdrawn(tx, target, neighbours(queued))
    _note(tx, target, actor, "job.hold")
    return len(rows)


def release(tx: Transaction, target: Target, actor: str) -> int:
    """Let held elements queue, or wait for what they depend on; how many."""
    meant = arrays.elements_of(target)
    _lock(tx, meant, (JobState.HELD.value,))
    is_held = instance.c.state == JobState.HELD.value
    rows = tx.connection.execute(
        select(instance.c.id, instance.c.attempt).where(meant, is_held).order_by(instance.c.id)
    ).all()
    if rows and has_conditions(tx, target.job_id):
        tx.connection.execute(
            update(instance).where(meant, is_held).values(state=JobState.BLOCKED.value)
        )
        let_go(tx, [target.job_id])
    elif rows:
        spec, _ = its_job(tx, target.job_id)
        tx.connection.execute(
            update(instance)
            .where(meant, is_held)
            .values(
                state=JobState.QUEUED.value,
                queued_at_s=tx.now_s,
                give_up_at_s=give_up_at_s(spec, queued_at_s=tx.now_s),
            )
        )
        record_queued(tx, target.job_id, rows)
    _note(tx, target, actor, "job.release")
    return len(rows)


def _lock(tx: Transaction, meant: ColumnElement[bool], states: Sequence[str]) -> None:
    """Take the rows in the order in which everybody takes them."""
    if tx.locks_rows:
        tx.connection.execute(
            select(instance.c.id)
            .where(meant, instance.c.state.in_(states))
            .order_by(instance.c.id)
            .with_for_update()
        )


def _withdrawn(tx: Transaction, target: Target, runs: Sequence[tuple[int, int]]) -> None:
    tx.record(
        JobArrayWithdrawn(
            array_id=target.job_id,
            first_ids=tuple(first for first, _ in runs),
            last_ids=tuple(last for _, last in runs),
        )
    )


def _note(tx: Transaction, target: Target, actor: str, action: str) -> None:
    """Whoever waits for one of them looks again, and the trail says who did it."""
    tx.changed_jobs.append(target.job_id)
    for first, last in arrays.runs_of(target.array, target.job_id, target.wanted):
        tx.changed_jobs.extend(range(first, last + 1))
    elements = None if target.wanted is None else f"[{target.wanted.text}]"
    tx.audited(actor=actor, action=action, subject=f"job/{target.job_id}", detail=elements)

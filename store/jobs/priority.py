"""A person moves a waiting job before others, or after them."""

import json
from dataclasses import replace

from sqlalchemy import select, update

from domain import wire
from domain.events import PriorityChanged
from domain.jobs.job import FINAL_STATES
from domain.refusal import Refused
from store.tables.jobs import instance, job
from store.transaction import Transaction


def set_priority(
    tx: Transaction, job_id: int, points: int, actor: str, *, may_raise: bool
) -> Refused | None:
    """Give a job, or all instances of an array, this priority; they keep it when they queue again.

    Whoever may not raise it may lower it, and take back what was lowered.
    """
    statement = select(job.c.spec).where(job.c.id == job_id)
    if tx.locks_rows:
        statement = statement.with_for_update()
    spec = wire.load_spec(json.loads(tx.connection.execute(statement).scalar_one()))
    refused = refusal_to_raise(points, max(spec.priority, 0), may_raise=may_raise)
    if refused is not None:
        return refused
    final = [state.value for state in FINAL_STATES]
    left = select(instance.c.id).where(instance.c.job_id == job_id, instance.c.state.not_in(final))
    if tx.connection.execute(left.limit(1)).one_or_none() is None:
        return Refused(
            code="priority.ended",
            sentence=f"Job {job_id} has ended; when it starts is no question any more.",
        )
    if points == spec.priority:
        return None
    text = wire.dumps(replace(spec, priority=points))
    tx.connection.execute(update(job).where(job.c.id == job_id).values(spec=text))
    tx.record(PriorityChanged(job_id=job_id, priority=points))
    tx.changed_jobs.append(job_id)
    tx.audited(
        actor=actor, action="job.priority", subject=f"job/{job_id}", detail=f"{points} points"
    )
    return None


def refusal_to_raise(points: int, most: int, *, may_raise: bool) -> Refused | None:
    """Why this priority is not for everybody to give; None where it is."""
    if may_raise or points <= most:
        return None
    return Refused(
        code="priority.operator_only",
        sentence=f"Only the operator moves a job before others; give {most} points or fewer, "
        "or ask the operator.",
    )

"""How long a job waits: not before one moment, and not after another."""

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from domain.events import JobWithdrawn
from domain.job import EndReason, JobState
from domain.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from store.tables import instance, job
from store.transaction import Transaction

#: A job in one of these is nowhere yet.
WAITING_STATES = (JobState.QUEUED.value, JobState.HELD.value, JobState.BLOCKED.value)


def give_up_at_s(spec: JobSpec, *, queued_at_s: float | None) -> float | None:
    """When a job that still waits ends; None = never.

    ``queued_at_s`` is since when it could start, None while it is held or blocked: only its
    deadline runs on then.
    """
    ends_at_s = [] if spec.deadline_s is None else [spec.deadline_s]
    if spec.max_queue_s is not None and queued_at_s is not None:
        ends_at_s.append(max(queued_at_s, spec.not_before_s or 0.0) + spec.max_queue_s)
    return min(ends_at_s, default=None)


def cut_to_deadline(spec: dict[str, Any], now_s: float) -> dict[str, Any]:
    """The specification for a run that starts now: shorter, where it allowed that to end in time.

    The server's clock decides: those of nodes are not compared with it.
    """
    resources = spec["resources"]
    least_s, deadline_s = resources.get("time_min_s"), spec.get("deadline_s")
    if least_s is None or deadline_s is None:
        return spec
    limit_s = resources["time_limit_s"] or DEFAULT_TIME_LIMIT_S
    cut_s = min(limit_s, max(least_s, int(deadline_s - now_s)))
    return {**spec, "resources": {**resources, "time_limit_s": cut_s}}


def end_overdue(tx: Transaction, limit: int = 5000) -> int:
    """End the jobs that waited too long; the number that did."""
    statement = (
        select(instance.c.id, instance.c.job_id, instance.c.state, job.c.spec)
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(instance.c.state.in_(WAITING_STATES), instance.c.give_up_at_s < tx.now_s)
        .order_by(instance.c.id)
        .limit(limit)
    )
    if tx.locks_rows:
        statement = statement.with_for_update(of=instance)
    ends: list[dict[str, object]] = []
    for row in tx.connection.execute(statement).all():
        deadline_s = json.loads(row.spec).get("deadline_s")
        is_deadline = deadline_s is not None and deadline_s < tx.now_s
        reason = EndReason.DEADLINE_PASSED if is_deadline else EndReason.QUEUE_LIMIT
        ends.append({"of_id": row.id, "of_reason": reason.value})
        if row.state == JobState.QUEUED:
            tx.record(JobWithdrawn(instance_id=row.id))
        tx.changed_jobs.append(row.id)
    if ends:
        tx.connection.execute(
            update(instance)
            .where(instance.c.id == bindparam("of_id"))
            .values(
                state=JobState.CANCELLED.value,
                reason=bindparam("of_reason"),
                exit_code=None,
                finished_at_s=tx.now_s,
            ),
            ends,
        )
    return len(ends)

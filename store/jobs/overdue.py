"""Jobs that waited too long are ended."""

import json

from sqlalchemy import bindparam, select, update

from domain.events import JobWithdrawn
from domain.jobs.job import EndReason, JobState
from store.dependencies.settling import settle
from store.instances.waiting import WAITING_STATES
from store.tables.jobs import instance, job
from store.transaction import Transaction


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
    rows = tx.connection.execute(statement).all()
    ends: list[dict[str, object]] = []
    for row in rows:
        deadline_s = json.loads(row.spec).get("deadline_s")
        is_deadline = deadline_s is not None and deadline_s < tx.now_s
        reason = EndReason.DEADLINE_PASSED if is_deadline else EndReason.QUEUE_LIMIT
        ends.append({"of_id": row.id, "of_reason": reason.value})
        if row.state == JobState.QUEUED:
            tx.record(JobWithdrawn(instance_id=row.id))
        tx.touched(row.id, row.job_id)
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
        settle(tx, [(row.job_id, row.id) for row in rows])
    return len(ends)

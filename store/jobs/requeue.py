"""A person has a running job stopped, to queue again."""

from sqlalchemy import update

from domain.job import FINAL_STATES, EndReason, JobState
from domain.refusal import Refused
from store.jobs.jobs import lock_instance
from store.tables import instance
from store.transaction import Transaction


def requeue(
    tx: Transaction, job_id: int, tenant_id: int | None, actor: str
) -> JobState | Refused | None:
    """Stop a running job and queue it again; the state it is in afterwards.

    A job that waits already stays as it is. One that has ended does so for ever, and one that is
    held waits for its release. None where there is no such job.
    """
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    before = JobState(row.state)
    if before in FINAL_STATES or before is JobState.CANCELLING:
        return Refused(
            code="job.ended",
            sentence=f"Job {job_id} has ended or is about to; submit it again to run it again.",
        )
    if before is JobState.HELD:
        return Refused(
            code="job.held", sentence=f"Job {job_id} is held; release it to let it queue."
        )
    if before is not JobState.RUNNING:
        return before
    tx.connection.execute(
        update(instance)
        .where(instance.c.id == job_id)
        # The node is told as of a preemption; the reason says later who wished it.
        .values(state=JobState.PREEMPTED.value, reason=EndReason.REQUEUED.value)
    )
    tx.changed_nodes.append(row.node_id)
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.requeue", subject=f"job/{job_id}")
    return JobState.PREEMPTED

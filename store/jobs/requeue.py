"""A person has jobs queue again: what runs is stopped for it, what has ended is run once more."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import insert, select, update

from domain.files.job_files import EMPTY_SHA256
from domain.jobs.job import FINAL_STATES, EndReason, JobState
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.dependencies.conditions import ConditionState, chunks
from store.dependencies.dependency_tables import dependency
from store.dependencies.settling import has_conditions, let_go
from store.erasures.forgotten import is_forgotten
from store.files.stored_files import touch
from store.instances.array_queueing import its_job, record_queued
from store.instances.queueing import queued_event
from store.instances.waiting import give_up_at_s
from store.jobs import arrays
from store.jobs.job_refs import Target
from store.jobs.job_steering import lock_instance
from store.notices.mail_wishes import wish_again
from store.quotas.admission import refusal_of
from store.rows import AnyRow
from store.tables.files import job_input
from store.tables.jobs import instance
from store.transaction import Transaction

_FINAL = frozenset(state.value for state in FINAL_STATES)
_MAY_QUEUE_AGAIN = frozenset({*_FINAL, JobState.RUNNING.value})


def requeue(
    tx: Transaction, job_id: int, tenant_id: int | None, actor: str
) -> JobState | Refused | None:
    """Have one job run again; the state it is in afterwards. None where there is no such job.

    What runs is stopped to queue again; what has ended queues as a new attempt. A job that waits
    already stays as it is, and one that is held waits for its release.
    """
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    before = JobState(row.state)
    if before is JobState.CANCELLING:
        return Refused(
            code="job.ended",
            sentence=f"Job {job_id} is being stopped; requeue it once it has ended.",
        )
    if before is JobState.HELD:
        return Refused(
            code="job.held", sentence=f"Job {job_id} is held; release it to let it queue."
        )
    if before in FINAL_STATES:
        refused = _run_again(tx, row.job_id, [row])
        if refused is not None:
            return refused
    elif before is JobState.RUNNING:
        _stop(tx, [row])
    else:
        return before
    tx.touched(job_id, row.job_id)
    tx.audited(actor=actor, action="job.requeue", subject=f"job/{job_id}")
    its = select(instance.c.state).where(instance.c.id == job_id)
    return JobState(tx.connection.execute(its).scalar_one())


def requeue_elements(
    tx: Transaction, target: Target, actor: str, states: Collection[JobState] = ()
) -> dict[JobState, int] | Refused:
    """Have elements of an array run again that run or have ended; how many queue or will.

    ``states`` leaves out those in any other; all of them are taken, or none.
    """
    wanted = _MAY_QUEUE_AGAIN & ({state.value for state in states} or _MAY_QUEUE_AGAIN)
    statement = (
        select(instance.c.id, instance.c.state, instance.c.attempt, instance.c.node_id)
        .where(arrays.elements_of(target), instance.c.state.in_(sorted(wanted)))
        .order_by(instance.c.id)
    )
    if tx.locks_rows:
        statement = statement.with_for_update()
    rows = tx.connection.execute(statement).all()
    ended = [row for row in rows if row.state in _FINAL]
    running = [row for row in rows if row.state == JobState.RUNNING]
    refused = _run_again(tx, target.job_id, ended) if ended else None
    if refused is not None:
        return refused
    _stop(tx, running)
    for row in rows:
        tx.touched(row.id, target.job_id)
    elements = None if target.wanted is None else f"[{target.wanted.text}]"
    tx.audited(actor=actor, action="job.requeue", subject=f"job/{target.job_id}", detail=elements)
    return {JobState.QUEUED: len(ended), JobState.PREEMPTED: len(running)}


def _stop(tx: Transaction, rows: Sequence[AnyRow]) -> None:
    for some in chunks([row.id for row in rows]):
        tx.connection.execute(
            update(instance)
            .where(instance.c.id.in_(some))
            # The node is told as of a preemption; the reason says later who wished it.
            .values(state=JobState.PREEMPTED.value, reason=EndReason.REQUEUED.value)
        )
    tx.changed_nodes.extend({row.node_id for row in rows})


def _run_again(tx: Transaction, job_id: int, rows: Sequence[AnyRow]) -> Refused | None:
    """Let ended instances of a job queue, or wait for what it waited for; why they cannot."""
    if is_forgotten(tx.connection, job_id):
        return Refused(
            code="job.forgotten", sentence=f"Job {job_id} was forgotten; submit it anew."
        )
    spec, tenant_id = its_job(tx, job_id)
    give_up_s = give_up_at_s(spec, queued_at_s=tx.now_s)
    if spec.deadline_s is not None and spec.deadline_s <= tx.now_s:
        return Refused(
            code="job.deadline_passed",
            sentence=f"The deadline of job {job_id} is over; submit it anew with a later one.",
        )
    refused = _keep_inputs(tx, job_id, tenant_id, spec) or _quota(tx, tenant_id, spec, len(rows))
    if refused is not None:
        return refused
    wish_again(tx.connection, job_id, spec)
    waits = has_conditions(tx, job_id)
    state = JobState.BLOCKED if waits else JobState.QUEUED
    for some in chunks([row.id for row in rows]):
        tx.connection.execute(
            update(instance)
            .where(instance.c.id.in_(some))
            .values(
                state=state.value,
                reason=EndReason.REQUEUED.value,
                exit_code=None,
                queued_at_s=tx.now_s,
                not_before_s=None,
                give_up_at_s=None if waits else give_up_s,
                finished_at_s=None,
                started_at_s=None,
                node_id=None,
                boot_id=None,
            )
        )
    if waits:
        tx.connection.execute(
            update(dependency)
            .where(dependency.c.job_id == job_id)
            .values(state=ConditionState.WAITING.value, not_before_s=None)
        )
        let_go(tx, [job_id])
    elif spec.array is not None:
        record_queued(tx, job_id, rows)
    else:
        tx.record(
            queued_event(
                spec,
                instance_id=job_id,
                job_id=job_id,
                tenant_id=tenant_id,
                queued_at_s=tx.now_s,
                last_attempt=rows[0].attempt,
            )
        )
    return None


def _keep_inputs(tx: Transaction, job_id: int, tenant_id: int, spec: JobSpec) -> Refused | None:
    """Keep what the job is given for as long as it needs it again; a refusal where it is gone."""
    wanted = {item.sha256 for item in spec.inputs} - {EMPTY_SHA256}
    here = touch(tx, tenant_id, wanted) if wanted else set()
    gone = next((item for item in spec.inputs if item.sha256 in wanted - here), None)
    if gone is not None:
        return Refused(
            code="file.expired",
            sentence=f"The input {gone.path!r} was deleted some time after the job had ended; "
            "submit the job anew.",
        )
    listed = select(job_input.c.sha256).where(job_input.c.job_id == job_id)
    missing = here - set(tx.connection.execute(listed).scalars())
    if missing:
        rows = [
            {"tenant_id": tenant_id, "sha256": sha256, "job_id": job_id}
            for sha256 in sorted(missing)
        ]
        tx.connection.execute(insert(job_input), rows)
    return None


def _quota(tx: Transaction, tenant_id: int, spec: JobSpec, count: int) -> Refused | None:
    """Why a quota does not let so many instances come in, as if they were submitted now."""
    array = None if spec.array is None else replace(spec.array, count=count)
    least = spec.resources.cores * spec.resources.nodes
    return refusal_of(tx.connection, tx.now_s, tenant_id, replace(spec, array=array), least)

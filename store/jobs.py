"""Jobs from their submitter's side: submit, cancel, release."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from domain import wire
from domain.events import JobQueued, JobWithdrawn
from domain.job import AttemptState, JobState, SchedulingType
from domain.job_spec import DEFAULT_FLEX_WAIT_S, DEFAULT_TIME_LIMIT_S, JobSpec
from domain.refusal import Refused
from store.rows import AnyRow
from store.tables import attempt, id_counter, instance, job
from store.transaction import Transaction
from store.waiting import give_up_at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """One job as it enters the store."""

    tenant_id: int
    key_id: int | None
    idempotency_key: str | None
    spec: JobSpec
    #: Of the request as sent; None = of the specification. A time like ``+2h`` is read anew at a
    #: repeat, so only the request tells a repeat from another job.
    request_hash: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a submission."""

    job_id: int
    is_repeat: bool = False  #: The same idempotency key brought the same job before.


def take_ids(tx: Transaction, name: str, count: int) -> range:
    """Reserve consecutive ids; they are integers that never return."""
    statement = (
        update(id_counter)
        .where(id_counter.c.name == name)
        .values(next_id=id_counter.c.next_id + count)
        .returning(id_counter.c.next_id)
    )
    after = tx.connection.execute(statement).scalar_one()
    return range(after - count, after)


def submit(tx: Transaction, submissions: Sequence[NewJob]) -> list[Accepted | Refused]:
    """Store these jobs, each once for its idempotency key.

    The answers stand in the order of the submissions. A key that was used before with another
    body is refused with ``idempotency.conflict``; the others are not touched by it.
    """
    texts = [wire.dumps(item.spec) for item in submissions]
    hashes = [
        item.request_hash or hashlib.sha256(text.encode()).digest()
        for item, text in zip(submissions, texts, strict=True)
    ]
    known = _known_keys(tx, submissions)
    answers: list[Accepted | Refused | None] = []
    fresh: list[int] = []
    for position, item in enumerate(submissions):
        slot = (item.tenant_id, item.idempotency_key)
        earlier = known.get(slot) if item.idempotency_key is not None else None
        if earlier is None:
            fresh.append(position)
            answers.append(None)
            if item.idempotency_key is not None:
                known[slot] = (-position - 1, hashes[position])
        else:
            answers.append(_repeat(earlier, hashes[position]))
    ids = take_ids(tx, "job", len(fresh)) if fresh else range(0)
    for job_id, position in zip(ids, fresh, strict=True):
        answers[position] = Accepted(job_id=job_id)
    _insert(tx, submissions, texts, hashes, list(zip(ids, fresh, strict=True)))
    return [_resolved(answer, answers) for answer in answers]


def _repeat(earlier: tuple[int, bytes], spec_hash: bytes) -> Accepted | Refused:
    job_id, stored_hash = earlier
    if bytes(stored_hash) == spec_hash:
        return Accepted(job_id=job_id, is_repeat=True)
    return Refused(
        code="idempotency.conflict",
        sentence="This idempotency key was used before with another job; use a new key.",
    )


def _resolved(
    answer: Accepted | Refused | None, answers: Sequence[Accepted | Refused | None]
) -> Accepted | Refused:
    """A repeat inside one request points at its first copy by a negative number."""
    if isinstance(answer, Accepted) and answer.job_id < 0:
        first = answers[-answer.job_id - 1]
        if isinstance(first, Accepted):
            return Accepted(job_id=first.job_id, is_repeat=True)
    if answer is None:
        message = "a submission was left without an answer"
        raise AssertionError(message)
    return answer


def _known_keys(
    tx: Transaction, submissions: Sequence[NewJob]
) -> dict[tuple[int, str | None], tuple[int, bytes]]:
    keys = {item.idempotency_key for item in submissions if item.idempotency_key is not None}
    if not keys:
        return {}
    tenants = {item.tenant_id for item in submissions}
    statement = select(job.c.tenant_id, job.c.idempotency_key, job.c.id, job.c.spec_hash).where(
        job.c.tenant_id.in_(tenants), job.c.idempotency_key.in_(keys)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in tx.connection.execute(statement)}


def _insert(
    tx: Transaction,
    submissions: Sequence[NewJob],
    texts: Sequence[str],
    hashes: Sequence[bytes],
    placed: Sequence[tuple[int, int]],
) -> None:
    if not placed:
        return
    jobs = []
    instances = []
    for job_id, position in placed:
        item = submissions[position]
        spec = item.spec
        state = JobState.HELD if spec.is_held else JobState.QUEUED
        jobs.append(
            {
                "id": job_id,
                "tenant_id": item.tenant_id,
                "key_id": item.key_id,
                "idempotency_key": item.idempotency_key,
                "spec_hash": hashes[position],
                "name": spec.name,
                "project": spec.project,
                "spec": texts[position],
                "submitted_at_s": tx.now_s,
            }
        )
        instances.append(
            {
                "id": job_id,
                "job_id": job_id,
                "array_index": None,
                "tenant_id": item.tenant_id,
                "state": state.value,
                "attempt": 0,
                "failures": 0,
                "cores": 0 if spec.resources.whole_node else spec.resources.cores,
                "lease_ttl_s": spec.disconnect_tolerance_s,
                "queued_at_s": tx.now_s,
                "give_up_at_s": give_up_at_s(
                    spec, queued_at_s=tx.now_s if state is JobState.QUEUED else None
                ),
            }
        )
        if state is JobState.QUEUED:
            tx.record(
                queued_event(
                    spec,
                    instance_id=job_id,
                    tenant_id=item.tenant_id,
                    queued_at_s=tx.now_s,
                    last_attempt=0,
                )
            )
        tx.changed_jobs.append(job_id)
    tx.connection.execute(insert(job), jobs)
    tx.connection.execute(insert(instance), instances)


def queued_event(
    spec: JobSpec,
    *,
    instance_id: int,
    tenant_id: int,
    queued_at_s: float,
    last_attempt: int,
    avoid_node_id: int | None = None,
    not_before_s: float | None = None,
) -> JobQueued:
    """The fact that an instance waits, with all that placement needs to know of it.

    ``not_before_s`` holds for this instance, beside what its submitter asked for.
    """
    start_before_s = spec.start_before_s
    earliest_s = max(not_before_s or 0.0, spec.not_before_s or 0.0)
    if start_before_s is None and spec.scheduling_type is SchedulingType.FLEX:
        start_before_s = queued_at_s + DEFAULT_FLEX_WAIT_S
    return JobQueued(
        instance_id=instance_id,
        name=spec.name,
        tenant_id=tenant_id,
        cores=spec.resources.cores,
        mem_mib=spec.resources.mem_mib,
        whole_node=spec.resources.whole_node,
        scheduling_type=spec.scheduling_type.value,
        time_limit_s=spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S,
        queued_at_s=queued_at_s,
        start_before_s=start_before_s,
        end_before_s=spec.deadline_s,
        not_before_s=earliest_s or None,
        last_attempt=last_attempt,
        avoid_node_id=avoid_node_id,
        is_preemptible=spec.is_preemptible,
        excluded=spec.excluded,
        can_resume=False,  # a stopped job's files do not travel to its next node
    )


def lock_instance(tx: Transaction, instance_id: int, tenant_id: int | None) -> AnyRow | None:
    """The instance's id, state, attempt and node, locked; None if not there or not theirs."""
    columns = (instance.c.id, instance.c.state, instance.c.attempt, instance.c.node_id)
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
    if before is JobState.ASSIGNED:
        tx.connection.execute(
            update(attempt)
            .where(attempt.c.instance_id == job_id, attempt.c.attempt == row.attempt)
            .values(state=AttemptState.KILLED.value, ended_at_s=tx.now_s, reason="cancelled")
        )
    if row.node_id is not None:
        tx.changed_nodes.append(row.node_id)
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.cancel", subject=f"job/{job_id}")
    return after


def release(tx: Transaction, job_id: int, tenant_id: int | None, actor: str) -> JobState | None:
    """Let a held job queue; the state it is in afterwards, or None where there is no such job."""
    row = lock_instance(tx, job_id, tenant_id)
    if row is None:
        return None
    if row.state != JobState.HELD:
        return JobState(row.state)
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
            tenant_id=found.tenant_id,
            queued_at_s=tx.now_s,
            last_attempt=row.attempt,
        )
    )
    tx.changed_jobs.append(job_id)
    tx.audited(actor=actor, action="job.release", subject=f"job/{job_id}")
    return JobState.QUEUED

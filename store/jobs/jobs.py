"""Jobs as they are taken in."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import accumulate

from sqlalchemy import insert, select, update

from domain import wire
from domain.events import JobArrayQueued, JobQueued
from domain.jobs.job import JobState
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.instances.queueing import array_queued_event, queued_event
from store.instances.waiting import give_up_at_s
from store.jobs import arrays, new_conditions, within_quotas
from store.jobs.new_job import Accepted, NewJob
from store.licences.licences import note_licences
from store.notices.mail_wishes import note_wishes
from store.tables.jobs import id_counter, instance, job
from store.transaction import Transaction


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


def submit(
    tx: Transaction,
    submissions: Sequence[NewJob],
    refused: Mapping[int, Refused] | None = None,
) -> list[Accepted | Refused]:
    """Store these jobs, each once for its idempotency key, but those that are refused already.

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
        if refused is not None and position in refused:
            answers.append(refused[position])
        elif earlier is None:
            fresh.append(position)
            answers.append(None)
            if item.idempotency_key is not None:
                known[slot] = (-position - 1, hashes[position])
        else:
            answers.append(_repeat(earlier, hashes[position]))
    targets = new_conditions.targets(tx, [submissions[position] for position in fresh])
    fresh = new_conditions.without_refused(submissions, answers, fresh, targets)
    admitted = within_quotas.without_refused(tx, submissions, answers, fresh)
    if len(admitted) < len(fresh):  # Others may have been to wait for what is refused now.
        admitted = new_conditions.without_refused(submissions, answers, admitted, targets)
    fresh = admitted
    ids = _number(tx, [submissions[position].spec for position in fresh])
    for job_id, position in zip(ids, fresh, strict=True):
        answers[position] = Accepted(job_id=job_id)
    _insert(tx, submissions, texts, hashes, list(zip(ids, fresh, strict=True)))
    accepted = [_resolved(answer, answers) for answer in answers]
    new_conditions.write(tx, submissions, accepted, fresh, targets)
    return accepted


def _number(tx: Transaction, specs: Sequence[JobSpec]) -> list[int]:
    """A number for each job. That of an array is its own; those of its instances follow it."""
    sizes = [1 if spec.array is None else 1 + spec.array.count for spec in specs]
    if not sizes:
        return []
    first = take_ids(tx, "job", sum(sizes)).start
    return list(accumulate(sizes[:-1], initial=first))


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
        if isinstance(first, Refused):
            return first
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
    items = [(job_id, submissions[position]) for job_id, position in placed]
    tx.connection.execute(
        insert(job),
        [
            _job_values(tx, job_id, submissions[position], texts[position], hashes[position])
            for job_id, position in placed
        ],
    )
    singles = [(job_id, item) for job_id, item in items if item.spec.array is None]
    if singles:
        values = [_instance_values(tx, job_id, item) for job_id, item in singles]
        tx.connection.execute(insert(instance), values)
    note_wishes(tx.connection, ((job_id, item.spec) for job_id, item in items))
    note_licences(tx.connection, ((job_id, item.spec) for job_id, item in items))
    for job_id, item in items:
        state = _first_state(item)
        arrays.insert_instances(
            tx, job_id=job_id, tenant_id=item.tenant_id, spec=item.spec, state=state
        )
        if state is JobState.QUEUED:
            tx.record(_queued(tx, job_id, item))
        tx.changed_jobs.append(job_id)


def _first_state(item: NewJob) -> JobState:
    if item.spec.is_held:
        return JobState.HELD
    return JobState.BLOCKED if item.conditions else JobState.QUEUED


def _job_values(
    tx: Transaction, job_id: int, item: NewJob, text: str, spec_hash: bytes
) -> dict[str, object]:
    array = item.spec.array
    return {
        "id": job_id,
        "tenant_id": item.tenant_id,
        "key_id": item.key_id,
        "idempotency_key": item.idempotency_key,
        "spec_hash": spec_hash,
        "name": item.spec.name,
        "project": item.spec.project,
        "profile": item.spec.profile,
        "spec": text,
        "submitted_at_s": tx.now_s,
        "array_count": None if array is None else array.count,
        "array_at_once": None if array is None else array.at_once,
    }


def _instance_values(tx: Transaction, job_id: int, item: NewJob) -> dict[str, object]:
    resources = item.spec.resources
    return {
        "id": job_id,
        "job_id": job_id,
        "array_index": None,
        "tenant_id": item.tenant_id,
        "state": _first_state(item).value,
        "attempt": 0,
        "failures": 0,
        "cores": 0 if resources.whole_node else resources.cores,
        "nodes": resources.nodes,
        "lease_ttl_s": item.spec.disconnect_tolerance_s,
        "queued_at_s": tx.now_s,
        "give_up_at_s": give_up_at_s(
            item.spec,
            queued_at_s=tx.now_s if _first_state(item) is JobState.QUEUED else None,
        ),
    }


def _queued(tx: Transaction, job_id: int, item: NewJob) -> JobQueued | JobArrayQueued:
    spec, tenant_id = item.spec, item.tenant_id
    if spec.array is not None:
        runs = arrays.runs_of(spec.array, job_id, None)
        return array_queued_event(
            spec, job_id=job_id, tenant_id=tenant_id, queued_at_s=tx.now_s, runs=runs
        )
    return queued_event(
        spec,
        instance_id=job_id,
        job_id=job_id,
        tenant_id=tenant_id,
        queued_at_s=tx.now_s,
        last_attempt=0,
    )

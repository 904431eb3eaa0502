"""Arrays: many instances made and found by few statements."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Text,
    and_,
    insert,
    literal,
    or_,
    select,
)

from domain.jobs.array_spec import ArrayPart, ArraySpec
from domain.jobs.job import JobState
from domain.jobs.job_spec import JobSpec
from store.instances.waiting import give_up_at_s
from store.jobs.job_refs import Single, Target
from store.tables.jobs import instance
from store.transaction import Transaction

_WAITING = (
    JobState.QUEUED.value,
    JobState.ASSIGNED.value,
    JobState.HELD.value,
    JobState.BLOCKED.value,
)
_AT_WORK = (JobState.RUNNING.value, JobState.PREEMPTED.value)


def insert_instances(
    tx: Transaction, *, job_id: int, tenant_id: int, spec: JobSpec, state: JobState
) -> None:
    """Make the instances of an array; the first is numbered one above its job."""
    if spec.array is None:
        return
    first_id = job_id + 1
    for part in spec.array.parts():
        _insert_part(tx, part, first_id, job_id, tenant_id, spec, state)
        first_id += part.count


def _insert_part(  # noqa: PLR0917 - the columns of one statement
    tx: Transaction,
    part: ArrayPart,
    first_id: int,
    job_id: int,
    tenant_id: int,
    spec: JobSpec,
    state: JobState,
) -> None:
    """The database counts by itself: 100 000 rows are one statement, and nothing is sent."""
    rank = select(literal(0, Integer).label("rank")).cte("ranks", recursive=True)
    rank = rank.union_all(select(rank.c.rank + 1).where(rank.c.rank < part.count - 1))
    resources = spec.resources
    give_up_s = give_up_at_s(spec, queued_at_s=tx.now_s if state is JobState.QUEUED else None)
    values: dict[str, ColumnElement[Any]] = {
        "id": literal(first_id, BigInteger) + rank.c.rank,
        "job_id": literal(job_id, BigInteger),
        "array_index": literal(part.first, Integer) + rank.c.rank * part.step,
        "tenant_id": literal(tenant_id, BigInteger),
        "state": literal(state.value, Text),
        "attempt": literal(0, Integer),
        "failures": literal(0, Integer),
        "cores": literal(0 if resources.whole_node else resources.cores, Integer),
        "nodes": literal(resources.nodes, Integer),
        "lease_ttl_s": literal(spec.disconnect_tolerance_s, Integer),
        "queued_at_s": literal(tx.now_s, Double),
        "give_up_at_s": literal(give_up_s, Double),
    }
    tx.connection.execute(insert(instance).from_select(list(values), select(*values.values())))


def elements_of(target: Single | Target) -> ColumnElement[bool]:
    """The condition by which the database finds the instances that are meant."""
    whole = instance.c.job_id == target.job_id
    if isinstance(target, Single) or target.wanted is None:
        return whole
    index = instance.c.array_index
    named = [
        index == part.first
        if part.count == 1
        else and_(index.between(part.first, part.last), (index - part.first) % part.step == 0)
        for part in target.wanted.parts()
    ]
    return and_(whole, or_(*named))


def runs_of(array: ArraySpec, job_id: int, wanted: ArraySpec | None) -> list[tuple[int, int]]:
    """The numbers of the instances that are meant, as runs of neighbours."""
    if wanted is None:
        return [(job_id + 1, job_id + array.count)]
    return [(job_id + 1 + first, job_id + 1 + last) for first, last in array.ranks_of(wanted)]

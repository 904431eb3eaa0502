"""What a new job says it waits for, found in the store and written beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from domain.jobs.array_spec import ArraySpec
from domain.jobs.job_ref import element_ref
from domain.refusal import Refused
from domain.sbatch.dependencies import DependencyKind
from store.dependencies.conditions import OPEN, ConditionState, chunks
from store.tables.jobs import instance, job
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCondition:
    """One thing a new job waits for: an earlier job, or another of the same request."""

    kind: DependencyKind
    number: int | None = None  #: Of an earlier job or instance.
    position: int | None = None  #: In the same request.
    index: int | None = None  #: Of one element of it.
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A job that may be waited for."""

    job_id: int
    tenant_id: int
    array: ArraySpec | None
    index: int | None = None  #: Where its number was that of one element.


def unknown_job(number: int) -> Refused:
    """The same answer for what does not exist and for what is not yours."""
    return Refused(
        code="dependency.unknown_job",
        sentence=f"There is no job {number} of yours to wait for; name one submitted before.",
    )


def find(tx: Transaction, numbers: Sequence[int]) -> dict[int, Found]:
    """The jobs and instances of these numbers, whoever has them; locked against ending now."""
    found = look(tx.connection, numbers)
    if tx.locks_rows:
        # One that ends now must do so before this, or see that it is waited for.
        for some in chunks(sorted({item.job_id for item in found.values()})):
            tx.connection.execute(
                select(instance.c.id)
                .where(instance.c.job_id.in_(some), instance.c.state.in_(OPEN))
                .order_by(instance.c.id)
                .with_for_update(read=True)
            )
    return found


def look(connection: Connection, numbers: Sequence[int]) -> dict[int, Found]:
    """The jobs and instances of these numbers, whoever has them."""
    columns = (job.c.id, job.c.tenant_id, job.c.array_count, job.c.spec)
    found: dict[int, Found] = {}
    for some in chunks(numbers):
        for row in connection.execute(select(*columns).where(job.c.id.in_(some))):
            found[row.id] = _found(row, None)
        rest = [number for number in some if number not in found]
        if rest:
            elements = (
                select(*columns, instance.c.id.label("number"), instance.c.array_index)
                .select_from(instance.join(job, instance.c.job_id == job.c.id))
                .where(instance.c.id.in_(rest))
            )
            for item in connection.execute(elements):
                found[item.number] = _found(item, item.array_index)
    return found


def _found(row: Any, index: int | None) -> Found:  # noqa: ANN401 - a row of one of two forms
    array = None if row.array_count is None else ArraySpec(**json.loads(row.spec)["array"])
    return Found(job_id=row.id, tenant_id=row.tenant_id, array=array, index=index)


def refusal_of(
    condition: NewCondition, target: Found | None, tenant_id: int, own: ArraySpec | None
) -> Refused | None:
    """Why a job of this tenant, which may be an array itself, cannot wait for that."""
    if condition.kind is DependencyKind.SINGLETON:
        return None
    if target is None or target.tenant_id != tenant_id:
        return unknown_job(condition.number or 0)
    # One of the same request has no number yet.
    name = element_ref(target.job_id, condition.index) if target.job_id else "of that job"
    if condition.index is not None and (
        target.array is None or target.array.rank_of(condition.index) is None
    ):
        return Refused(
            code="dependency.no_element", sentence=f"There is no element {name} to wait for."
        )
    if condition.kind is not DependencyKind.AFTER_CORR:
        return None
    if target.array is None or own is None or condition.index is not None or target.index:
        return Refused(
            code="dependency.not_arrays",
            sentence=f"aftercorr:{name} is between two arrays; write afterok:{name}.",
        )
    missing = _first_missing(own, target.array)
    if missing is None:
        return None
    return Refused(
        code="dependency.no_element",
        sentence=f"aftercorr:{name} finds no element {missing} there; use the same indexes.",
    )


def _first_missing(own: ArraySpec, other: ArraySpec) -> int | None:
    there = {index for part in other.parts() for index in part.indexes()}
    every = (index for part in own.parts() for index in part.indexes())
    return next((index for index in every if index not in there), None)


def rows_of(
    *,
    job_id: int,
    tenant_id: int,
    name: str,
    conditions: Sequence[tuple[NewCondition, Found | None]],
    is_any: bool,
) -> list[dict[str, object]]:
    """What a job waits for, as it is written down; whether it holds is decided afterwards."""
    return [
        {
            "job_id": job_id,
            "position": position,
            "kind": condition.kind.value,
            "tenant_id": tenant_id,
            "same_name": name if target is None else None,
            "delay_s": condition.delay_s,
            "is_any": is_any,
            "state": ConditionState.WAITING.value,
            **_range(condition, target),
        }
        for position, (condition, target) in enumerate(conditions)
    ]


def _range(condition: NewCondition, target: Found | None) -> Mapping[str, int | None]:
    """The instances that a condition is about."""
    if target is None:
        return {"on_job_id": None, "first_id": None, "last_id": None}
    if target.array is None:
        first = last = target.job_id
    else:
        first, last = target.job_id + 1, target.job_id + target.array.count
        index = target.index if condition.index is None else condition.index
        if index is not None:
            first = last = first + (target.array.rank_of(index) or 0)
    return {"on_job_id": target.job_id, "first_id": first, "last_id": last}

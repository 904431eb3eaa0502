"""What a person names, found in the store: a job, an array, or elements of one."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from domain.jobs.array_spec import ArraySpec
from domain.jobs.job_ref import JobRef
from domain.refusal import Refused
from store.tables.jobs import instance, job


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A job of one instance, which has the job's number."""

    job_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An array, or some elements of it."""

    job_id: int
    array: ArraySpec
    wanted: ArraySpec | None  #: The elements that are meant; None = all.

    @property
    def instance_id(self) -> int | None:
        """The one instance that is meant, where it is one."""
        if self.wanted is None or self.wanted.count != 1:
            return None
        rank = self.array.rank_of(self.wanted.first)
        return None if rank is None else self.job_id + 1 + rank


NOT_FOUND = Refused(code="not_found", sentence="There is no such job.")
_COLUMNS = (job.c.id, job.c.tenant_id, job.c.array_count, job.c.spec)


def find(connection: Connection, ref: JobRef, tenant_id: int | None) -> Single | Target | Refused:
    """What this tenant's name stands for; operators (None) see everybody's.

    The number of an instance stands for that instance, also in an array.
    """
    row: Any = connection.execute(select(*_COLUMNS).where(job.c.id == ref.number)).one_or_none()
    wanted = ref.elements
    if row is None and wanted is None:
        row = connection.execute(
            select(*_COLUMNS, instance.c.array_index)
            .select_from(instance.join(job, instance.c.job_id == job.c.id))
            .where(instance.c.id == ref.number)
        ).one_or_none()
        wanted = None if row is None else element(row.array_index)
    if row is None or tenant_id not in {None, row.tenant_id}:
        return NOT_FOUND
    if row.array_count is None:
        if wanted is None:
            return Single(job_id=row.id)
        return Refused(
            code="job.not_an_array",
            sentence=f"Job {row.id} is no array; name it by {row.id} alone.",
        )
    array = ArraySpec(**json.loads(row.spec)["array"])
    if wanted is not None and next(array.ranks_of(wanted), None) is None:
        return Refused(
            code="job.no_element",
            sentence=f"Array {row.id} has no element {wanted.text}; its indexes are {array.text}.",
        )
    return Target(job_id=row.id, array=array, wanted=wanted)


def element(index: int) -> ArraySpec:
    """One index, as a selection."""
    return ArraySpec(text=str(index), count=1, first=index, last=index, step=1)

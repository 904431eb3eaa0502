"""Asking for an erasure: which jobs it is about, and why it may not be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert, select

from domain.job import FINAL_STATES
from domain.refusal import Refused
from store.erasures.erasure_tables import erased_job, erasure
from store.tables import instance, job
from store.transaction import Transaction

_FINAL = tuple(sorted(state.value for state in FINAL_STATES))
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a tenant is to be forgotten: one job, a project's, or all that have ended."""

    tenant_id: int
    job_id: int | None = None
    project: str | None = None

    @property
    def text(self) -> str:
        """As the receipt names it."""
        plain = {"job_id": self.job_id, "project": self.project}
        named = {name: value for name, value in plain.items() if value is not None}
        return json.dumps(named or {"all": True})

    def jobs(self) -> ColumnElement[bool]:
        """The jobs that are meant."""
        meant = job.c.tenant_id == self.tenant_id
        if self.job_id is not None:
            meant &= job.c.id == self.job_id
        if self.project is not None:
            meant &= job.c.project == self.project
        return meant


def ask(tx: Transaction, scope: Scope, actor: str) -> int | Refused:
    """Have these jobs forgotten; the number of the erasure. Nothing is where one has not ended."""
    open_jobs = _open_jobs(tx, scope)
    if open_jobs:
        return _not_ended(scope, open_jobs)
    fresh = (
        select(job.c.id)
        .where(scope.jobs())
        .where(~select(erased_job.c.job_id).where(erased_job.c.job_id == job.c.id).exists())
    )
    job_ids = tx.connection.execute(fresh).scalars().all()
    if not job_ids:
        sentence = "There is nothing to forget: no such job has ended, or all were forgotten."
        return Refused(code="erasure.nothing", sentence=sentence)
    counted = select(func.count()).where(instance.c.job_id.in_(fresh))
    values = {
        "tenant_id": scope.tenant_id,
        "scope": scope.text,
        "asked_by": actor,
        "asked_at_s": tx.now_s,
        "jobs": len(job_ids),
        "instances": tx.connection.execute(counted).scalar_one(),
        **dict.fromkeys(("files", "bytes", "shared_files"), 0),
    }
    statement = insert(erasure).values(values).returning(erasure.c.id)
    number: int = tx.connection.execute(statement).scalar_one()
    tx.connection.execute(
        insert(erased_job), [{"job_id": one, "erasure_id": number} for one in job_ids]
    )
    tx.audited(
        actor=actor,
        action="erasure.ask",
        subject=f"erasure/{number}",
        detail=f"{len(job_ids)} jobs",
    )
    return number


def _open_jobs(tx: Transaction, scope: Scope) -> Sequence[int]:
    """The first jobs that have not ended."""
    statement = (
        select(job.c.id)
        .where(scope.jobs())
        .where(
            select(instance.c.id)
            .where(instance.c.job_id == job.c.id, instance.c.state.not_in(_FINAL))
            .exists()
        )
        .order_by(job.c.id)
        .limit(_MOST_NAMED + 1)
    )
    return tx.connection.execute(statement).scalars().all()


def _not_ended(scope: Scope, job_ids: Sequence[int]) -> Refused:
    if scope.job_id is not None:
        sentence = f"Job {scope.job_id} has not ended; cancel it, wait until it has, and ask again."
        return Refused(code="erasure.not_ended", sentence=sentence)
    named = ", ".join(map(str, job_ids[:_MOST_NAMED]))
    more = " and others" if len(job_ids) > _MOST_NAMED else ""
    return Refused(
        code="erasure.not_ended",
        sentence=f"Nothing is forgotten while jobs have not ended: {named}{more}; "
        "cancel them or wait, and ask again.",
    )

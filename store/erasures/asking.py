"""Asking for an erasure: which jobs it is about, and why it may not be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select

from domain.jobs.forgotten import forgotten
from domain.jobs.job import FINAL_STATES
from domain.refusal import Refused
from store.erasures.erasure_tables import erased_job, erasure
from store.erasures.forgotten import erased_at_s
from store.tables.jobs import instance, job
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


def to_forget(connection: Connection, scope: Scope) -> Sequence[int] | Refused:
    """The jobs that would be forgotten; a refusal where one has not ended, or there is none."""
    open_jobs = _open_jobs(connection, scope)
    if open_jobs:
        return _not_ended(scope, open_jobs)
    job_ids: Sequence[int] = connection.execute(_fresh(scope)).scalars().all()
    return job_ids or _nothing(connection, scope)


def ask(tx: Transaction, scope: Scope, actor: str) -> int | Refused:
    """Have these jobs forgotten; the number of the erasure. Nothing is where one has not ended."""
    if tx.locks_rows:
        _lock(tx.connection, scope)
    job_ids = to_forget(tx.connection, scope)
    if isinstance(job_ids, Refused):
        return job_ids
    counted = select(func.count()).where(instance.c.job_id.in_(_fresh(scope)))
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


def _lock(connection: Connection, scope: Scope) -> None:
    """Let none of their instances queue again meanwhile; in the order in which all take them."""
    its = (
        select(instance.c.id)
        .where(instance.c.job_id.in_(_fresh(scope)))
        .order_by(instance.c.id)
        .with_for_update()
        .subquery()
    )
    connection.execute(select(func.count()).select_from(its))


def _fresh(scope: Scope) -> Select[Any]:
    """Those of the jobs that were not forgotten yet."""
    return (
        select(job.c.id)
        .where(scope.jobs())
        .where(~select(erased_job.c.job_id).where(erased_job.c.job_id == job.c.id).exists())
    )


def _nothing(connection: Connection, scope: Scope) -> Refused:
    if scope.job_id is not None:
        at_s = erased_at_s(connection, scope.job_id)
        if at_s is not None:
            return forgotten(scope.job_id, at_s)
    if (
        scope.project is not None
        and connection.execute(select(~exists(select(job.c.id).where(scope.jobs())))).scalar_one()
    ):
        return Refused(
            code="not_found", sentence=f"There is no job of a project {scope.project!r}."
        )
    sentence = "There is nothing to forget: no such job has ended, or all were forgotten."
    return Refused(code="erasure.nothing", sentence=sentence)


def _open_jobs(connection: Connection, scope: Scope) -> Sequence[int]:
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
    return connection.execute(statement).scalars().all()


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

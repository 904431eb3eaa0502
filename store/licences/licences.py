"""Seats of licences: written with a job, summed up over what is on nodes and what waits."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, func, insert, select

from domain.fleet.licences import counts_of
from domain.jobs.job import HOLDING_STATES, JobState
from domain.jobs.job_spec import JobSpec
from store.licences.licence_tables import job_licence
from store.tables.jobs import instance
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceUse:
    """How much of one licence is in use, and how much is wanted."""

    used: int  #: Seats that instances hold, offered ones too.
    waiting: int  #: Seats that instances in the queue would take.
    waiting_jobs: int  #: How many instances that are.


NO_USE = LicenceUse(used=0, waiting=0, waiting_jobs=0)


def note_licences(connection: Connection, jobs: Iterable[tuple[int, JobSpec]]) -> None:
    """Note what these new jobs take."""
    values = [
        {"job_id": job_id, "name": name, "seats": seats}
        for job_id, spec in jobs
        for name, seats in counts_of(spec.licences).items()
    ]
    if values:
        connection.execute(insert(job_licence), values)


def note_anew(tx: Transaction, job_id: int, spec: JobSpec) -> None:
    """Note what a job takes that was changed."""
    tx.connection.execute(delete(job_licence).where(job_licence.c.job_id == job_id))
    note_licences(tx.connection, [(job_id, spec)])


def licence_use(connection: Connection) -> dict[str, LicenceUse]:
    """Seats in use and wanted, by licence; those of which there is none of either are left out."""
    holding = instance.c.state.in_([state.value for state in HOLDING_STATES])
    queued = instance.c.state == JobState.QUEUED.value
    statement = (
        select(
            job_licence.c.name,
            func.sum(case((holding, job_licence.c.seats), else_=0)).label("used"),
            func.sum(case((queued, job_licence.c.seats), else_=0)).label("waiting"),
            func.sum(case((queued, 1), else_=0)).label("waiting_jobs"),
        )
        .select_from(job_licence.join(instance, instance.c.job_id == job_licence.c.job_id))
        .where(holding | queued)
        .group_by(job_licence.c.name)
        .order_by(job_licence.c.name)
    )
    return {
        row.name: LicenceUse(
            used=int(row.used), waiting=int(row.waiting), waiting_jobs=int(row.waiting_jobs)
        )
        for row in connection.execute(statement)
    }

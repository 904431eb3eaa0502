"""Whether and when a job was forgotten."""

from sqlalchemy import Connection, select

from store.erasures.erasure_tables import erased_job


def is_forgotten(connection: Connection, job_id: int) -> bool:
    """Whether a job was forgotten, or is to be."""
    statement = select(erased_job.c.job_id).where(erased_job.c.job_id == job_id)
    return connection.execute(statement).first() is not None


def erased_at_s(connection: Connection, job_id: int) -> float | None:
    """When a job was forgotten; None where it was not, or is to be soon."""
    statement = select(erased_job.c.erased_at_s).where(erased_job.c.job_id == job_id)
    found: float | None = connection.execute(statement).scalar()
    return found

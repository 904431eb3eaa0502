"""Instances of arrays that wait, told to the engine by few facts."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from domain import wire
from domain.jobs.job_spec import JobSpec
from store.instances.queueing import array_queued_event, queued_event
from store.rows import AnyRow
from store.tables.jobs import job
from store.transaction import Transaction


def record_queued(
    tx: Transaction, job_id: int, rows: Sequence[AnyRow], not_before_s: float | None = None
) -> None:
    """Tell the engine that these instances of an array wait, given their ids and attempts."""
    spec, tenant_id = its_job(tx, job_id)
    fresh = neighbours([row.id for row in rows if not row.attempt])
    if fresh:
        tx.record(
            array_queued_event(
                spec,
                job_id=job_id,
                tenant_id=tenant_id,
                queued_at_s=tx.now_s,
                not_before_s=not_before_s,
                runs=fresh,
            )
        )
    for row in rows:
        if row.attempt:
            tx.record(
                queued_event(
                    spec,
                    instance_id=row.id,
                    job_id=job_id,
                    tenant_id=tenant_id,
                    queued_at_s=tx.now_s,
                    last_attempt=row.attempt,
                    not_before_s=not_before_s,
                )
            )


def its_job(tx: Transaction, job_id: int) -> tuple[JobSpec, int]:
    """What was submitted, and by which tenant."""
    row = tx.connection.execute(select(job.c.spec, job.c.tenant_id).where(job.c.id == job_id)).one()
    return wire.load_spec(json.loads(row.spec)), row.tenant_id


def neighbours(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs of neighbours, first and last of each."""
    runs: list[tuple[int, int]] = []
    for number in ids:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs

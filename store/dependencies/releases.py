"""Blocked instances let into the queue."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Double, bindparam, select, update

from domain import wire
from domain.jobs.job import JobState
from store.dependencies.conditions import chunks
from store.instances.array_queueing import record_queued
from store.instances.queueing import queued_event
from store.instances.waiting import give_up_at_s
from store.rows import AnyRow
from store.tables.jobs import instance, job
from store.transaction import Transaction


def release_blocked(
    tx: Transaction,
    moments: Mapping[int, float | None],
    only: Sequence[ColumnElement[bool]] = (),
) -> None:
    """Let these jobs queue, each not before its moment; ``only`` narrows the instances."""
    for some in chunks(list(moments)):
        statement = select(job.c.id, job.c.tenant_id, job.c.array_count, job.c.spec).where(
            job.c.id.in_(some)
        )
        rows = tx.connection.execute(statement).all()
        _release_singles(tx, [row for row in rows if row.array_count is None], moments)
        for row in rows:
            if row.array_count is not None:
                _release_array(tx, row, moments[row.id], only)


def _release_singles(
    tx: Transaction, rows: Sequence[AnyRow], moments: Mapping[int, float | None]
) -> None:
    by_id = {row.id: row for row in rows}
    statement = select(instance.c.id, instance.c.attempt).where(
        instance.c.id.in_(by_id), instance.c.state == JobState.BLOCKED.value
    )
    changes = []
    for found in tx.connection.execute(statement).all():
        row = by_id[found.id]
        spec, moment_s = wire.load_spec(json.loads(row.spec)), moments[found.id]
        changes.append(
            {
                "of_id": found.id,
                "of_not_before": moment_s,
                "of_give_up": give_up_at_s(spec, queued_at_s=moment_s or tx.now_s),
            }
        )
        tx.record(
            queued_event(
                spec,
                instance_id=found.id,
                job_id=found.id,
                tenant_id=row.tenant_id,
                queued_at_s=tx.now_s,
                last_attempt=found.attempt,
                not_before_s=moment_s,
            )
        )
        tx.changed_jobs.append(found.id)
    if changes:
        tx.connection.execute(
            update(instance)
            .where(instance.c.id == bindparam("of_id"))
            .values(
                state=JobState.QUEUED.value,
                queued_at_s=tx.now_s,
                not_before_s=bindparam("of_not_before", type_=Double),
                give_up_at_s=bindparam("of_give_up", type_=Double),
            ),
            changes,
        )


def _release_array(
    tx: Transaction, row: AnyRow, moment_s: float | None, only: Sequence[ColumnElement[bool]]
) -> None:
    which = [instance.c.job_id == row.id, instance.c.state == JobState.BLOCKED.value, *only]
    found = tx.connection.execute(
        select(instance.c.id, instance.c.attempt).where(*which).order_by(instance.c.id)
    ).all()
    if not found:
        return
    spec = wire.load_spec(json.loads(row.spec))
    tx.connection.execute(
        update(instance)
        .where(*which)
        .values(
            state=JobState.QUEUED.value,
            queued_at_s=tx.now_s,
            not_before_s=moment_s,
            give_up_at_s=give_up_at_s(spec, queued_at_s=moment_s or tx.now_s),
        )
    )
    record_queued(tx, row.id, found, not_before_s=moment_s)
    tx.changed_jobs.append(row.id)

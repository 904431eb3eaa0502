"""Reading jobs: every query takes the only tenant that may be seen, or None for operators."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from domain.job import FINAL_STATES
from store.tables import (
    attempt,
    decision,
    instance,
    job,
    job_usage,
    node,
    result_file,
    site,
    tenant,
)

_FINAL = tuple(state.value for state in FINAL_STATES)


def _visible(statement: Select[Any], tenant_id: int | None) -> Select[Any]:
    if tenant_id is None:
        return statement
    return statement.where(instance.c.tenant_id == tenant_id)


def states(connection: Connection, ids: Sequence[int], tenant_id: int | None) -> dict[int, str]:
    """The states of these instances; those that are not visible are left out."""
    statement = select(instance.c.id, instance.c.state).where(instance.c.id.in_(ids))
    return {row.id: row.state for row in connection.execute(_visible(statement, tenant_id))}


def _rows() -> Select[Any]:
    return select(
        instance,
        job.c.name,
        job.c.project,
        job.c.submitted_at_s,
        job.c.spec,
        tenant.c.name.label("tenant"),
        node.c.name.label("node"),
        site.c.name.label("site"),
    ).select_from(
        instance.join(job, instance.c.job_id == job.c.id)
        .join(tenant, instance.c.tenant_id == tenant.c.id)
        .outerjoin(node, instance.c.node_id == node.c.id)
        .outerjoin(site, node.c.site_id == site.c.id)
    )


def one(connection: Connection, job_id: int, tenant_id: int | None) -> dict[str, Any] | None:
    """One job with its specification, or None."""
    statement = _visible(_rows(), tenant_id).where(instance.c.id == job_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else dict(row._mapping)


def page(
    connection: Connection,
    *,
    tenant_id: int | None,
    states_wanted: Sequence[str] | None = None,
    name: str | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Jobs, newest first; ``before_id`` turns the page and stays stable as jobs come in."""
    statement = _visible(_rows(), tenant_id).order_by(instance.c.id.desc()).limit(limit)
    if states_wanted:
        statement = statement.where(instance.c.state.in_(states_wanted))
    if name is not None:
        statement = statement.where(job.c.name == name)
    if before_id is not None:
        statement = statement.where(instance.c.id < before_id)
    return [dict(row._mapping) for row in connection.execute(statement)]


def attempts(connection: Connection, instance_id: int) -> list[dict[str, Any]]:
    """Every try of an instance, first one first, with what it used and why it was placed."""
    statement = (
        select(
            attempt,
            node.c.name.label("node"),
            site.c.name.label("site"),
            decision.c.commands,
            job_usage.c.wall_s,
            job_usage.c.cpu_s,
            job_usage.c.max_rss_bytes,
            job_usage.c.energy_estimate_wh,
            job_usage.c.is_simulated,
        )
        .select_from(
            attempt.join(node, attempt.c.node_id == node.c.id)
            .join(site, node.c.site_id == site.c.id)
            .outerjoin(decision, attempt.c.batch == decision.c.batch)
            .outerjoin(
                job_usage,
                (attempt.c.instance_id == job_usage.c.instance_id)
                & (attempt.c.attempt == job_usage.c.attempt),
            )
        )
        .where(attempt.c.instance_id == instance_id)
        .order_by(attempt.c.attempt)
    )
    return [dict(row._mapping) for row in connection.execute(statement)]


def files(connection: Connection, instance_id: int) -> list[dict[str, Any]]:
    """The files of the last attempt that left some."""
    newest = (
        select(result_file.c.attempt)
        .where(result_file.c.instance_id == instance_id)
        .order_by(result_file.c.attempt.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(result_file.c.path, result_file.c.sha256, result_file.c.size_bytes)
        .where(result_file.c.instance_id == instance_id, result_file.c.attempt == newest)
        .order_by(result_file.c.path)
    )
    return [dict(row._mapping) for row in connection.execute(statement)]


def unfinished(connection: Connection, tenant_id: int | None) -> int:
    """How many instances have not ended, up to a thousand."""
    statement = select(instance.c.id).where(instance.c.state.not_in(_FINAL)).limit(1000)
    return len(connection.execute(_visible(statement, tenant_id)).all())

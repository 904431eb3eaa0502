"""What was used, summed by tenant, month, project, and whether its boiler was simulated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, Select, func, select, tuple_

from domain.jobs.job import SchedulingType
from store.tables.access import tenant
from store.tables.jobs import job_usage

#: What a usage row says where its job named no project.
NO_PROJECT = ""


class UsageKey(NamedTuple):
    """What one line of usage is about, and where a page ends."""

    tenant_id: int
    month: int
    project: str
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSum:
    """All that ended in a month for a project of a tenant."""

    key: UsageKey
    tenant: str
    attempts: int
    core_s: Mapping[SchedulingType, float]  #: Cores held times time, by scheduling type.
    energy_estimate_wh: float
    heat_estimate_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageWanted:
    """Which usage is asked for; None leaves nothing out."""

    tenant_id: int | None = None
    tenant_name: str | None = None
    project: str | None = None
    first_month: int | None = None
    last_month: int | None = None


def usage_sums(
    connection: Connection, wanted: UsageWanted, *, after: UsageKey | None, limit: int
) -> list[UsageSum]:
    """Lines in the order of their keys, from ``after`` on; one statement along one index."""
    keys = (
        job_usage.c.tenant_id,
        job_usage.c.month,
        job_usage.c.project,
        job_usage.c.is_simulated,
    )
    held_s = job_usage.c.cores * job_usage.c.wall_s
    by_type = [
        func.coalesce(func.sum(held_s).filter(job_usage.c.scheduling_type == kind.value), 0.0)
        for kind in SchedulingType
    ]
    statement = select(
        *keys,
        func.count(),
        func.sum(job_usage.c.energy_estimate_wh),
        func.sum(job_usage.c.heat_estimate_wh),
        *by_type,
    )
    statement = _only(statement, wanted).group_by(*keys).order_by(*keys).limit(limit)
    if after is not None:
        statement = statement.where(
            tuple_(*keys) > tuple_(*after, types=[key.type for key in keys[:3]] + [Boolean()])
        )
    rows = connection.execute(statement).all()
    names = _names(connection, {row[0] for row in rows})
    return [
        UsageSum(
            key=UsageKey(*row[:4]),
            tenant=names[row[0]],
            attempts=row[4],
            energy_estimate_wh=row[5],
            heat_estimate_wh=row[6],
            core_s=dict(zip(SchedulingType, row[7:], strict=True)),
        )
        for row in rows
    ]


def _only(statement: Select[Any], wanted: UsageWanted) -> Select[Any]:
    """The tenants are always told apart, so that the index leads from one to the next."""
    which = select(tenant.c.id)
    if wanted.tenant_id is not None:
        which = which.where(tenant.c.id == wanted.tenant_id)
    if wanted.tenant_name is not None:
        which = which.where(tenant.c.name == wanted.tenant_name)
    statement = statement.where(job_usage.c.tenant_id.in_(which))
    if wanted.first_month is not None:
        statement = statement.where(job_usage.c.month >= wanted.first_month)
    if wanted.last_month is not None:
        statement = statement.where(job_usage.c.month <= wanted.last_month)
    if wanted.project is not None:
        statement = statement.where(job_usage.c.project == wanted.project)
    return statement


def _names(connection: Connection, ids: set[int]) -> dict[int, str]:
    statement = select(tenant.c.id, tenant.c.name).where(tenant.c.id.in_(ids))
    return {row.id: row.name for row in connection.execute(statement)}

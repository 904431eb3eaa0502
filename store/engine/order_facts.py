"""How waiting jobs are ordered, as facts for the engine: the terms, and who took what."""

import json

from sqlalchemy import Connection, func, select

from domain import wire
from domain.events import Event, OrderSet, UsageRecalled
from domain.jobs.order import OrderChoice
from domain.units import DAY_S
from store.settings import read_setting, write_setting
from store.tables.access import tenant
from store.tables.jobs import job_usage
from store.transaction import Transaction

#: By this name the terms in force are remembered, for whoever explains decisions.
_ORDER = "order"
#: Where no knowledge was saved, what ended longer ago than this is not asked for [s].
_FARTHEST_S = 7 * DAY_S


def order_fact(connection: Connection, choice: OrderChoice) -> OrderSet:
    """The operator's choice, with the tenants that it names as the engine knows them."""
    named = {*choice.shares, *choice.project_shares}
    ids = {
        row.name: int(row.id)
        for row in connection.execute(
            select(tenant.c.id, tenant.c.name).where(tenant.c.name.in_(named)).order_by(tenant.c.id)
        )
    }
    shares = {str(ids[name]): part for name, part in choice.shares.items() if name in ids}
    for name, its in choice.project_shares.items():
        if name in ids:
            shares |= {f"{ids[name]}/{project}": part for project, part in its.items()}
    return OrderSet(
        age=choice.age,
        priority=choice.priority,
        tenant_share=choice.tenant_share,
        project_share=choice.project_share,
        size=choice.size,
        half_life_s=choice.half_life_s,
        shares=shares,
    )


def remember_order(tx: Transaction, order: OrderSet) -> None:
    """Keep the terms in force where explanations find them."""
    write_setting(tx, _ORDER, wire.dumps(order))


def order_in_force(connection: Connection) -> OrderSet | None:
    """The terms by which the newest run orders; None where no engine ever started."""
    text = read_setting(connection, _ORDER)
    return None if text is None else OrderSet(**json.loads(text))


def usage_facts(connection: Connection, saved_at_s: float | None, now_s: float) -> list[Event]:
    """What ended since the knowledge of earlier runs was saved."""
    since_s = now_s - _FARTHEST_S if saved_at_s is None else saved_at_s
    statement = (
        select(
            job_usage.c.tenant_id,
            job_usage.c.project,
            func.sum(job_usage.c.cores * job_usage.c.wall_s).label("core_s"),
            func.max(job_usage.c.ended_at_s).label("ended_at_s"),
        )
        .where(job_usage.c.ended_at_s > since_s)
        .group_by(job_usage.c.tenant_id, job_usage.c.project)
        .order_by(job_usage.c.tenant_id, job_usage.c.project)
    )
    return [
        UsageRecalled(
            tenant_id=row.tenant_id,
            project=row.project,
            core_s=float(row.core_s),
            ended_at_s=row.ended_at_s,
        )
        for row in connection.execute(statement)
    ]

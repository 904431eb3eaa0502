"""What a tenant and its projects use at this moment."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal_column, select

from domain.billing.quota import WHOLE_TENANT
from domain.jobs.job import HOLDING_STATES
from store.instances.waiting import WAITING_STATES
from store.quotas.quotas import Holder
from store.tables.access import tenant
from store.tables.files import upload
from store.tables.fleet import node
from store.tables.jobs import instance, job
from store.transaction import Transaction

_HOLDING = tuple(sorted(state.value for state in HOLDING_STATES))
#: In the words of the index over waiting instances: SQLite looks for the same text.
_IS_WAITING = instance.c.state.in_([literal_column(f"'{state}'") for state in WAITING_STATES])


@dataclass(slots=True)
class Use:
    """What is there, or in use, now."""

    cores: int = 0
    running_jobs: int = 0
    queued_jobs: int = 0


def use_now(connection: Connection, tenant_id: int) -> Mapping[Holder, Use]:
    """What the tenant, and each of its projects that does anything, uses."""
    found = {Holder(tenant_id, WHOLE_TENANT): Use()}
    running = (
        select(instance.c.cores, instance.c.nodes, job.c.project, node.c.spec)
        .select_from(
            instance.join(job, instance.c.job_id == job.c.id).join(
                node, instance.c.node_id == node.c.id
            )
        )
        # Not along the index of tenants, in which all stand that have ended.
        .where(instance.c.state.in_(_HOLDING), instance.c.tenant_id + 0 == tenant_id)
    )
    for row in connection.execute(running):
        for use in _of(found, tenant_id, row.project):
            use.running_jobs += 1
            use.cores += (row.cores or json.loads(row.spec)["cores"]) * row.nodes
    for project, count in _waiting(connection, tenant_id).items():
        for use in _of(found, tenant_id, project):
            use.queued_jobs += count
    return found


def _of(found: dict[Holder, Use], tenant_id: int, project: str | None) -> list[Use]:
    """Where something of a project counts: for the tenant, and for the project."""
    names = dict.fromkeys((WHOLE_TENANT, project or WHOLE_TENANT))
    return [found.setdefault(Holder(tenant_id, name), Use()) for name in names]


def _waiting(connection: Connection, tenant_id: int) -> Mapping[str | None, int]:
    """Instances that wait, by project; counted along an index of those alone."""
    counted = (
        select(instance.c.job_id, func.count().label("instances"))
        .where(instance.c.tenant_id == tenant_id, _IS_WAITING)
        .group_by(instance.c.job_id)
        .subquery()
    )
    statement = (
        select(job.c.project, func.sum(counted.c.instances))
        .select_from(counted.join(job, job.c.id == counted.c.job_id))
        .group_by(job.c.project)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def hold_still(tx: Transaction, tenant_ids: Collection[int]) -> None:
    """Let nobody else add to what these tenants queue until the end of the transaction."""
    if tx.locks_rows and tenant_ids:
        tx.connection.execute(
            select(tenant.c.id)
            .where(tenant.c.id.in_(sorted(tenant_ids)))
            .order_by(tenant.c.id)
            .with_for_update()
        )


def promised_bytes(connection: Connection, tenant_id: int) -> int:
    """What the tenant's open uploads will take once they are complete."""
    statement = select(func.coalesce(func.sum(upload.c.size_bytes), 0)).where(
        upload.c.tenant_id == tenant_id
    )
    return int(connection.execute(statement).scalar_one())

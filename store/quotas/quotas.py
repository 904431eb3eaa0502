"""Quotas as the operator set them, and the facts by which the engine learns of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from domain.billing.quota import AT_ONCE, WHOLE_TENANT, Measure, Period, Quota
from domain.billing.spending import Spending
from domain.events import QuotaSet
from store.quotas.price_list import read_prices
from store.quotas.quota_tables import quota
from store.quotas.spent import ended_by_now
from store.rows import AnyRow
from store.transaction import Transaction

_ORDERED = select(quota).order_by(
    quota.c.tenant_id, quota.c.project, quota.c.measure, quota.c.period
)
#: Asked at every submission, so it is put together once.
_OF_TENANT = _ORDERED.where(quota.c.tenant_id == bindparam("of_tenant"))


class Holder(NamedTuple):
    """Whose quota it is: a tenant's own, or that of one of its projects."""

    tenant_id: int
    project: str  #: '' = the whole tenant.


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuota:
    """A quota that was set."""

    holder: Holder
    quota: Quota
    spent_in: int | None  #: The month in which its budget was found used up.
    told_left: str | None  #: What the engine was told is left of its safe budget.


def of_tenants(connection: Connection, tenant_ids: Collection[int]) -> list[SetQuota]:
    """Every quota of these tenants and of their projects."""
    return [
        item
        for tenant_id in sorted(tenant_ids)
        for item in _read(connection, _OF_TENANT, {"of_tenant": tenant_id})
    ]


def of_job(connection: Connection, tenant_id: int, its_project: str | None) -> list[SetQuota]:
    """Those that hold for a job: its tenant's, and its project's."""
    holders = (WHOLE_TENANT, its_project or WHOLE_TENANT)
    return _read(
        connection, _ORDERED.where(quota.c.tenant_id == tenant_id, quota.c.project.in_(holders))
    )


def every(connection: Connection) -> list[SetQuota]:
    """All quotas there are."""
    return _read(connection, _ORDERED)


def _read(
    connection: Connection, statement: Select[Any], values: Mapping[str, object] | None = None
) -> list[SetQuota]:
    rows = connection.execute(statement, values).all()
    if not rows:
        return []
    priced = any(row.measure == Measure.COST for row in rows)
    prices = read_prices(connection) if priced else None
    currency = "" if prices is None else prices.currency
    return [_set_quota(row, currency) for row in rows]


def _set_quota(row: AnyRow, currency: str) -> SetQuota:
    measure = Measure(row.measure)
    return SetQuota(
        holder=Holder(row.tenant_id, row.project),
        quota=Quota(
            measure=measure,
            limit=Decimal(row.amount),
            period=Period(row.period),
            project=row.project,
            currency=currency if measure is Measure.COST else "",
            is_safe=row.is_safe,
        ),
        spent_in=row.spent_in,
        told_left=row.told_left,
    )


def stored_bytes(connection: Connection, tenant_id: int, usual: Quota) -> Quota:
    """The quota on a tenant's files: its own where one was set, else the usual one."""
    is_meant = quota.c.measure == Measure.STORED_BYTES.value
    found = _read(connection, _ORDERED.where(quota.c.tenant_id == tenant_id, is_meant))
    return next((item.quota for item in found), usual)


def facts(connection: Connection, now_s: float) -> list[QuotaSet]:
    """What an engine must know of quotas: whatever keeps jobs from starting."""
    told = _facts(connection, now_s, every(connection))
    return [
        fact
        for fact in told.values()
        if fact != QuotaSet(tenant_id=fact.tenant_id, project=fact.project)
    ]


def tell(tx: Transaction, holders: Collection[Holder]) -> None:
    """Let the engine know how it stands with these, after a change."""
    found = of_tenants(tx.connection, {holder.tenant_id for holder in holders})
    told = _facts(tx.connection, tx.now_s, found)
    for holder in sorted(holders):
        nothing = QuotaSet(tenant_id=holder.tenant_id, project=holder.project)
        tx.record(told.get(holder, nothing))


def _facts(
    connection: Connection, now_s: float, found: Sequence[SetQuota]
) -> Mapping[Holder, QuotaSet]:
    safe = {item.holder.tenant_id for item in found if item.quota.is_safe}
    spendings = ended_by_now(connection, now_s, safe)
    its: dict[Holder, list[SetQuota]] = {}
    for item in found:
        its.setdefault(item.holder, []).append(item)
    return {
        holder: _fact(holder, items, spendings.get(holder.tenant_id))
        for holder, items in its.items()
    }


def _fact(holder: Holder, its: Sequence[SetQuota], spending: Spending | None) -> QuotaSet:
    limits = {
        item.quota.measure: int(item.quota.limit) for item in its if item.quota.measure in AT_ONCE
    }
    return QuotaSet(
        tenant_id=holder.tenant_id,
        project=holder.project,
        cores=limits.get(Measure.CORES),
        jobs=limits.get(Measure.RUNNING_JOBS),
        is_spent=any(item.spent_in is not None for item in its),
        budgets=tuple(
            spending.left(item.quota) for item in its if item.quota.is_safe and spending is not None
        ),
    )

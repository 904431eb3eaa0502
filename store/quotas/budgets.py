"""Budgets: what ends adds to what is used, and a budget that is used up stops new starts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from domain.billing.prices import PriceList
from domain.billing.quota import BUDGETS, Measure, Period
from domain.billing.spending import used
from domain.calendar.months import month_of
from store.quotas import quotas, totals
from store.quotas.price_list import read_prices, write_prices
from store.quotas.quota_tables import quota
from store.quotas.quotas import Holder, SetQuota
from store.transaction import Store, Transaction

_BUDGETS = tuple(sorted(measure.value for measure in BUDGETS))

_WITH_BUDGETS = (
    select(quota.c.tenant_id)
    .where(quota.c.tenant_id == bindparam("of_tenant"), quota.c.measure.in_(_BUDGETS))
    .order_by(quota.c.project, quota.c.measure, quota.c.period)
)


def bill(tx: Transaction, billed: Sequence[Mapping[str, Any]]) -> None:
    """Count what these new rows of ``job_usage`` say against the budgets there are."""
    tenants = _with_budgets(tx, {row["tenant_id"] for row in billed})
    totals.add(tx, billed)
    judge(tx, tenants)


def judge(tx: Transaction, tenant_ids: Collection[int]) -> None:
    """Note which budgets of these tenants are used up by now; the engine learns of changes."""
    if not tenant_ids:
        return
    month, prices = month_of(tx.now_s), read_prices(tx.connection)
    changed: set[Holder] = set()
    for tenant_id in sorted(tenant_ids):
        lines = totals.lines(tx.connection, tenant_id)
        for item in quotas.of_tenants(tx.connection, [tenant_id]):
            if item.quota.measure in BUDGETS:
                is_spent = item.quota.is_spent(used(item.quota, lines, month, prices))
                if _note(tx, item, month if is_spent else None):
                    changed.add(item.holder)
    quotas.tell(tx, changed)


def renew(tx: Transaction) -> None:
    """Judge anew the budgets that were used up in a month that is over."""
    late = quota.c.spent_in < month_of(tx.now_s)
    statement = select(quota.c.tenant_id).where(quota.c.period == Period.MONTH.value, late)
    judge(tx, _with_budgets(tx, set(tx.connection.execute(statement).scalars())))


def remember_prices(store: Store, prices: PriceList | None) -> None:
    """Hold budgets against these prices from now on."""
    with store.transaction() as tx:
        if write_prices(tx, prices):
            statement = select(quota.c.tenant_id).where(quota.c.measure == Measure.COST.value)
            judge(tx, _with_budgets(tx, set(tx.connection.execute(statement).scalars())))


def _with_budgets(tx: Transaction, tenant_ids: Collection[int]) -> set[int]:
    """Those of these tenants that have budgets, which are held until the end of the transaction.

    So whoever adds to what a tenant used next sees what was added before, and the one that uses a
    budget up notices it.
    """
    statement = _WITH_BUDGETS.with_for_update() if tx.locks_rows else _WITH_BUDGETS
    found: set[int] = set()
    for tenant_id in sorted(tenant_ids):
        found |= set(tx.connection.execute(statement, {"of_tenant": tenant_id}).scalars())
    return found


def _note(tx: Transaction, item: SetQuota, spent_in: int | None) -> bool:
    """Write down whether a budget is used up; whether that matters to the engine."""
    if item.quota.period is Period.TOTAL and None not in {item.spent_in, spent_in}:
        return False
    if item.spent_in == spent_in:
        return False
    tx.connection.execute(
        update(quota)
        .where(
            quota.c.tenant_id == item.holder.tenant_id,
            quota.c.project == item.holder.project,
            quota.c.measure == item.quota.measure.value,
            quota.c.period == item.quota.period.value,
        )
        .values(spent_in=spent_in)
    )
    return (item.spent_in is None) != (spent_in is None)

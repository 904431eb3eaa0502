"""Budgets: what ends or runs uses them, and one that is used up keeps more from starting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select, update

from domain import wire
from domain.billing.prices import PriceList
from domain.billing.quota import BUDGETS, Measure, Period
from domain.billing.spending import Spending
from store.quotas import quotas, totals
from store.quotas.price_list import write_prices
from store.quotas.quota_tables import quota
from store.quotas.quotas import SetQuota
from store.quotas.spent import ended_by_now, spent_by_now
from store.transaction import Store, Transaction

_BUDGETS = tuple(sorted(measure.value for measure in BUDGETS))

_WITH_BUDGETS = (
    select(quota.c.tenant_id)
    .where(quota.c.tenant_id == bindparam("of_tenant"), quota.c.measure.in_(_BUDGETS))
    .order_by(quota.c.project, quota.c.measure, quota.c.period)
)
_HAVING_BUDGETS = select(quota.c.tenant_id).where(quota.c.measure.in_(_BUDGETS)).distinct()


def bill(tx: Transaction, billed: Sequence[Mapping[str, Any]]) -> None:
    """Count what these new rows of ``job_usage`` say against the budgets there are.

    What has ended is enough to see that a budget is used up, and what is left of a safe one. That
    one is open again is seen when all are judged, by whoever counts what runs as well.
    """
    tenants = _with_budgets(tx, {row["tenant_id"] for row in billed})
    totals.add(tx, billed)
    if tenants:
        spendings = ended_by_now(tx.connection, tx.now_s, tenants)
        _note(tx, [item.never_opening() for item in _changes(tx, spendings)])


def judge(tx: Transaction, tenant_ids: Collection[int]) -> None:
    """Note which budgets of these tenants are used up by now; the engine learns of changes."""
    if tenant_ids:
        _note(tx, _changes(tx, spent_by_now(tx.connection, tx.now_s, tenant_ids)))


def judge_all(tx: Transaction) -> None:
    """Judge every budget anew, for what runs uses them up, and months end.

    To be called every few seconds: nobody is kept waiting who uses a budget meanwhile, unless
    there is something to note.
    """
    having = set(tx.connection.execute(_HAVING_BUDGETS).scalars())
    if not having:
        return
    changes = _changes(tx, spent_by_now(tx.connection, tx.now_s, having))
    judge(tx, _with_budgets(tx, {item.of.holder.tenant_id for item in changes}))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A budget of which something else is to be noted than before."""

    of: SetQuota
    spent_in: int | None
    told_left: str | None

    @property
    def is_news(self) -> bool:
        """Whether the engine must know."""
        is_other = (self.of.spent_in is None) != (self.spent_in is None)
        return is_other or self.of.told_left != self.told_left

    def never_opening(self) -> "_Change":
        """The same, but that a budget which is used up stays so."""
        return self if self.spent_in is not None else replace(self, spent_in=self.of.spent_in)


def _changes(tx: Transaction, spendings: Mapping[int, Spending]) -> list[_Change]:
    """What is to be noted of budgets that were used up since, or are no more."""
    found = []
    for item in quotas.of_tenants(tx.connection, spendings):
        if item.quota.measure not in BUDGETS:
            continue
        spending = spendings[item.holder.tenant_id]
        is_spent = item.quota.is_spent(spending.of(item.quota).total)
        spent_in = spending.month if is_spent else None
        if item.quota.period is Period.TOTAL and None not in {item.spent_in, spent_in}:
            spent_in = item.spent_in
        left = wire.dumps(spending.left(item.quota)) if item.quota.is_safe else None
        if (item.spent_in, item.told_left) != (spent_in, left):
            found.append(_Change(of=item, spent_in=spent_in, told_left=left))
    return found


def _note(tx: Transaction, changes: Sequence[_Change]) -> None:
    """Write down which budgets are used up."""
    for item in changes:
        holder, its = item.of.holder, item.of.quota
        tx.connection.execute(
            update(quota)
            .where(
                quota.c.tenant_id == holder.tenant_id,
                quota.c.project == holder.project,
                quota.c.measure == its.measure.value,
                quota.c.period == its.period.value,
            )
            .values(spent_in=item.spent_in, told_left=item.told_left)
        )
    quotas.tell(tx, {item.of.holder for item in changes if item.is_news})

"""How it stands with every quota: what is set, and what is used."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from domain.billing.quota import BUDGETS, WHOLE_TENANT, Measure, Quota, Used
from store.quotas import quotas
from store.quotas.quotas import Holder
from store.quotas.spent import spent_by_now
from store.quotas.use import Use, promised_bytes, use_now
from store.rows import AnyRow
from store.tables.access import tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One quota and what of it is used."""

    tenant: str
    quota: Quota
    used: Decimal
    budget: Used | None  #: The same in its parts, of what adds up.


def standings(
    connection: Connection,
    now_s: float,
    *,
    usual_bytes: Quota,
    tenant_id: int | None = None,
    tenant_name: str | None = None,
) -> list[Standing]:
    """The quotas of one tenant, or of all, by tenant and project.

    ``usual_bytes`` holds for stored bytes where a tenant has no quota of its own.
    """
    statement = select(tenant).order_by(tenant.c.name)
    if tenant_id is not None:
        statement = statement.where(tenant.c.id == tenant_id)
    if tenant_name is not None:
        statement = statement.where(tenant.c.name == tenant_name)
    rows = connection.execute(statement).all()
    return [item for row in rows for item in _of_tenant(connection, now_s, row, usual_bytes)]


def _of_tenant(
    connection: Connection, now_s: float, row: AnyRow, usual_bytes: Quota
) -> list[Standing]:
    found = [item.quota for item in quotas.of_tenants(connection, [row.id])]
    if not any(item.measure is Measure.STORED_BYTES for item in found):
        n_own = sum(item.project == WHOLE_TENANT for item in found)
        found.insert(n_own, usual_bytes)
    amounts = _Amounts(connection, now_s, row)
    return [amounts.standing(item) for item in found]


class _Amounts:
    """What one tenant uses, each kind read once."""

    def __init__(self, connection: Connection, now_s: float, row: AnyRow) -> None:
        self._row = row
        self._now = use_now(connection, row.id)
        self._spending = spent_by_now(connection, now_s, [row.id])[row.id]
        self._stored_bytes = row.stored_bytes + promised_bytes(connection, row.id)

    def standing(self, quota: Quota) -> Standing:
        """How it stands with one of the tenant's quotas."""
        budget = self._spending.of(quota) if quota.measure in BUDGETS else None
        used = self._at_once(quota) if budget is None else budget.total
        return Standing(tenant=self._row.name, quota=quota, used=used, budget=budget)

    def _at_once(self, quota: Quota) -> Decimal:
        its = self._now.get(Holder(self._row.id, quota.project), Use())
        match quota.measure:
            case Measure.CORES:
                return Decimal(its.cores)
            case Measure.RUNNING_JOBS:
                return Decimal(its.running_jobs)
            case Measure.QUEUED_JOBS:
                return Decimal(its.queued_jobs)
            case _:
                return Decimal(self._stored_bytes)

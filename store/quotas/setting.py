"""The operator sets quotas."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from domain.billing.quota import BUDGETS, WHOLE_TENANT, Measure
from domain.billing.quota_words import Setting, write_key
from domain.refusal import Refused
from store.quotas import budgets, quotas
from store.quotas.price_list import read_prices
from store.quotas.quota_tables import quota
from store.quotas.quotas import Holder
from store.tables.access import project, tenant
from store.transaction import Transaction


def set_quotas(
    tx: Transaction,
    *,
    tenant_name: str,
    project_name: str,
    settings: Sequence[Setting],
    actor: str,
) -> Holder | Refused:
    """Set these quotas of a tenant or of one of its projects; the others stay.

    Nobody is stopped by a lower one: it holds for what comes in and what would start.
    """
    holder = _find(tx, tenant_name, project_name)
    if isinstance(holder, Refused):
        return holder
    is_priced = any(item.measure is Measure.COST and item.limit is not None for item in settings)
    if is_priced and read_prices(tx.connection) is None:
        return Refused(
            code="quota.no_prices",
            sentence="Computing has no price here, so that its cost cannot be limited; write a "
            "price list into the operator's file first.",
        )
    for item in settings:
        _write(tx, holder, item)
        shown = "none" if item.limit is None else f"{item.limit:f}{' safe' * item.is_safe}"
        whose = f" of project {project_name}" if project_name else ""
        tx.audited(
            actor=actor,
            action="quota.set",
            subject=f"tenant/{holder.tenant_id}",
            detail=f"{write_key(item.measure, item.period)}={shown}{whose}",
        )
    if any(item.measure in BUDGETS for item in settings):
        budgets.judge(tx, [holder.tenant_id])
    quotas.tell(tx, [holder])
    return holder


def _find(tx: Transaction, tenant_name: str, project_name: str) -> Holder | Refused:
    statement = select(tenant.c.id).where(tenant.c.name == tenant_name)
    if tx.locks_rows:
        statement = statement.with_for_update()
    tenant_id = tx.connection.execute(statement).scalar()
    if tenant_id is None:
        return Refused(
            code="tenant.unknown",
            sentence=f"There is no tenant {tenant_name!r}; make it with "
            "chaufferie tenants add NAME.",
        )
    if project_name != WHOLE_TENANT:
        its = select(project.c.id).where(
            project.c.tenant_id == tenant_id, project.c.name == project_name
        )
        if tx.connection.execute(its).scalar() is None:
            return Refused(
                code="project.unknown",
                sentence=f"There is no project {project_name!r} of {tenant_name!r}; make it with "
                "chaufferie projects add NAME.",
            )
    return Holder(tenant_id, project_name)


def _write(tx: Transaction, holder: Holder, item: Setting) -> None:
    key = {
        "tenant_id": holder.tenant_id,
        "project": holder.project,
        "measure": item.measure.value,
        "period": item.period.value,
    }
    its = [quota.c[name] == value for name, value in key.items()]
    tx.connection.execute(delete(quota).where(*its))
    if item.limit is not None:
        values = {
            **key,
            "amount": f"{item.limit:f}",
            "set_at_s": tx.now_s,
            "is_safe": item.is_safe,
        }
        tx.connection.execute(insert(quota), values)

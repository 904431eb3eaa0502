"""Quotas as they are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.billing.quota import WHOLE_TENANT
from domain.billing.quota_words import write_key
from store.quotas.standing import Standing

MEANINGS: Mapping[str, str] = {
    "cores": "Cores of attempts that run or are offered to nodes; more wait.",
    "running_jobs": "Instances that run or are offered to nodes; more wait.",
    "queued_jobs": "Instances that queue, are held or wait for other jobs; more are refused.",
    "stored_bytes": "Inputs and results, each content counted once; more are refused.",
    "budgets": "Core-hours, kWh and cost: ended, as usage shows them, lines of simulated boilers "
    "too, and running, as if it ended now with every core busy. Used up, a budget refuses new jobs "
    "and keeps queued ones from starting; what runs by then goes on to its end. A safe "
    "one lets nothing start that it might not cover up to its time limit.",
}


def quotas_document(found: Sequence[Standing]) -> dict[str, Any]:
    """Quotas with what of them is used; amounts are text, so that no fraction becomes binary."""
    return {"quotas": [_line(item) for item in found], "meanings": MEANINGS}


def _line(item: Standing) -> dict[str, Any]:
    quota = item.quota
    return {
        "tenant": item.tenant,
        "project": None if quota.project == WHOLE_TENANT else quota.project,
        "quota": write_key(quota.measure, quota.period),
        "used": f"{item.used:f}",
        "ended": None if item.budget is None else f"{item.budget.ended:f}",
        "running": None if item.budget is None else f"{item.budget.running:f}",
        "limit": f"{quota.limit:f}",
        "currency": quota.currency or None,
        "is_used_up": quota.is_spent(item.used),
        "is_safe": quota.is_safe,
    }

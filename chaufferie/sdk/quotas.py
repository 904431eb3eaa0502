"""Quotas and budgets, as the server shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaView:
    """A limit on what a tenant or a project uses, and what of it is used."""

    tenant: str
    project: str | None  #: None = it is the whole tenant's.
    quota: str  #: What it limits: ``cores``, ``core_hours/month``, ...
    used: Decimal
    limit: Decimal
    currency: str | None  #: Of a cost.
    is_used_up: bool


def read_quotas(document: Mapping[str, Any]) -> tuple[QuotaView, ...]:
    """The quotas of an answer."""
    return tuple(
        QuotaView(
            tenant=item["tenant"],
            project=item["project"],
            quota=item["quota"],
            used=Decimal(item["used"]),
            limit=Decimal(item["limit"]),
            currency=item["currency"],
            is_used_up=item["is_used_up"],
        )
        for item in document["quotas"]
    )

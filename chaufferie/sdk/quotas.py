"""Quotas and budgets, as the server shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chaufferie.sdk.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaView:
    """A limit on what a tenant or a project uses, and what of it is used."""

    tenant: str
    project: str | None  #: None = it is the whole tenant's.
    quota: str  #: What it limits: ``cores``, ``core_hours/month``, ...
    used: Decimal
    ended: Decimal | None  #: Of what a budget used: by what has ended; None = it is no budget.
    running: Decimal | None  #: By what runs, as if it ended now.
    limit: Decimal
    currency: str | None  #: Of a cost.
    is_used_up: bool
    is_safe: bool  #: A budget that must cover what starts up to its time limit.


def read_quotas(transport: Transport, tenant: str | None) -> tuple[QuotaView, ...]:
    """The quotas that a key may see, or those of one tenant among them."""
    params = {} if tenant is None else {"tenant": tenant}
    return _of_answer(transport.get("/v1/quotas", params))


def set_quotas(
    transport: Transport,
    tenant: str,
    limits: Mapping[str, str | None],
    project: str | None,
    *,
    safe: bool,
) -> tuple[QuotaView, ...]:
    """Set some of a tenant or of a project of it; all that the tenant has by then.

    None takes one away; those not named stay. Safe budgets let nothing start that they might not
    cover up to its time limit. For operators.
    """
    body: dict[str, Any] = {"tenant": tenant, "limits": dict(limits)}
    if project is not None:
        body["project"] = project
    if safe:
        body["safe"] = True
    return _of_answer(transport.post_once("/v1/quotas", body))


def _of_answer(document: Mapping[str, Any]) -> tuple[QuotaView, ...]:
    return tuple(
        QuotaView(
            tenant=item["tenant"],
            project=item["project"],
            quota=item["quota"],
            used=Decimal(item["used"]),
            ended=_part(item["ended"]),
            running=_part(item["running"]),
            limit=Decimal(item["limit"]),
            currency=item["currency"],
            is_used_up=item["is_used_up"],
            is_safe=item["is_safe"],
        )
        for item in document["quotas"]
    )


def _part(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)

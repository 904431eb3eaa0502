"""Quotas and budgets: set by the operator, seen by whom they hold for."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.billing.quotas import quotas_document
from api.filters import refuse_unknown_names
from api.names import AskedName, Name
from api.problems import Problem
from api.security import JobsReader, KeysAdmin, ServicesOf, tenant_seen_by
from api.services import Services
from domain.billing.quota import WHOLE_TENANT
from domain.billing.quota_words import Setting, parse_setting
from domain.refusal import Refused
from store.access.known_names import NamesAsked
from store.quotas.setting import set_quotas
from store.quotas.standing import standings

router = APIRouter(prefix="/v1/quotas", tags=["quotas"])

_MOST_AT_ONCE = 50
_LONGEST_WORD = 100
_Amount = Annotated[str, Field(max_length=_LONGEST_WORD)]


class QuotasIn(BaseModel):
    """Quotas of a tenant, or of one of its projects: ``{"cores": "64", "kwh/month": null}``."""

    model_config = ConfigDict(extra="forbid")

    tenant: Name
    project: Name | None = None
    #: Amounts by what they limit; null takes a quota away.
    limits: dict[_Amount, _Amount | None] = Field(min_length=1, max_length=_MOST_AT_ONCE)
    #: Of budgets: nothing starts that they might not cover up to its time limit.
    safe: bool = False


@router.get("")
async def show_quotas(
    services: ServicesOf, principal: JobsReader, tenant: AskedName = None
) -> dict[str, Any]:
    """Quotas with what of them is used: a tenant's own, or everybody's for operators."""
    found = await _shown(services, tenant_seen_by(principal), tenant)
    await refuse_unknown_names(services, principal, found["quotas"], NamesAsked(tenant=tenant))
    return found


@router.post("")
async def change_quotas(
    body: QuotasIn, services: ServicesOf, principal: KeysAdmin
) -> dict[str, Any]:
    """Set some quotas, all or none of them; the others stay as they are."""
    project = body.project or WHOLE_TENANT
    settings: list[Setting] = []
    for key, amount in body.limits.items():
        setting = parse_setting(key, amount, project, is_safe=body.safe)
        if isinstance(setting, Refused):
            raise Problem(422, setting)
        settings.append(setting)
    answer = await services.write(
        lambda tx: set_quotas(
            tx,
            tenant_name=body.tenant,
            project_name=project,
            settings=settings,
            actor=principal.actor,
        )
    )
    if isinstance(answer, Refused):
        raise Problem(422, answer)
    return await _shown(services, answer.tenant_id, None)


async def _shown(
    services: Services, tenant_id: int | None, tenant_name: str | None
) -> dict[str, Any]:
    database, usual_bytes = services.store.database, services.keeping.quota
    found = await services.read(
        lambda connection: standings(
            connection,
            database.now_s(connection),
            usual_bytes=usual_bytes,
            tenant_id=tenant_id,
            tenant_name=tenant_name,
        )
    )
    return quotas_document(found)

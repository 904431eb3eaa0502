"""Usage by tenant, month and project, and what it costs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.billing.usage import prices_document, read_cursor, usage_document
from api.filters import refuse_unknown_names
from api.names import AskedName
from api.problems import Problem
from api.security import JobsReader, ServicesOf, tenant_seen_by
from domain.calendar.months import parse_month
from domain.refusal import Refused
from store.access.known_names import NamesAsked
from store.attempts.usage import UsageWanted, usage_sums

router = APIRouter(prefix="/v1", tags=["usage"])

LARGEST_PAGE = 1000


@router.get("/usage")
async def usage(  # noqa: PLR0917 - called by name, from the query
    services: ServicesOf,
    principal: JobsReader,
    tenant: AskedName = None,
    project: AskedName = None,
    from_month: str | None = None,
    to_month: str | None = None,
    after: Annotated[str | None, Query(max_length=20_000)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 200,
) -> dict[str, Any]:
    """Lines by tenant, month and project; ``after`` turns the page and stays stable."""
    first, last = _month(from_month, "from_month"), _month(to_month, "to_month")
    if first is not None and last is not None and first > last:
        refusal = Refused(code="period.reversed", sentence="The period ends before it begins.")
        raise Problem(422, refusal)
    key = None if after is None else read_cursor(after)
    if isinstance(key, Refused):
        raise Problem(422, key)
    wanted = UsageWanted(
        tenant_id=tenant_seen_by(principal),
        tenant_name=tenant,
        project=project,
        first_month=first,
        last_month=last,
    )
    sums = await services.read(
        lambda connection: usage_sums(connection, wanted, after=key, limit=limit)
    )
    if key is None:
        asked = NamesAsked(tenant=tenant, project=project)
        await refuse_unknown_names(services, principal, sums, asked)
    return usage_document(sums, services.operator_file, is_last_page=len(sums) < limit)


def _month(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    month = parse_month(text)
    if month is None:
        refusal = Refused(
            code="usage.month", sentence=f"{name} is no month; write for instance 2026-01."
        )
        raise Problem(422, refusal)
    return month


@router.get("/prices")
async def prices(services: ServicesOf, principal: JobsReader) -> dict[str, Any]:  # noqa: ARG001
    """What computing costs, from which month on."""
    return prices_document(services.operator_file.prices)

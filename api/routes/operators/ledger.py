"""The register ledger: closed months, their lines, and whether the chain holds."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.meters.ledger_views import lines_view, month_view, verified_view
from api.names import AskedNumber, Id
from api.problems import Problem, not_found
from api.security import HeatReader, NodesAdmin, ServicesOf
from domain.calendar.months import parse_month, write_month
from domain.refusal import Refused
from domain.registers.register import MeterKind
from metering.keeping.closing import close_month
from metering.keeping.verifying import verify
from store.ledger.closed_months import closed_months, lines_of, statement_lines
from store.rows import Connection

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

Month = Annotated[str, Query(max_length=16)]


class ClosingIn(BaseModel):
    """The month of a site that is to be closed."""

    model_config = ConfigDict(extra="forbid")

    site_id: Id
    month: str


@router.get("/months")
async def list_months(
    services: ServicesOf, principal: HeatReader, site_id: AskedNumber = None
) -> dict[str, Any]:
    """The closed months of a site, or of every site."""
    only = _seen(principal.site_ids, site_id)

    def read(connection: Connection) -> list[dict[str, Any]]:
        return [month_view(item) for item in closed_months(connection, only)]

    return {"months": await services.read(read)}


@router.get("/lines")
async def list_lines(
    services: ServicesOf,
    principal: HeatReader,
    site_id: int,
    month: Month,
    kind: MeterKind = MeterKind.HEAT,
    *,
    simulated: bool = False,
) -> dict[str, Any]:
    """The lines of a closed month of a site; those of simulated meters only where asked for."""
    _seen(principal.site_ids, site_id)
    number = _month(month)

    def read(connection: Connection) -> list[dict[str, Any]] | Refused:
        found = statement_lines(connection, site_id, number, kind)
        if isinstance(found, Refused):
            return found
        if simulated:
            found = lines_of(connection, site_id, number, kind, is_simulated=True)
        return lines_view(found)

    found = await services.read(read)
    if isinstance(found, Refused):
        raise Problem(409, found)
    return {"site_id": site_id, "month": write_month(number), "lines": found}


@router.post("/months", status_code=201)
async def close(body: ClosingIn, services: ServicesOf, principal: NodesAdmin) -> dict[str, Any]:
    """Close a month of a site, the one that is next."""
    number = _month(body.month)
    answer = await services.in_thread(
        lambda: close_month(services.store, body.site_id, number, principal.actor)
    )
    if isinstance(answer, Refused):
        raise Problem(409, answer)
    return {"site_id": body.site_id, "month": write_month(number), "lines": answer}


@router.get("/verify")
async def verify_chains(services: ServicesOf, principal: HeatReader) -> dict[str, Any]:
    """Compute every digest again and hold it against what was sealed."""
    only = principal.site_ids
    found = await services.read(
        lambda connection: [verified_view(item) for item in verify(connection, only)]
    )
    return {"is_sound": not any(item["broken"] for item in found), "meters": found}


def _seen(only: tuple[int, ...] | None, site_id: int | None) -> tuple[int, ...] | None:
    """The sites asked for; not found where a key may not see the one."""
    if site_id is None:
        return only
    if only is not None and site_id not in only:
        raise not_found("site")
    return (site_id,)


def _month(text: str) -> int:
    found = parse_month(text)
    if found is None:
        refused = Refused(code="month.form", sentence="Write a month like 2026-01.")
        raise Problem(422, refused)
    return found

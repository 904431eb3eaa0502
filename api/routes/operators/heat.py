"""Heat delivered: differences of meter indexes, never sums of powers."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.fleet.heat import heat_report
from api.meters.indicators import indicators
from api.names import AskedInstant, AskedNumber
from api.problems import Problem, not_found
from api.security import HeatReader, ServicesOf
from domain.refusal import Refused
from store.ledger.heat_shares import Grouping, shared_sums

router = APIRouter(prefix="/v1/heat", tags=["heat"])
_END_OF_TIME_S = 1e11
#: An edge of a period that must be named; as far as a calendar reaches.
Edge = Annotated[float, Query(ge=0, le=_END_OF_TIME_S, allow_inf_nan=False)]


@router.get("")
async def heat(
    services: ServicesOf,
    principal: HeatReader,
    site_id: AskedNumber = None,
    from_s: AskedInstant = None,
    to_s: AskedInstant = None,
) -> dict[str, Any]:
    """Heat and electricity of a period, with the indexes that prove them.

    Without ``from_s`` the period begins with the first index of each site; without ``to_s`` it
    ends now.
    """
    only = principal.site_ids
    if site_id is not None:
        if only is not None and site_id not in only:
            raise not_found("site")
        only = (site_id,)
    if from_s is not None and to_s is not None and from_s > to_s:
        refusal = Refused(code="period.reversed", sentence="The period ends before it begins.")
        raise Problem(422, refusal)
    database = services.store.database
    found = await services.read(
        lambda connection: heat_report(
            connection, only, from_s, database.now_s(connection) if to_s is None else to_s
        )
    )
    if site_id is not None and not found["sites"]:
        raise not_found("site")
    return found


@router.get("/shares")
async def shares(
    services: ServicesOf,
    principal: HeatReader,
    *,
    by: Grouping = Grouping.SITE,
    site_id: AskedNumber = None,
    from_s: AskedInstant = None,
    to_s: AskedInstant = None,
) -> dict[str, Any]:
    """Metered heat as it was shared: by site, by tenant or by job, and what no job used.

    It counts intervals that lie wholly in the period. A buyer sees sites only.
    """
    only = principal.site_ids
    if by is not Grouping.SITE and only is not None:
        refusal = Refused(
            code="key.sites", sentence="This key sees sites, not whose jobs run there."
        )
        raise Problem(403, refusal)
    if site_id is not None:
        if only is not None and site_id not in only:
            raise not_found("site")
        only = (site_id,)
    period = (from_s or 0.0, _END_OF_TIME_S if to_s is None else to_s)
    found = await services.read(lambda connection: shared_sums(connection, by, only, period))
    return {"by": by.value, "shares": [asdict(item) for item in found]}


@router.get("/indicators")
async def site_indicators(
    services: ServicesOf,
    principal: HeatReader,
    from_s: Edge,
    to_s: Edge,
    site_id: AskedNumber = None,
) -> dict[str, Any]:
    """Indicators of sites and fleet over a period, in the terms of ISO/IEC 30134."""
    if from_s >= to_s:
        refusal = Refused(code="period.reversed", sentence="The period ends before it begins.")
        raise Problem(422, refusal)
    only = principal.site_ids
    if site_id is not None:
        if only is not None and site_id not in only:
            raise not_found("site")
        only = (site_id,)
    database = services.store.database
    found = await services.read(
        lambda connection: indicators(
            connection, only, (from_s, to_s), services.operator_file, database.now_s(connection)
        )
    )
    if site_id is not None and not found["sites"]:
        raise not_found("site")
    return found

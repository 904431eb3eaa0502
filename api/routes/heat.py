"""Heat delivered: differences of meter indexes, never sums of powers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.fleet.heat import heat_report
from api.names import AskedNumber
from api.problems import Problem, not_found
from api.security import HeatReader, ServicesOf
from domain.refusal import Refused

router = APIRouter(prefix="/v1/heat", tags=["heat"])

Instant = Annotated[float | None, Query(ge=0, allow_inf_nan=False)]


@router.get("")
async def heat(
    services: ServicesOf,
    principal: HeatReader,
    site_id: AskedNumber = None,
    from_s: Instant = None,
    to_s: Instant = None,
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

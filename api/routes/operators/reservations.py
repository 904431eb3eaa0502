"""Reservations: nodes set aside for a time by the operator, for a tenant or for nobody."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.names import Name, Number
from api.problems import Problem, not_found
from api.security import NodesAdmin, NodesReader, ServicesOf
from domain.jobs.reservation import MOST_NODES, NAME_PATTERN, ReservationWish
from domain.refusal import Refused
from domain.units import DAY_S
from store.reservations import reservations

router = APIRouter(prefix="/v1/reservations", tags=["reservations"])

_LONGEST_S = 3660 * DAY_S
_FARTHEST_S = 1e11  # Unix time beyond the year 5000

ReservationName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Instant = Annotated[float, Field(ge=0, le=_FARTHEST_S, allow_inf_nan=False)]


class ReservationIn(BaseModel):
    """Which nodes are set aside, when, and for whom; for nobody where no tenant is named."""

    model_config = ConfigDict(extra="forbid")

    name: ReservationName
    starts_at_s: Instant
    duration_s: Annotated[float, Field(gt=0, le=_LONGEST_S, allow_inf_nan=False)]
    nodes: list[Name] = Field(default=[], max_length=MOST_NODES)
    site: Name | None = None
    tenant: Name | None = None
    project: Name | None = None


@router.post("", status_code=201)
async def make_reservation(
    body: ReservationIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Set nodes aside; jobs that run there already go on, and those that may last are named."""
    if bool(body.nodes) == (body.site is not None):
        sentence = "Name either nodes or a site, all of whose nodes are meant."
        raise Problem(422, Refused(code="reservation.nodes", sentence=sentence))
    wish = ReservationWish(
        name=body.name,
        starts_at_s=body.starts_at_s,
        ends_at_s=body.starts_at_s + body.duration_s,
        nodes=tuple(dict.fromkeys(body.nodes)),
        site=body.site,
        tenant=body.tenant,
        project=body.project,
    )
    made = await services.write(lambda tx: reservations.make(tx, wish, principal.actor))
    if isinstance(made, Refused):
        is_in_the_way = made.code in {"reservation.exists", "reservation.overlaps"}
        raise Problem(409 if is_in_the_way else 422, made)
    return {
        "reservation_id": made.reservation_id,
        "nodes": list(made.nodes),
        "lasting_into": list(made.lasting_into),
    }


@router.get("")
async def list_reservations(services: ServicesOf, principal: NodesReader) -> dict[str, Any]:
    """Those that last or are to come: the operator's all, a tenant's own and maintenance."""
    database = services.store.database
    found = await services.read(
        lambda connection: reservations.listed(
            connection, principal.visible_tenant_id, database.now_s(connection)
        )
    )
    return {
        "reservations": [
            {
                "reservation_id": row["id"],
                "name": row["name"],
                "starts_at_s": row["starts_at_s"],
                "ends_at_s": row["ends_at_s"],
                "nodes": row["nodes"],
                "tenant": row["tenant"],
                "project": row["project"],
            }
            for row in found
        ]
    }


@router.delete("/{reservation_id}")
async def delete_reservation(
    reservation_id: Number, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Set its nodes free; jobs that waited for it wait as any others from now on."""
    removed = await services.write(
        lambda tx: reservations.remove(tx, reservation_id, principal.actor)
    )
    if not removed:
        raise not_found("reservation")
    return {"reservation_id": reservation_id}

"""Sites and nodes: what is wanted where, and who may join."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.fleet.profiles import profiles_view
from api.names import Id, Name, Number
from api.problems import Problem, not_found
from api.security import NodesAdmin, NodesReader, ServicesOf
from api.views import node_view, site_view
from domain.fleet.node import MAINS_TEMP_C, SiteSpec
from domain.refusal import Refused
from domain.units import DAY_S
from store.access.tokens import new_secret
from store.fleet import nodes, site_queries
from store.rows import Connection
from store.transaction import Transaction

router = APIRouter(prefix="/v1", tags=["fleet"])

_DEFAULT_ENROLMENT_S = 900.0
_LONGEST_ENROLMENT_S = 7 * DAY_S


class SiteIn(BaseModel):
    """A place with a heat demand."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    storage_wh_per_k: float = Field(ge=1, le=1e9, allow_inf_nan=False)
    limit_temp_c: float = Field(default=50.0, gt=0, le=95, allow_inf_nan=False)
    is_preheat: bool = True
    floor_temp_c: float | None = Field(default=None, ge=0, le=95, allow_inf_nan=False)

    def to_spec(self) -> SiteSpec | Refused:
        """The domain value, or why it makes no sense."""
        floor_temp_c = self.floor_temp_c
        if floor_temp_c is None:
            if not self.is_preheat:
                return Refused(
                    code="site.floor",
                    sentence="Where the boiler keeps the water warm itself (is_preheat false), "
                    "floor_temp_c must be its set-point.",
                )
            floor_temp_c = MAINS_TEMP_C
        if floor_temp_c >= self.limit_temp_c:
            return Refused(
                code="site.floor",
                sentence=f"floor_temp_c ({floor_temp_c:g}) must be below limit_temp_c "
                f"({self.limit_temp_c:g}): between them the water stores heat.",
            )
        return SiteSpec(
            name=self.name,
            storage_wh_per_k=self.storage_wh_per_k,
            limit_temp_c=self.limit_temp_c,
            floor_temp_c=floor_temp_c,
            is_preheat=self.is_preheat,
        )


class EnrolmentIn(BaseModel):
    """Leave for one node to join a site."""

    model_config = ConfigDict(extra="forbid")

    site_id: Id
    node_name: Name
    life_s: float = Field(
        default=_DEFAULT_ENROLMENT_S, gt=0, le=_LONGEST_ENROLMENT_S, allow_inf_nan=False
    )


@router.get("/sites")
async def list_sites(services: ServicesOf, principal: NodesReader) -> dict[str, Any]:
    """Sites with their water, demand and register."""
    only = principal.site_ids
    database = services.store.database

    def read(connection: Connection) -> list[dict[str, Any]]:
        now_s = database.now_s(connection)
        all_nodes = site_queries.nodes(connection, only)
        meters = site_queries.meters(connection, only)
        return [
            site_view(row, all_nodes, meters, now_s) for row in site_queries.sites(connection, only)
        ]

    return {"sites": await services.read(read)}


@router.post("/sites", status_code=201)
async def add_site(body: SiteIn, services: ServicesOf, principal: NodesAdmin) -> dict[str, int]:
    """Register a site."""
    spec = body.to_spec()
    if isinstance(spec, Refused):
        raise Problem(422, spec)
    site_id = await services.write(lambda tx: nodes.add_site(tx, spec, principal.actor))
    if isinstance(site_id, Refused):
        raise Problem(409, site_id)
    return {"site_id": site_id}


@router.put("/sites/{site_id}")
async def change_site(
    site_id: Number, body: SiteIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, int]:
    """Describe a site anew; what is left out takes its default."""
    spec = body.to_spec()
    if isinstance(spec, Refused):
        raise Problem(422, spec)
    refused = await services.write(lambda tx: nodes.change_site(tx, site_id, spec, principal.actor))
    if refused is not None:
        raise Problem(409, refused)
    return {"site_id": site_id}


@router.post("/enrolments", status_code=201)
async def add_enrolment(
    body: EnrolmentIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Make a token with which one node joins, once; it is shown only here."""
    token = new_secret()

    def operation(tx: Transaction) -> float | Refused:
        refused = nodes.add_enrolment(
            tx,
            token=token,
            site_id=body.site_id,
            node_name=body.node_name,
            ttl_s=body.life_s,
            actor=principal.actor,
        )
        return tx.now_s + body.life_s if refused is None else refused

    expires_at_s = await services.write(operation)
    if isinstance(expires_at_s, Refused):
        raise Problem(404, expires_at_s)
    return {"token": token, "expires_at_s": expires_at_s}


@router.get("/nodes")
async def list_nodes(services: ServicesOf, principal: NodesReader) -> dict[str, Any]:
    """Nodes with what they hold and what they read."""
    only = principal.site_ids
    database = services.store.database

    def read(connection: Connection) -> list[dict[str, Any]]:
        now_s = database.now_s(connection)
        return [node_view(row, now_s) for row in site_queries.nodes(connection, only)]

    return {"nodes": await services.read(read)}


@router.get("/profiles")
async def list_profiles(services: ServicesOf, principal: NodesReader) -> dict[str, Any]:
    """Programs for simulation, their versions and the nodes that have them."""
    only = principal.site_ids
    found = await services.read(lambda connection: site_queries.nodes(connection, only))
    return {"profiles": profiles_view(found)}


@router.post("/nodes/{node_id}/drain")
async def drain(node_id: Number, services: ServicesOf, principal: NodesAdmin) -> dict[str, Any]:
    """Send no new work to a node; what runs there goes on."""
    return await _set_drained(services, node_id, principal, drained=True)


@router.post("/nodes/{node_id}/resume")
async def resume(node_id: Number, services: ServicesOf, principal: NodesAdmin) -> dict[str, Any]:
    """Let a drained node take work again."""
    return await _set_drained(services, node_id, principal, drained=False)


async def _set_drained(
    services: ServicesOf, node_id: int, principal: NodesAdmin, *, drained: bool
) -> dict[str, Any]:
    state = await services.write(
        lambda tx: nodes.set_drained(tx, node_id, drained=drained, actor=principal.actor)
    )
    if state is None:
        raise not_found("node")
    return {"node_id": node_id, "state": state.value}

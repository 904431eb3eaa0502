"""Collectivities, which the operator describes: names, sites, logo and colour."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.names import Name, Number, Said
from api.problems import Problem, not_found
from api.security import KeysAdmin, ServicesOf
from domain.refusal import Refused
from domain.towns.collectivities import Collectivity, Place, check_collectivity
from domain.towns.png import clean_png
from store.collectivities import collectivities
from store.collectivities.collectivities import CollectivityRow

router = APIRouter(prefix="/v1/collectivities", tags=["collectivities"])

_CONFLICTS = frozenset({"collectivity.exists", "site.given"})


class CollectivityIn(BaseModel):
    """A collectivity as its operator describes it."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    siret: str = Field(max_length=50)
    colour: str | None = Field(default=None, max_length=50)
    contact: Said | None = None

    def to_domain(self) -> Collectivity:
        """The domain value; raises ``Problem`` where it cannot be."""
        found = check_collectivity(
            name=self.name, siret=self.siret, colour=self.colour, contact=self.contact
        )
        if isinstance(found, Refused):
            raise Problem(422, found)
        return found


class PlaceIn(BaseModel):
    """Where a building stands."""

    model_config = ConfigDict(extra="forbid")

    latitude_deg: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude_deg: float = Field(ge=-180, le=180, allow_inf_nan=False)


def _granted(refused: Refused | None) -> None:
    if refused is None:
        return
    if refused.code == "collectivity.unknown":
        raise not_found("collectivity")
    raise Problem(409 if refused.code in _CONFLICTS else 422, refused)


def _view(row: CollectivityRow) -> dict[str, Any]:
    return {
        "collectivity_id": row.collectivity_id,
        "name": row.description.name,
        "siret": row.description.siret,
        "colour": row.description.colour,
        "contact": row.description.contact,
        "has_logo": row.has_logo,
        "created_at_s": row.created_at_s,
        "sites": [
            {
                "site_id": owned.site_id,
                "name": owned.name,
                "latitude_deg": None if owned.place is None else owned.place.latitude_deg,
                "longitude_deg": None if owned.place is None else owned.place.longitude_deg,
                "given_at_s": owned.given_at_s,
            }
            for owned in row.sites
        ],
    }


@router.get("")
async def show_collectivities(
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> dict[str, Any]:
    """Every collectivity with its sites."""
    rows = await services.read(collectivities.collectivities)
    return {"collectivities": [_view(row) for row in rows]}


@router.post("", status_code=201)
async def add_collectivity(
    body: CollectivityIn, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Make a collectivity."""
    described = body.to_domain()
    made = await services.write(
        lambda tx: collectivities.add_collectivity(tx, described, principal.actor)
    )
    if isinstance(made, Refused):
        raise Problem(409, made)
    return {"collectivity_id": made}


@router.get("/{collectivity_id}")
async def show_collectivity(
    collectivity_id: Number,
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> dict[str, Any]:
    """One collectivity with its sites."""
    row = await services.read(
        lambda connection: collectivities.find_collectivity(connection, collectivity_id)
    )
    if row is None:
        raise not_found("collectivity")
    return _view(row)


@router.put("/{collectivity_id}")
async def change_collectivity(
    collectivity_id: Number, body: CollectivityIn, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Describe a collectivity anew; its sites and its logo stay."""
    described = body.to_domain()
    _granted(
        await services.write(
            lambda tx: collectivities.change_collectivity(
                tx, collectivity_id, described, principal.actor
            )
        )
    )
    return {"collectivity_id": collectivity_id}


@router.put("/{collectivity_id}/sites/{site_id}")
async def give_site(
    collectivity_id: Number,
    site_id: Number,
    services: ServicesOf,
    principal: KeysAdmin,
    body: PlaceIn | None = None,
) -> dict[str, int]:
    """Let a collectivity see and buy the heat of a site; the body says where it stands."""
    place = None
    if body is not None:
        place = Place(latitude_deg=body.latitude_deg, longitude_deg=body.longitude_deg)
    _granted(
        await services.write(
            lambda tx: collectivities.give_site(
                tx, collectivity_id, site_id, place, principal.actor
            )
        )
    )
    return {"collectivity_id": collectivity_id, "site_id": site_id}


@router.delete("/{collectivity_id}/sites/{site_id}")
async def take_site(
    collectivity_id: Number, site_id: Number, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """From now on the site is nobody's."""
    taken = await services.write(
        lambda tx: collectivities.take_site(tx, collectivity_id, site_id, principal.actor)
    )
    if not taken:
        raise not_found("site of this collectivity")
    return {"collectivity_id": collectivity_id, "site_id": site_id}


@router.get("/{collectivity_id}/logo")
async def show_logo(
    collectivity_id: Number,
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> Response:
    """Its logo, as PNG."""
    png = await services.read(
        lambda connection: collectivities.logo_of(connection, collectivity_id)
    )
    if png is None:
        raise not_found("logo")
    headers = {"X-Content-Type-Options": "nosniff"}
    return Response(png, media_type="image/png", headers=headers)


@router.put("/{collectivity_id}/logo")
async def set_logo(
    collectivity_id: Number, request: Request, services: ServicesOf, principal: KeysAdmin
) -> dict[str, int]:
    """Take a small PNG as its logo; an empty body removes the one it has."""
    sent = await request.body()
    png = clean_png(sent) if sent else None
    if isinstance(png, Refused):
        raise Problem(422, png)
    _granted(
        await services.write(
            lambda tx: collectivities.set_logo(tx, collectivity_id, png, principal.actor)
        )
    )
    return {"collectivity_id": collectivity_id, "logo_bytes": 0 if png is None else len(png)}

"""Stickers on boilers, what their page shows, and what people report there: for the operator."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.names import Number, Said
from api.passers_by import stickers as drawing
from api.problems import Problem, not_found
from api.security import NodesAdmin, ServicesOf
from domain.towns.publication import Publication, PublishedFigures
from store.collectivities import publications
from store.collectivities.publications import Sticker

router = APIRouter(prefix="/v1", tags=["stickers"])

OfSite = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


class PublicationIn(BaseModel):
    """What everybody may see of a site."""

    model_config = ConfigDict(extra="forbid")

    figures: PublishedFigures
    purpose: Said | None = None


class ReportAnswer(BaseModel):
    """What came of a report."""

    model_config = ConfigDict(extra="forbid")

    answer: Said


def _view(sticker: Sticker) -> dict[str, Any]:
    return {
        "code": sticker.code,
        "path": f"/t/{sticker.code}",
        "node_id": sticker.node_id,
        "node": sticker.node,
        "site_id": sticker.site_id,
        "site": sticker.site,
        "made_at_s": sticker.made_at_s,
        "removed_at_s": sticker.removed_at_s,
    }


@router.post("/stickers", status_code=201)
async def make_stickers(
    services: ServicesOf, principal: NodesAdmin, site_id: OfSite = None
) -> dict[str, Any]:
    """A code for every boiler that has none yet; of one site, or of all."""
    only = None if site_id is None else [site_id]
    await services.write(lambda tx: publications.make_stickers(tx, only, principal.actor))
    rows = await services.read(lambda connection: publications.stickers(connection, only))
    return {"stickers": [_view(row) for row in rows]}


@router.get("/stickers")
async def show_stickers(
    services: ServicesOf,
    principal: NodesAdmin,  # noqa: ARG001 - the declared scope
    site_id: OfSite = None,
) -> dict[str, Any]:
    """Every code, also of boilers that were taken away."""
    only = None if site_id is None else [site_id]
    rows = await services.read(lambda connection: publications.stickers(connection, only))
    return {"stickers": [_view(row) for row in rows]}


@router.get("/stickers/sheet.svg")
async def sheet(
    request: Request,
    services: ServicesOf,
    principal: NodesAdmin,  # noqa: ARG001 - the declared scope
    site_id: OfSite = None,
) -> Response:
    """The stickers of boilers that are there, ten on a page of A4."""
    only = None if site_id is None else [site_id]
    rows = await services.read(lambda connection: publications.stickers(connection, only))
    base = services.disclosure.public_url or str(request.base_url)
    present = [row for row in rows if row.removed_at_s is None]
    text = drawing.sheets(present, base.rstrip("/"))
    return Response(text, media_type="image/svg+xml")


@router.delete("/stickers/{code}")
async def remove_sticker(code: str, services: ServicesOf, principal: NodesAdmin) -> dict[str, str]:
    """The boiler was taken away: its page says so from now on."""
    if not await services.write(lambda tx: publications.remove_sticker(tx, code, principal.actor)):
        raise not_found("sticker")
    return {"code": code}


@router.get("/sites/{site_id}/publication")
async def show_publication(
    site_id: Number,
    services: ServicesOf,
    principal: NodesAdmin,  # noqa: ARG001 - the declared scope
) -> dict[str, Any]:
    """What everybody may see of a site."""
    found = await services.read(lambda connection: publications.publication_of(connection, site_id))
    return {"site_id": site_id, "figures": found.figures.value, "purpose": found.purpose}


@router.put("/sites/{site_id}/publication")
async def publish(
    site_id: Number, body: PublicationIn, services: ServicesOf, principal: NodesAdmin
) -> dict[str, Any]:
    """Say what everybody may see of a site; nothing, until this is said."""
    wanted = Publication(figures=body.figures, purpose=body.purpose)
    refused = await services.write(
        lambda tx: publications.publish(tx, site_id, wanted, principal.actor)
    )
    if refused is not None:
        raise Problem(422, refused)
    return {"site_id": site_id, "figures": body.figures.value, "purpose": body.purpose}


@router.get("/reports")
async def show_reports(
    services: ServicesOf, principal: NodesAdmin, *, open_only: bool = False
) -> dict[str, Any]:
    """What people reported at boilers, newest first."""
    only = principal.site_ids
    rows = await services.read(
        lambda connection: publications.reports(connection, only, open_only=open_only)
    )
    return {"reports": rows}


@router.post("/reports/{report_id}/close")
async def close_report(
    report_id: Number, body: ReportAnswer, services: ServicesOf, principal: NodesAdmin
) -> dict[str, int]:
    """Say what came of a report."""
    if not await services.write(
        lambda tx: publications.close_report(tx, report_id, body.answer, principal.actor)
    ):
        raise not_found("open report")
    return {"report_id": report_id}

"""The page behind the code on a boiler: what is measured here, and how to say there is no heat."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.pages.rendering import HEADERS, Speaks, Speech, Theme, render
from api.passers_by.public_figures import FiguresCache, PublicFigures
from api.problems import not_found
from api.security import ServicesOf, public
from api.services import Services
from api.town import door
from api.town.themes import public_theme
from domain.disclosure import SHOWER
from domain.refusal import Refused
from domain.towns.publication import Publication
from store.collectivities import collectivities, publications
from store.collectivities.collectivities import CollectivityRow
from store.collectivities.publications import Sticker
from store.rows import Connection

router = APIRouter(
    prefix="/t", tags=["public"], include_in_schema=False, dependencies=[Depends(public)]
)

_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that a page says of one boiler."""

    sticker: Sticker
    owner: CollectivityRow | None
    publication: Publication
    figures: PublicFigures | None

    @property
    def theme(self) -> Theme:
        """That of the collectivity; our own where the site is nobody's."""
        return public_theme(self.owner, self.sticker.code)


async def _seen(services: Services, cache: FiguresCache, code: str) -> Seen | None:
    database = services.store.database

    def look(connection: Connection) -> Seen | None:
        sticker = publications.find_sticker(connection, code)
        if sticker is None:
            return None
        owner = None
        if sticker.collectivity_id is not None:
            owner = collectivities.find_collectivity(connection, sticker.collectivity_id)
        publication = publications.publication_of(connection, sticker.site_id)
        figures = None
        if sticker.removed_at_s is None:
            figures = cache.figures(
                connection, sticker.site_id, publication.figures, database.now_s(connection)
            )
        return Seen(sticker=sticker, owner=owner, publication=publication, figures=figures)

    return await services.read(look)


def _cache(request: Request) -> FiguresCache:
    found: FiguresCache = request.app.state.public_figures
    return found


def _page(
    spoken: Speech,
    services: Services,
    seen: Seen,
    *,
    told: bool = False,
    refused: Refused | None = None,
    message: str = "",
) -> Response:
    values = {
        "seen": seen,
        "disclosure": services.disclosure,
        "shower": SHOWER,
        "told": told,
        "refused": refused,
        "message": message,
    }
    status = 200 if refused is None else 429
    return render(spoken, "public.html", values, theme=seen.theme, status=status)


@router.get("/{code}")
async def public_page(
    request: Request, code: str, spoken: Speaks, services: ServicesOf, *, told: bool = False
) -> Response:
    """What is measured at this boiler, for what, for how long, and whom to ask."""
    seen = await _seen(services, _cache(request), code)
    if seen is None:
        raise not_found("code")
    return _page(spoken, services, seen, told=told)


@router.post("/{code}/no-heat")
async def report(request: Request, code: str, spoken: Speaks, services: ServicesOf) -> Response:
    """Somebody says that there is no heat; nothing of who it was is kept."""
    form = await door.form_of(request)
    seen = await _seen(services, _cache(request), code)
    if seen is None or seen.sticker.removed_at_s is not None:
        raise not_found("code")
    message = " ".join(form.get("message", "").split())[:_LONGEST_MESSAGE]
    refused = await services.write(
        lambda tx: publications.report_no_heat(tx, seen.sticker, message)
    )
    if refused is not None:
        return _page(spoken, services, seen, refused=refused, message=message)
    address = spoken.link(f"/t/{seen.sticker.code}", told="yes")
    return RedirectResponse(f"{address}#no-heat", status_code=303, headers=HEADERS)


@router.get("/{code}/logo.png")
async def logo(code: str, services: ServicesOf) -> Response:
    """The logo of the collectivity whose boiler this is."""

    def look(connection: Connection) -> bytes | None:
        sticker = publications.find_sticker(connection, code)
        if sticker is None or sticker.collectivity_id is None:
            return None
        return collectivities.logo_of(connection, sticker.collectivity_id)

    png = await services.read(look)
    if png is None:
        raise not_found("logo")
    return Response(png, media_type="image/png", headers=HEADERS)

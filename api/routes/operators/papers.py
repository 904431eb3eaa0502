"""Papers that an operator owes: the accessibility statement, and what a DPO fills a register from.

Both say what the running configuration says.
"""

from fastapi import APIRouter, Depends, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.rendering import TEMPLATES, Speaks, render
from api.security import KeysAdmin, ServicesOf, public
from domain.calendar.paris import date_at
from domain.disclosure import ACCOUNT_NOTICE_DAYS
from store.collectivities import collectivities
from store.rows import Connection

router = APIRouter(tags=["papers"])
_NOBODY = "[à compléter par l'exploitant]"


@router.get("/accessibility", dependencies=[Depends(public)], include_in_schema=False)
async def accessibility(spoken: Speaks, services: ServicesOf) -> Response:
    """How accessible the pages of towns are, and whom to tell of a barrier."""
    return render(spoken, "accessibility.html", {"disclosure": services.disclosure})


@router.get("/v1/dpo-pack")
async def dpo_pack(
    services: ServicesOf,
    principal: KeysAdmin,  # noqa: ARG001 - the declared scope
) -> Response:
    """What a data protection officer needs to fill a register, as Markdown in French."""
    database = services.store.database

    def look(connection: Connection) -> dict[str, object]:
        return {
            "collectivities": collectivities.collectivities(connection),
            "day": date_at(database.now_s(connection)),
        }

    found = await services.read(look)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - Markdown, and nobody's browser reads it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("dpo_pack.fr.md.jinja").render(
        disclosure=services.disclosure,
        keeping=services.keeping,
        nobody=_NOBODY,
        notice_days=ACCOUNT_NOTICE_DAYS,
        **found,
    )
    return Response(text, media_type="text/markdown; charset=utf-8")

"""The colours of a town, for its pages and for those that strangers see."""

from fastapi import APIRouter, Depends, Response

from api.pages.rendering import HEADERS
from api.problems import not_found
from api.security import public
from domain.refusal import Refused
from domain.towns.colours import check_colour, text_on

router = APIRouter(tags=["towns"], include_in_schema=False)


@router.get("/theme/{colour}.css", dependencies=[Depends(public)])
async def theme_style(colour: str) -> Response:
    """The style that sets a town's colour, and that of the text on it."""
    found = check_colour(colour)
    if isinstance(found, Refused):
        raise not_found("theme")
    text = f":root{{--town:{found};--on-town:{text_on(found)}}}\n"
    headers = {**HEADERS, "Cache-Control": "public, max-age=86400"}
    return Response(text, media_type="text/css", headers=headers)

"""What goes wrong, told as the caller reads: a page to a browser, a problem document to a program.

Pages are for the addresses of towns and passers-by alone, in their language and theme.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api import problems
from api.pages.rendering import HEADERS, OWN_THEME, Theme, page_of, render, speech
from api.problems import Told
from api.security import services_of
from api.town import door
from api.town.themes import theme_for, theme_of_code
from domain.refusal import Refused

_PAGES = re.compile(r"/(town|accessibility)(/.*)?|/t/(?P<code>[^/]*)(/.*)?", re.DOTALL)
_LONGEST_ACCEPT = 1000
_SERVER_ERROR = 500


async def on_error(request: Request, error: Exception) -> Response:
    """Answer a request that was refused or failed."""
    return await answer(request, problems.told(request, error))


async def answer(request: Request, told: Told) -> Response:
    """A refusal in the form that the caller asks for."""
    place = _PAGES.fullmatch(request.url.path)
    if place is None or not prefers_page(request.headers.get("accept", "")):
        return problems.document(told)
    person, theme = None, OWN_THEME
    if told.status < _SERVER_ERROR:  # else nothing may work any more
        person = await door.find_person(request, services_of(request))
        theme = await _theme(request, person, place["code"])
    spoken = speech(request)
    home = f"/t/{place['code']}" if place["code"] else "/town"
    values = {"code": told.refusal.code, "person": person, "home": home}
    page = render(spoken, "refused.html", values, theme=theme, status=told.status)
    page.headers.update(told.headers)
    return page


async def to_sign_in(request: Request, _error: Exception) -> Response:
    """Send a stranger to the sign-in page, which brings them back; a program is told so."""
    if not prefers_page(request.headers.get("accept", "")):
        refusal = Refused(code="session.missing", sentence="Sign in at /town/sign-in first.")
        return problems.document(Told(status=401, refusal=refusal))
    given = {"next": door.onward(page_of(request))}
    if door.COOKIE in request.cookies:
        given["ended"] = "yes"
    if "lang" in request.query_params:
        given["lang"] = request.query_params["lang"][:2]
    address = f"/town/sign-in?{urlencode(given)}"
    return RedirectResponse(address, status_code=303, headers=HEADERS)


async def _theme(request: Request, person: door.Person | None, code: str | None) -> Theme:
    services = services_of(request)
    if code:
        return await theme_of_code(services, code)
    return OWN_THEME if person is None else await theme_for(services, person.visitor)


def prefers_page(accept: str) -> bool:
    """Whether somebody who accepts this would rather read a page than a problem document."""
    if not accept.strip():
        return True
    weights = _weights(accept[:_LONGEST_ACCEPT])
    page = next((weights[kind] for kind in ("text/html", "text/*", "*/*") if kind in weights), 0.0)
    document = max(
        (weight for kind, weight in weights.items() if kind.endswith("json")), default=0.0
    )
    return page > 0 and page >= document


def _weights(accept: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = 1.0
        for word in parameters:
            if word.startswith("q="):
                try:
                    weight = float(word[2:])
                except ValueError:
                    weight = 0.0
        found[kind] = weight
    return found

"""The page for people: made on the server, nothing from elsewhere, readable without a script."""

from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.browsers import check_origin, keep_session
from api.meters.mending import CaseLine, case_lines
from api.problems import Problem
from api.routes.everyone.overview import TANK_HEIGHT, overview
from api.security import SESSION_COOKIE, ServicesOf, Visitor, public
from api.services import Services
from domain.access import Principal, Scope
from domain.calendar.paris import write_instant
from domain.refusal import Refused
from metering.keeping.standing import standings
from store.access import sessions
from store.access.browser_sessions import Session
from store.rows import Connection
from store.transaction import Transaction

router = APIRouter(tags=["pages"], include_in_schema=False)

_HERE = Path(__file__).parents[2]
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none at all, a browser hides where a form is from
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_FORM_BYTES = 4096
_MOST_CASES = 200
_STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "town.css": "text/css; charset=utf-8",
}


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(name: str, values: dict[str, object], status: int = 200) -> HTMLResponse:
    text = _templates().get_template(name).render(values)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


@router.get("/")
async def page(services: ServicesOf, principal: Visitor) -> Response:
    """The page, or how to sign in."""
    if principal is None:
        return _render("sign_in.html", {"refused": None}, 401)
    return _render("page.html", await _look(services, principal))


@router.get("/fragment")
async def fragment(services: ServicesOf, principal: Visitor) -> Response:
    """The part of the page that changes."""
    if principal is None:
        return Response(status_code=401, headers=_HEADERS)
    return _render("fragment.html", await _look(services, principal))


@router.get("/quarantine")
async def quarantine(services: ServicesOf, principal: Visitor) -> Response:
    """What meters told and does not count: why, and what mends it."""
    if principal is None:
        return _render("sign_in.html", {"refused": None}, 401)
    sees_meters = Scope.HEAT_READ in principal.scopes
    only, database = principal.site_ids, services.store.database

    def look(connection: Connection) -> list[CaseLine]:
        found = standings(connection, only, database.now_s(connection))
        return [line for item in found for line in case_lines(item)]

    cases = await services.read(look) if sees_meters else []
    values = {
        "sees_meters": sees_meters,
        "cases": cases[:_MOST_CASES],
        "more": max(len(cases) - _MOST_CASES, 0),
        "instant": write_instant,
        "may_decide": Scope.NODES_ADMIN in principal.scopes,
        "visitor": principal,
    }
    return _render("quarantine.html", values)


async def _look(services: Services, principal: Principal) -> dict[str, object]:
    database = services.store.database
    view = await services.read(lambda connection: overview(database, connection, principal))
    return {
        "view": view,
        "visitor": principal,
        "tank_height": TANK_HEIGHT,
        "sees_meters": Scope.HEAT_READ in principal.scopes,
    }


@router.get("/enter", dependencies=[Depends(public)])
async def enter(
    request: Request, services: ServicesOf, code: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Sign in by a link that works once."""
    session = await services.write(lambda tx: sessions.enter(tx, code))
    if isinstance(session, Refused):
        return _render("sign_in.html", {"refused": session.sentence}, 401)
    return _signed_in(request, session)


@router.post("/enter", dependencies=[Depends(public)])
async def enter_with_key(request: Request, services: ServicesOf) -> Response:
    """Sign in with a key, typed into the form."""
    check_origin(request)
    form = parse_qs((await request.body())[:_LONGEST_FORM_BYTES].decode("utf-8", "replace"))
    found = await services.principal(form.get("key", [""])[0].strip())
    if isinstance(found, Refused):
        return _render("sign_in.html", {"refused": found.sentence}, 401)

    def operation(tx: Transaction) -> Session | Refused:
        return sessions.enter(tx, sessions.add_code(tx, found.key_id))

    session = await services.write(operation)
    if isinstance(session, Refused):
        return _render("sign_in.html", {"refused": session.sentence}, 401)
    return _signed_in(request, session)


@router.post("/leave", dependencies=[Depends(public)])
async def leave(request: Request, services: ServicesOf) -> Response:
    """Sign out: the session ends here and in the browser."""
    check_origin(request)
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await services.write(lambda tx: sessions.leave(tx, token))
    answer = RedirectResponse("/", status_code=303, headers=_HEADERS)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _signed_in(request: Request, session: Session) -> Response:
    answer = RedirectResponse("/", status_code=303, headers=_HEADERS)
    keep_session(request, answer, session, cookie=SESSION_COOKIE)
    return answer


@router.get("/static/{name}", dependencies=[Depends(public)])
async def static(name: str) -> Response:
    """Style and script of the page."""
    if name not in _STATIC:
        raise Problem(404, Refused(code="not_found", sentence="There is no such file."))
    headers = {**_HEADERS, "Cache-Control": "no-cache", "Content-Type": _STATIC[name]}
    return Response(_static_bytes(name), headers=headers)


@cache
def _static_bytes(name: str) -> bytes:
    return (_HERE / "static" / name).read_bytes()

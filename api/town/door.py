"""Who has signed in to a town's pages, and proof that a form was sent from one of them."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from api.browsers import check_origin, from_elsewhere, keep_session
from api.pages.rendering import HEADERS, Speech
from api.problems import Problem
from api.security import ServicesOf
from api.town.forms import read_form
from domain.access import Scope
from domain.refusal import Refused
from domain.towns.accounts import TownVisitor
from store.access.browser_sessions import Session
from store.collectivities.town_sessions import find_town_visitor

COOKIE = "chaufferie_town"
_COOKIE_PATH = "/town"
#: The statuses of forms that cannot be read; of the others 422.
_STATUSES = {"form.too_long": 413, "form.kind": 415}
#: Where somebody may be sent on to after signing in: our own pages.
_ONWARD = re.compile(r"/town(/[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody signed in, by the session of this request."""

    visitor: TownVisitor
    token: str

    @property
    def form_token(self) -> str:
        """What each form of theirs carries: no other site knows it."""
        return hmac.new(self.token.encode(), b"form", hashlib.sha256).hexdigest()


class SignInFirst(Exception):  # noqa: N818 - what to do, which is no error
    """Ends a request of a stranger at the door."""


async def person(request: Request, services: ServicesOf) -> Person:
    """Whoever is signed in; a stranger is shown the door."""
    found = await find_person(request, services)
    if found is None:
        raise SignInFirst
    return found


person.scope = Scope.PUBLIC  # type: ignore[attr-defined]


async def find_person(request: Request, services: ServicesOf) -> Person | None:
    """Whoever is signed in; None = nobody."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    database = services.store.database
    visitor = await services.read(
        lambda connection: find_town_visitor(connection, token, database.now_s(connection))
    )
    return None if visitor is None else Person(visitor=visitor, token=token)


SignedIn = Annotated[Person, Depends(person)]


def onward(path: str) -> str:
    """The path, if it is one of our pages; else their first page."""
    return path if _ONWARD.fullmatch(path) else "/town"


def let_in(request: Request, session: Session, address: str) -> RedirectResponse:
    """Go on to a page with a new session."""
    answer = RedirectResponse(address, status_code=303, headers=HEADERS)
    keep_session(request, answer, session, cookie=COOKIE, path=_COOKIE_PATH)
    return answer


def let_out(address: str) -> RedirectResponse:
    """Go on to a page without a session."""
    answer = RedirectResponse(address, status_code=303, headers=HEADERS)
    answer.delete_cookie(COOKIE, path=_COOKIE_PATH)
    return answer


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that one of our own pages sent."""
    check_origin(request)
    found = read_form(request.headers.get("content-type", ""), await request.body())
    if isinstance(found, Refused):
        raise Problem(_STATUSES.get(found.code, 422), found)
    return found


async def form_from(request: Request, whose: Person) -> Mapping[str, str]:
    """The fields of a form that this person sent from one of our pages."""
    fields = await form_of(request)
    if not hmac.compare_digest(fields.get("form_token", "").encode(), whose.form_token.encode()):
        raise from_elsewhere()
    return fields


def home(spoken: Speech) -> str:
    """The first page after the door."""
    return spoken.link("/town")

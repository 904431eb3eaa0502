"""What browsers keep and send: the cookie of a session, and forms of our own pages."""

from urllib.parse import urlsplit

from fastapi import Request, Response

from api.problems import Problem
from domain.refusal import Refused
from store.access.browser_sessions import Session


def keep_session(
    request: Request, answer: Response, session: Session, *, cookie: str, path: str = "/"
) -> None:
    """Have the browser keep a session: no script reads it, no other site sends it with a form."""
    answer.set_cookie(
        cookie,
        session.token,
        max_age=int(session.life_s),
        path=path,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def check_origin(request: Request) -> None:
    """Refuse a form that another site sends on behalf of its visitor, as far as browsers say."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    try:
        is_from_here = urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:
        is_from_here = False
    if not is_from_here:
        raise from_elsewhere()


def from_elsewhere() -> Problem:
    """How a form is answered that none of our pages sent."""
    refusal = Refused(
        code="page.origin", sentence="This form was sent from another site; open our page."
    )
    return Problem(403, refusal)

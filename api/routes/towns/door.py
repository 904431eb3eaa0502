"""The door of the towns' pages: sign-in, invitations, the password, the way out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.pages.rendering import Speaks, Speech, render
from api.security import ServicesOf, public
from api.services import Services
from api.town import door
from api.town.door import SignedIn
from api.town.passwords import Passwords
from api.town.themes import theme_for
from domain.refusal import Refused
from domain.towns.accounts import LONGEST_PASSWORD, check_email, check_password
from store.access.browser_sessions import Session
from store.collectivities import accounts, town_sessions
from store.transaction import Transaction

router = APIRouter(prefix="/town", tags=["towns"], include_in_schema=False)

Code = Annotated[str, Query(max_length=200)]
_WRONG = Refused(code="sign_in.wrong", sentence="This address and this password do not match.")
_CROWDED = Refused(code="sign_in.crowded", sentence="Many people sign in; try again in a minute.")
#: Where waiting helps, and for how long [s].
_WAIT_S = {"sign_in.locked": 900, "sign_in.crowded": 60}
_DIFFER = Refused(code="password.differ", sentence="The two passwords are not the same.")


def _passwords(request: Request) -> Passwords:
    found: Passwords = request.app.state.passwords
    return found


PasswordsOf = Annotated[Passwords, Depends(_passwords)]


def _sign_in_page(
    spoken: Speech,
    onward: str,
    email: str = "",
    refused: Refused | None = None,
    *,
    ended: bool = False,
) -> Response:
    values = {"onward": door.onward(onward), "email": email, "refused": refused, "ended": ended}
    status = 200
    if refused is not None:
        status = 429 if refused.code in _WAIT_S else 401
    page = render(spoken, "sign_in.html", values, status=status)
    if refused is not None and refused.code in _WAIT_S:
        page.headers["Retry-After"] = str(_WAIT_S[refused.code])
    return page


@router.get("/sign-in", dependencies=[Depends(public)])
async def sign_in_page(
    spoken: Speaks,
    next: Code = "/town",  # noqa: A002 - in the address
    *,
    ended: bool = False,
) -> Response:
    """How to sign in."""
    return _sign_in_page(spoken, next, ended=ended)


@router.post("/sign-in", dependencies=[Depends(public)])
async def sign_in(
    request: Request, spoken: Speaks, services: ServicesOf, passwords: PasswordsOf
) -> Response:
    """Sign in by address and password."""
    form = await door.form_of(request)
    onward = door.onward(form.get("next", ""))
    typed = form.get("email", "")
    email = check_email(typed)
    if isinstance(email, Refused):
        return _sign_in_page(spoken, onward, typed, email)
    if passwords.is_crowded:
        return _sign_in_page(spoken, onward, email, _CROWDED)
    account = await _proved(services, passwords, email, form.get("password", ""))
    if isinstance(account, Refused):
        return _sign_in_page(spoken, onward, email, account)
    session = await services.write(lambda tx: town_sessions.open_session(tx, account))
    return door.let_in(request, session, spoken.link(onward))


async def _proved(
    services: Services, passwords: Passwords, email: str, password: str
) -> int | Refused:
    """The account whose owner this is, by its password; each try is counted before it is made."""
    refused = await services.write(lambda tx: town_sessions.count_try(tx, email))
    if refused is not None:
        return refused
    known = await services.read(lambda connection: accounts.password_of(connection, email))
    kept = None if known is None else known[1]
    if not await passwords.matches(kept, password[: LONGEST_PASSWORD + 1]) or known is None:
        return _WRONG
    return known[0]


@router.post("/sign-out")
async def sign_out(
    request: Request, spoken: Speaks, services: ServicesOf, person: SignedIn
) -> Response:
    """End the session, here and in the browser."""
    await door.form_from(request, person)
    await services.write(lambda tx: town_sessions.close_session(tx, person.token))
    return door.let_out(spoken.link("/town/sign-in"))


@router.get("/join", dependencies=[Depends(public)])
async def join_page(spoken: Speaks, services: ServicesOf, code: Code = "") -> Response:
    """What an invitation leads to: choose a password."""
    return await _join_page(spoken, services, code)


async def _join_page(
    spoken: Speech, services: Services, code: str, refused: Refused | None = None
) -> Response:
    database = services.store.database
    email = await services.read(
        lambda connection: accounts.invited_email(connection, code, database.now_s(connection))
    )
    if isinstance(email, Refused):
        return render(spoken, "refused.html", {"code": email.code, "home": "/town"}, status=410)
    values = {"code": code, "email": email, "refused": refused}
    return render(spoken, "join.html", values, status=200 if refused is None else 422)


@router.post("/join", dependencies=[Depends(public)])
async def join(
    request: Request, spoken: Speaks, services: ServicesOf, passwords: PasswordsOf
) -> Response:
    """Follow an invitation with a new password, once."""
    form = await door.form_of(request)
    code = form.get("code", "")[:200]
    database = services.store.database
    email = await services.read(
        lambda connection: accounts.invited_email(connection, code, database.now_s(connection))
    )
    if isinstance(email, Refused):
        return render(spoken, "refused.html", {"code": email.code, "home": "/town"}, status=410)
    refused = _new_password(form.get("password", ""), form.get("again", ""), email)
    if refused is None and passwords.is_crowded:
        refused = _CROWDED
    if refused is not None:
        return await _join_page(spoken, services, code, refused)
    kept = await passwords.hashed(form["password"])
    account = await services.write(lambda tx: accounts.follow_invitation(tx, code, kept))
    if isinstance(account, Refused):
        return render(spoken, "refused.html", {"code": account.code, "home": "/town"}, status=410)
    session = await services.write(lambda tx: town_sessions.open_session(tx, account))
    return door.let_in(request, session, door.home(spoken))


def _new_password(password: str, again: str, email: str) -> Refused | None:
    return check_password(password, email) or (None if password == again else _DIFFER)


@router.get("/account")
async def account_page(spoken: Speaks, services: ServicesOf, person: SignedIn) -> Response:
    """Who is signed in, and a new password."""
    theme = await theme_for(services, person.visitor)
    return render(spoken, "account.html", {"person": person, "refused": None}, theme=theme)


@router.post("/account")
async def change_password(
    request: Request,
    spoken: Speaks,
    services: ServicesOf,
    passwords: PasswordsOf,
    person: SignedIn,
) -> Response:
    """Take a new password for the old one; other sessions end."""
    form = await door.form_from(request, person)
    email = person.visitor.email
    refused = _new_password(form.get("password", ""), form.get("again", ""), email)
    account: int | Refused = _CROWDED
    if refused is None and not passwords.is_crowded:
        account = await _proved(services, passwords, email, form.get("old", ""))
    if refused is None and isinstance(account, Refused):
        refused = account
    if refused is not None:
        values = {"person": person, "refused": refused}
        theme = await theme_for(services, person.visitor)
        return render(spoken, "account.html", values, theme=theme, status=422)
    kept = await passwords.hashed(form["password"])

    def operation(tx: Transaction) -> Session:
        accounts.set_password(tx, person.visitor.account_id, kept)
        return town_sessions.open_session(tx, person.visitor.account_id)

    return door.let_in(request, await services.write(operation), door.home(spoken))

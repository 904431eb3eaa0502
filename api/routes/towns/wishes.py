"""What a town wishes of its sites, and lets everybody see: forms for its energy manager."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.names import Number
from api.pages.rendering import HEADERS, Speaks, Speech, render
from api.problems import not_found
from api.routes.towns.sites import owner_of
from api.security import ServicesOf
from api.services import Services
from api.town import door
from api.town.door import Person, SignedIn
from api.town.themes import theme_from
from domain.refusal import Refused
from domain.towns.accounts import Membership, TownRight
from domain.towns.publication import Publication, PublishedFigures
from domain.towns.wishes import CalendarEntry, CalendarKind, coolest_wish_c
from store.collectivities import publications
from store.fleet import wishes
from store.rows import Connection

router = APIRouter(prefix="/town/sites/{site_id}", tags=["towns"], include_in_schema=False)

_LONGEST_NOTE = 200
_NOT_YOURS = Refused(
    code="role.steer", sentence="Your role lets you look at this site, not steer it."
)
_NO_NUMBER = Refused(code="wish.number", sentence="Write a temperature such as 27.5.")
_NO_DAY = Refused(code="calendar.day", sentence="Write days such as 2026-07-31.")
_NO_KIND = Refused(code="calendar.kind", sentence="An entry is a closure or works.")
_NO_FIGURES = Refused(
    code="publication.figures", sentence="Everybody sees none, monthly or daily figures."
)
_TOO_LONG = Refused(
    code="wish.long", sentence=f"A text of a site has {_LONGEST_NOTE} characters at the most."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Who looks at which site, and in which language."""

    spoken: Speech
    services: Services
    person: Person
    site_id: int

    @property
    def membership(self) -> Membership | None:
        """As what; None where the site is not theirs to see."""
        return self.person.visitor.of_site(self.site_id)


def here(spoken: Speaks, services: ServicesOf, person: SignedIn, site_id: Number) -> Here:
    """Whoever is signed in, at this site."""
    return Here(spoken=spoken, services=services, person=person, site_id=site_id)


AtSite = Annotated[Here, Depends(here)]


@router.get("/wishes")
async def wishes_page(at: AtSite) -> Response:
    """What is wished of a site, its calendar, what is published, what people reported."""
    if at.membership is None:
        raise not_found("site")
    return await _page(at, at.membership)


async def _page(
    at: Here,
    membership: Membership,
    sent: tuple[Refused | None, Mapping[str, str]] = (None, {}),
) -> Response:
    """The page; of a form that was refused also why, and what was typed into it."""
    refused, typed = sent
    database = at.services.store.database

    def look(connection: Connection) -> dict[str, object]:
        return {
            "spec": wishes.site_spec(connection, at.site_id),
            "warmest_c": wishes.warmest_wished(connection, at.site_id),
            "calendar": wishes.calendar(connection, at.site_id, database.now_s(connection)),
            "publication": publications.publication_of(connection, at.site_id),
            "reports": publications.reports(connection, [at.site_id]),
        }

    found = await at.services.read(look)
    row = await owner_of(at.services, membership)
    values = {
        **found,
        "person": at.person,
        "site_id": at.site_id,
        "may_steer": membership.may(TownRight.STEER),
        "coolest_wish_c": coolest_wish_c,
        "kinds": list(CalendarKind),
        "figures_kinds": list(PublishedFigures),
        "refused": refused,
        "typed": typed,
    }
    status = 200 if refused is None else 422
    return render(at.spoken, "wishes.html", values, theme=theme_from(row), status=status)


@router.post("/{deed}")
async def steer(request: Request, deed: str, at: AtSite) -> Response:
    """One of the forms of that page."""
    form = await door.form_from(request, at.person)
    membership, done = at.membership, _DEEDS.get(deed)
    if membership is None or done is None:
        raise not_found("site")
    refused: Refused | None = _NOT_YOURS
    if membership.may(TownRight.STEER):
        refused = await done(at.services, at.site_id, form, at.person.visitor.actor)
    if refused is not None:
        return await _page(at, membership, (refused, form))
    address = at.spoken.link(f"/town/sites/{at.site_id}/wishes")
    return RedirectResponse(address, status_code=303, headers=HEADERS)


async def _set_point(
    services: Services, site_id: int, form: Mapping[str, str], actor: str
) -> Refused | None:
    text = form.get("warmest", "").strip().replace(",", ".")
    if not text.isascii() or "_" in text:  # which Python takes for numbers, and a person does not
        return _NO_NUMBER
    try:
        warmest_c = float(text) if text else None
    except ValueError:
        return _NO_NUMBER
    return await services.write(lambda tx: wishes.wish_warmest(tx, site_id, warmest_c, actor))


async def _add_entry(
    services: Services, site_id: int, form: Mapping[str, str], actor: str
) -> Refused | None:
    names = {item.value: item for item in CalendarKind}
    kind = names.get(form.get("kind", ""))
    if kind is None:
        return _NO_KIND
    note = " ".join(form.get("note", "").split())
    if len(note) > _LONGEST_NOTE:
        return _TOO_LONG
    try:
        entry = CalendarEntry(
            kind=kind,
            first_day=date.fromisoformat(form.get("first", "").strip()),
            last_day=date.fromisoformat(form.get("last", "").strip()),
            note=note,
        )
    except ValueError:
        return _NO_DAY
    made = await services.write(lambda tx: wishes.add_entry(tx, site_id, entry, actor))
    return made if isinstance(made, Refused) else None


async def _remove_entry(
    services: Services, site_id: int, form: Mapping[str, str], actor: str
) -> Refused | None:
    text = form.get("entry", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0  # noqa: PLR2004 - digits of a number that the database holds
    await services.write(lambda tx: wishes.remove_entry(tx, site_id, number, actor))
    return None


async def _publish(
    services: Services, site_id: int, form: Mapping[str, str], actor: str
) -> Refused | None:
    names = {item.value: item for item in PublishedFigures}
    figures = names.get(form.get("figures", ""))
    if figures is None:
        return _NO_FIGURES
    purpose = " ".join(form.get("purpose", "").split()) or None
    if purpose is not None and len(purpose) > _LONGEST_NOTE:
        return _TOO_LONG
    wanted = Publication(figures=figures, purpose=purpose)
    return await services.write(lambda tx: publications.publish(tx, site_id, wanted, actor))


_DEEDS = {
    "set-point": _set_point,
    "calendar": _add_entry,
    "calendar-back": _remove_entry,
    "publication": _publish,
}

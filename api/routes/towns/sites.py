"""The pages of a town: its sites on a map, and each site's day, month and year."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.names import Number
from api.pages import france
from api.pages.rendering import HEADERS, Speaks, render
from api.problems import not_found
from api.security import ServicesOf
from api.services import Services
from api.town import exports
from api.town.door import SignedIn
from api.town.figures import SiteFigures, figures
from api.town.site_view import SiteView, site_charts
from api.town.themes import theme_for, theme_from
from domain.calendar.paris_days import Period, Span, local, period_of
from domain.towns.accounts import Membership
from store.collectivities import collectivities
from store.collectivities.collectivities import CollectivityRow
from store.rows import Connection

router = APIRouter(prefix="/town", tags=["towns"], include_in_schema=False)

_FIRST_DAY = date(2000, 1, 1)
_LONGEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The period that an address asks for."""

    span: Span
    at: str


def asked(span: Span = Span.MONTH, at: Annotated[str, Query(max_length=20)] = "") -> Asked:
    """A month where nothing is said; a day that cannot be stands for today."""
    return Asked(span=span, at=at)


AskedPeriod = Annotated[Asked, Depends(asked)]


@router.get("")
async def overview(spoken: Speaks, services: ServicesOf, person: SignedIn) -> Response:
    """Every site of the visitor, on a map and in a list."""
    database = services.store.database

    def look(connection: Connection) -> list[SiteView]:
        now_s = database.now_s(connection)
        month = period_of(Span.MONTH, local(now_s).date())
        found: list[SiteView] = []
        for membership in person.visitor.memberships:
            row = collectivities.find_collectivity(connection, membership.collectivity_id)
            for owned in () if row is None else row.sites:
                if owned.site_id in membership.site_ids:
                    found.append(
                        SiteView(
                            site_id=owned.site_id,
                            number=len(found) + 1,
                            name=owned.name,
                            collectivity=membership.collectivity,
                            place=owned.place,
                            figures=figures(connection, owned.site_id, month, now_s),
                        )
                    )
        return found

    sites = await services.read(look)
    pins = france.pins((item.site_id, item.number, item.name, item.place) for item in sites)
    values = {
        "person": person,
        "sites": sites,
        "pins": pins,
        "is_of_several": len(person.visitor.memberships) > 1,
    }
    theme = await theme_for(services, person.visitor)
    return render(spoken, "overview.html", values, theme=theme)


@router.get("/sites/{site_id}")
async def site_page(
    spoken: Speaks, services: ServicesOf, person: SignedIn, site_id: Number, period: AskedPeriod
) -> Response:
    """A site's day, month or year."""
    membership = person.visitor.of_site(site_id)
    if membership is None:
        raise not_found("site")
    now_s, shown, found = await _look(services, site_id, period)
    row = await owner_of(services, membership)
    name = next((item.name for item in row.sites if item.site_id == site_id), None)
    if name is None:  # It was taken from the collectivity since this request was let in.
        raise not_found("site")
    values = {
        "person": person,
        "membership": membership,
        "site_id": site_id,
        "name": name,
        "period": shown,
        "spans": list(Span),
        "before": (shown.first_day - timedelta(days=1)).isoformat(),
        "after": shown.after_day.isoformat() if shown.to_s <= now_s else None,
        "figures": found,
        "charts": site_charts(spoken.words, shown, found),
    }
    return render(spoken, "site.html", values, theme=theme_from(row))


@router.get("/sites/{site_id}/readings.{form}")
async def site_file(
    services: ServicesOf,
    person: SignedIn,
    site_id: Number,
    form: exports.Form,
    period: AskedPeriod,
) -> Response:
    """The same figures as a file."""
    if person.visitor.of_site(site_id) is None:
        raise not_found("site")
    _, shown, found = await _look(services, site_id, period)
    name = f"site-{site_id}-{shown.first_day.isoformat()}-{shown.span.value}.{form.value}"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    text, kind = exports.written(form, site_id, shown, found)
    return Response(text, media_type=kind, headers=headers)


async def _look(
    services: Services, site_id: int, asked_for: Asked
) -> tuple[float, Period, SiteFigures]:
    database = services.store.database

    def look(connection: Connection) -> tuple[float, Period, SiteFigures]:
        now_s = database.now_s(connection)
        period = period_of(asked_for.span, _day(asked_for.at, local(now_s).date()))
        return now_s, period, figures(connection, site_id, period, now_s)

    return await services.read(look)


def _day(text: str, today: date) -> date:
    """The day that an address names; today where it names none that can be."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if _FIRST_DAY <= day <= today + _LONGEST_AHEAD else today


async def owner_of(services: Services, membership: Membership) -> CollectivityRow:
    """The collectivity of a membership."""
    row = await services.read(
        lambda connection: collectivities.find_collectivity(connection, membership.collectivity_id)
    )
    if row is None:  # It was removed since this request was let in.
        raise not_found("collectivity")
    return row


@router.get("/logo/{collectivity_id}.png")
async def logo(services: ServicesOf, person: SignedIn, collectivity_id: Number) -> Response:
    """The logo of one of the visitor's collectivities."""
    own = {item.collectivity_id for item in person.visitor.memberships}
    png = None
    if collectivity_id in own:
        png = await services.read(
            lambda connection: collectivities.logo_of(connection, collectivity_id)
        )
    if png is None:
        raise not_found("logo")
    return Response(png, media_type="image/png", headers=HEADERS)

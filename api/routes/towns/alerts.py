"""What a town's people are told by mail: what stands now, what is not known, what each chose."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.pages.rendering import HEADERS, Speaks, render
from api.pages.words import LANGUAGES
from api.security import ServicesOf
from api.town import door
from api.town.door import SignedIn
from api.town.themes import theme_for
from domain.languages import Language
from domain.towns.alerts import AlertKind
from store.collectivities import alert_choices, alerts, collectivities
from store.collectivities.alert_choices import Choice
from store.collectivities.alerts import StoredAlert, Watched
from store.rows import Connection

router = APIRouter(prefix="/town/alerts", tags=["towns"], include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that the page says."""

    standing: list[StoredAlert]
    unknown: list[Watched]
    looked_at_s: float | None  #: None = nobody has looked yet, or nobody asked for it.
    sites: dict[int, str]
    choice: Choice


@router.get("")
async def alerts_page(
    spoken: Speaks, services: ServicesOf, person: SignedIn, *, kept: bool = False
) -> Response:
    """What stands, what is not known, and the choices."""
    visitor = person.visitor

    def look(connection: Connection) -> Seen:
        watched = alerts.watched_by(connection, visitor.site_ids)
        rows = [
            collectivities.find_collectivity(connection, item.collectivity_id)
            for item in visitor.memberships
        ]
        return Seen(
            standing=alerts.alerts_seen_by(connection, visitor.site_ids),
            unknown=[item for item in watched if item.unknown is not None],
            looked_at_s=min((item.looked_at_s for item in watched), default=None),
            sites={
                owned.site_id: owned.name for row in rows if row is not None for owned in row.sites
            },
            choice=alert_choices.choice_of(connection, visitor.account_id),
        )

    seen = await services.read(look)
    values = {
        "person": person,
        "seen": seen,
        "kinds": list(AlertKind),
        "language": seen.choice.language or Language(spoken.words.language),
        "languages": {item: LANGUAGES[item.value] for item in Language},
        "reaches": services.notice_rules.may_write_to(visitor.email),
        "kept": kept,
    }
    theme = await theme_for(services, visitor)
    return render(spoken, "alerts.html", values, theme=theme)


@router.post("")
async def choose(
    request: Request, spoken: Speaks, services: ServicesOf, person: SignedIn
) -> Response:
    """Keep what somebody chose; nothing ticked = nothing is sent."""
    form = await door.form_from(request, person)
    kinds = [kind for kind in AlertKind if form.get(kind.value) == "yes"]
    names = {item.value: item for item in Language}
    language = names.get(form.get("language", ""), Language(spoken.words.language))
    account_id = person.visitor.account_id
    await services.write(lambda tx: alert_choices.choose(tx, account_id, kinds, language))
    address = spoken.link("/town/alerts", kept="yes")
    return RedirectResponse(address, status_code=303, headers=HEADERS)

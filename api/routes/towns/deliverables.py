"""A town's files: what the worker made for it, every version, to be downloaded."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from api.names import Number
from api.pages.deliverables import file_answer
from api.pages.rendering import Speaks, render
from api.problems import not_found
from api.security import ServicesOf
from api.town.door import SignedIn
from api.town.themes import theme_for
from domain.towns.accounts import Membership, TownVisitor
from domain.towns.deliverables import DeliverableKind
from store.collectivities.collectivities import find_collectivity
from store.deliverables import deliverables
from store.deliverables.deliverables import Key, Made
from store.rows import Connection

router = APIRouter(prefix="/town/files", tags=["towns"], include_in_schema=False)
_LARGEST_PERIOD = 999_912


@router.get("")
async def files_page(spoken: Speaks, services: ServicesOf, person: SignedIn) -> Response:
    """Every version of every file that the visitor may have, newest first."""
    rows = await services.read(lambda connection: _seen(connection, person.visitor))
    names = {item.collectivity_id: item.collectivity for item in person.visitor.memberships}
    values = {"person": person, "rows": rows, "names": names}
    theme = await theme_for(services, person.visitor)
    return render(spoken, "files.html", values, theme=theme)


@router.get("/{collectivity_id}/{kind}/{period}/{version}")
async def file(
    *,
    collectivity_id: Number,
    kind: DeliverableKind,
    period: Annotated[int, Path(ge=0, le=_LARGEST_PERIOD)],
    version: Number,
    services: ServicesOf,
    person: SignedIn,
    form: Literal["csv", "xlsx"] = "csv",
) -> Response:
    """The bytes of a version, to somebody whose page lists it."""
    key = Key(collectivity_id=collectivity_id, kind=kind, period=period)

    def look(connection: Connection) -> bytes | None:
        if not any(item.key == key for item in _seen(connection, person.visitor)):
            return None
        return deliverables.content_of(connection, key, version, form)

    data = await services.read(look)
    if data is None:
        raise not_found("file")
    return file_answer(data, key, version, form)


def _seen(connection: Connection, visitor: TownVisitor) -> list[Made]:
    """Files of a collectivity tell of all its sites: who sees only some gets none."""
    wanted: set[tuple[int, DeliverableKind]] = set()
    for membership in visitor.memberships:
        if not _sees_all(connection, membership):
            continue
        for standing in deliverables.plans(connection, membership.collectivity_id):
            if membership.role in standing.plan.roles:
                wanted.add((membership.collectivity_id, standing.plan.kind))
    made = deliverables.made_for(connection, {item[0] for item in wanted})
    return [item for item in made if (item.key.collectivity_id, item.key.kind) in wanted]


def _sees_all(connection: Connection, membership: Membership) -> bool:
    row = find_collectivity(connection, membership.collectivity_id)
    return row is not None and membership.site_ids >= {item.site_id for item in row.sites}

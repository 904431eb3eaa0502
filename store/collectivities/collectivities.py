"""Collectivities and their sites; a site is one collectivity's at a time."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Select, delete, insert, select, update

from domain.refusal import Refused
from domain.towns.collectivities import Collectivity, Place
from store.collectivities.collectivity_tables import collectivity, collectivity_site
from store.rows import AnyRow
from store.tables.fleet import site
from store.transaction import Transaction

_UNKNOWN = Refused(code="collectivity.unknown", sentence="There is no such collectivity.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedSite:
    """A site of a collectivity."""

    site_id: int
    name: str
    place: Place | None
    given_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectivityRow:
    """A collectivity as stored, with its sites by name."""

    collectivity_id: int
    description: Collectivity
    has_logo: bool
    created_at_s: float
    sites: tuple[OwnedSite, ...]


def add_collectivity(tx: Transaction, description: Collectivity, actor: str) -> int | Refused:
    """Make a collectivity; its name and its SIRET are nobody else's."""
    refused = _taken(tx, description, None)
    if refused is not None:
        return refused
    values = {**asdict(description), "created_at_s": tx.now_s}
    statement = insert(collectivity).values(values).returning(collectivity.c.id)
    new_id = int(tx.connection.execute(statement).scalar_one())
    _audited(tx, "add", new_id, actor, description.name)
    return new_id


def change_collectivity(
    tx: Transaction, collectivity_id: int, description: Collectivity, actor: str
) -> Refused | None:
    """Describe a collectivity anew."""
    if not _exists(tx, collectivity_id):
        return _UNKNOWN
    refused = _taken(tx, description, collectivity_id)
    if refused is not None:
        return refused
    _update(tx, collectivity_id, asdict(description))
    _audited(tx, "change", collectivity_id, actor, description.name)
    return None


def set_logo(
    tx: Transaction, collectivity_id: int, png: bytes | None, actor: str
) -> Refused | None:
    """Keep its logo, already checked; None = it has none."""
    if not _exists(tx, collectivity_id):
        return _UNKNOWN
    _update(tx, collectivity_id, {"logo_png": png})
    _audited(tx, "logo", collectivity_id, actor, None if png is None else f"{len(png)} bytes")
    return None


def give_site(
    tx: Transaction, collectivity_id: int, site_id: int, place: Place | None, actor: str
) -> Refused | None:
    """Let this collectivity see and buy the heat of a site, which stands at this place."""
    if not _exists(tx, collectivity_id):
        return _UNKNOWN
    known = tx.connection.execute(select(site.c.id).where(site.c.id == site_id)).scalar()
    if known is None:
        return Refused(code="site.unknown", sentence=f"There is no site {site_id}.")
    owner = tx.connection.execute(
        select(collectivity.c.id, collectivity.c.name)
        .join(collectivity_site, collectivity_site.c.collectivity_id == collectivity.c.id)
        .where(collectivity_site.c.site_id == site_id)
    ).one_or_none()
    if owner is not None and owner.id != collectivity_id:
        return Refused(
            code="site.given",
            sentence=f"The site {site_id} is {owner.name}'s; take it back first with: "
            "chaufferie collectivities take-site",
        )
    where = {} if place is None else asdict(place)
    if owner is None:
        values = {"site_id": site_id, "collectivity_id": collectivity_id, "given_at_s": tx.now_s}
        tx.connection.execute(insert(collectivity_site), {**values, **where})
        _audited(tx, "give_site", collectivity_id, actor, f"site/{site_id}")
    elif where:
        tx.connection.execute(
            update(collectivity_site).where(collectivity_site.c.site_id == site_id).values(where)
        )
        _audited(tx, "place_site", collectivity_id, actor, f"site/{site_id}")
    return None


def take_site(tx: Transaction, collectivity_id: int, site_id: int, actor: str) -> bool:
    """From now on the site is nobody's; False where it was not this collectivity's."""
    removed = tx.connection.execute(
        delete(collectivity_site).where(
            collectivity_site.c.site_id == site_id,
            collectivity_site.c.collectivity_id == collectivity_id,
        )
    ).rowcount
    if removed:
        _audited(tx, "take_site", collectivity_id, actor, f"site/{site_id}")
    return bool(removed)


def collectivities(connection: Connection) -> list[CollectivityRow]:
    """Every collectivity, by name."""
    statement = _described().order_by(collectivity.c.name)
    return [_row(connection, row) for row in connection.execute(statement).all()]


def find_collectivity(connection: Connection, collectivity_id: int) -> CollectivityRow | None:
    """One of them; None where there is none."""
    statement = _described().where(collectivity.c.id == collectivity_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _row(connection, row)


def owner_of_site(connection: Connection, site_id: int) -> int | None:
    """The collectivity whose site this is; None where it is nobody's."""
    statement = select(collectivity_site.c.collectivity_id).where(
        collectivity_site.c.site_id == site_id
    )
    found = connection.execute(statement).scalar()
    return None if found is None else int(found)


def logo_of(connection: Connection, collectivity_id: int) -> bytes | None:
    """Its logo as PNG; None where it has none."""
    statement = select(collectivity.c.logo_png).where(collectivity.c.id == collectivity_id)
    found = connection.execute(statement).scalar()
    return None if found is None else bytes(found)


def _described() -> Select[tuple[object, ...]]:
    """Everything but the bytes of the logo."""
    columns = [column for column in collectivity.c if column.name != "logo_png"]
    return select(*columns, collectivity.c.logo_png.is_not(None).label("has_logo"))


def _row(connection: Connection, row: AnyRow) -> CollectivityRow:
    statement = (
        select(collectivity_site, site.c.name)
        .join(site, site.c.id == collectivity_site.c.site_id)
        .where(collectivity_site.c.collectivity_id == row.id)
        .order_by(site.c.name)
    )
    return CollectivityRow(
        collectivity_id=row.id,
        description=Collectivity(
            name=row.name, siret=row.siret, colour=row.colour, contact=row.contact
        ),
        has_logo=row.has_logo,
        created_at_s=row.created_at_s,
        sites=tuple(_owned(item) for item in connection.execute(statement)),
    )


def _owned(row: AnyRow) -> OwnedSite:
    place = None
    if row.latitude_deg is not None:
        place = Place(latitude_deg=row.latitude_deg, longitude_deg=row.longitude_deg)
    return OwnedSite(site_id=row.site_id, name=row.name, place=place, given_at_s=row.given_at_s)


def _exists(tx: Transaction, collectivity_id: int) -> bool:
    statement = select(collectivity.c.id).where(collectivity.c.id == collectivity_id)
    return tx.connection.execute(statement).scalar() is not None


def _update(tx: Transaction, collectivity_id: int, values: dict[str, object]) -> None:
    tx.connection.execute(
        update(collectivity).where(collectivity.c.id == collectivity_id).values(values)
    )


def _taken(tx: Transaction, description: Collectivity, but: int | None) -> Refused | None:
    """A refusal where another than ``but`` has this name or this SIRET."""
    rows = tx.connection.execute(
        select(collectivity.c.id, collectivity.c.name, collectivity.c.siret).where(
            (collectivity.c.name == description.name) | (collectivity.c.siret == description.siret)
        )
    ).all()
    for row in rows:
        if row.id != but:
            what = "name" if row.name == description.name else "SIRET"
            return Refused(
                code="collectivity.exists",
                sentence=f"Another collectivity has this {what}: {row.name}, {row.siret}.",
            )
    return None


def _audited(
    tx: Transaction, action: str, collectivity_id: int, actor: str, detail: str | None
) -> None:
    tx.audited(
        actor=actor,
        action=f"collectivity.{action}",
        subject=f"collectivity/{collectivity_id}",
        detail=detail,
    )

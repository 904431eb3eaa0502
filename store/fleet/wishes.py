"""Wishes of collectivities for their sites: kept with who made them, and heeded by each reading."""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from domain.calendar.paris_days import local, midnight
from domain.events import ReadingTaken
from domain.fleet.node import SiteSpec
from domain.refusal import Refused
from domain.towns.wishes import (
    CalendarEntry,
    CalendarKind,
    Wishes,
    check_entry,
    check_warmest,
    heeding,
)
from store.fleet.wish_tables import site_calendar, site_wish
from store.tables.fleet import node, site
from store.transaction import Transaction

_UNKNOWN = Refused(code="site.unknown", sentence="There is no such site.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry of a site's calendar, with who made it."""

    entry_id: int
    entry: CalendarEntry
    made_by: str


def heard(tx: Transaction, fact: ReadingTaken) -> ReadingTaken:
    """A reading as the engine is to hear it, by what is wished of its site now."""
    wished_kind = (
        select(site_calendar.c.kind)
        .where(
            site_calendar.c.site_id == site.c.id,
            site_calendar.c.from_s <= tx.now_s,
            site_calendar.c.to_s > tx.now_s,
            site_calendar.c.removed_at_s.is_(None),
        )
        .order_by(site_calendar.c.kind.desc())  # works before closure
        .limit(1)
        .scalar_subquery()
    )
    row = tx.connection.execute(
        select(site.c.spec, site_wish.c.warmest_c, wished_kind.label("kind"))
        .select_from(
            node.join(site, node.c.site_id == site.c.id).outerjoin(
                site_wish, site_wish.c.site_id == site.c.id
            )
        )
        .where(node.c.id == fact.node_id)
    ).one_or_none()
    if row is None or (row.warmest_c is None and row.kind is None):
        return fact
    wishes = Wishes(
        warmest_c=row.warmest_c, kind=None if row.kind is None else CalendarKind(row.kind)
    )
    return heeding(fact, wishes, SiteSpec(**json.loads(row.spec)))


def wish_warmest(
    tx: Transaction, site_id: int, warmest_c: float | None, actor: str
) -> Refused | None:
    """Wish that water is not heated above this; None = as warm as the site allows."""
    spec = site_spec(tx.connection, site_id)
    if spec is None:
        return _UNKNOWN
    refused = None if warmest_c is None else check_warmest(spec, warmest_c)
    if refused is not None:
        return refused
    tx.connection.execute(delete(site_wish).where(site_wish.c.site_id == site_id))
    if warmest_c is not None:
        values = {"site_id": site_id, "warmest_c": warmest_c, "changed_at_s": tx.now_s}
        tx.connection.execute(insert(site_wish), {**values, "changed_by": actor})
    detail = "none" if warmest_c is None else f"{warmest_c:g} degC"
    tx.audited(actor=actor, action="site.set_point", subject=f"site/{site_id}", detail=detail)
    return None


def add_entry(tx: Transaction, site_id: int, entry: CalendarEntry, actor: str) -> int | Refused:
    """Note days on which a site is closed or worked on."""
    if site_spec(tx.connection, site_id) is None:
        return _UNKNOWN
    refused = check_entry(entry, local(tx.now_s).date())
    if refused is not None:
        return refused
    statement = (
        insert(site_calendar)
        .values(
            site_id=site_id,
            kind=entry.kind.value,
            first_day=entry.first_day.isoformat(),
            last_day=entry.last_day.isoformat(),
            from_s=midnight(entry.first_day),
            to_s=midnight(entry.last_day + timedelta(days=1)),
            note=entry.note,
            made_at_s=tx.now_s,
            made_by=actor,
        )
        .returning(site_calendar.c.id)
    )
    entry_id = int(tx.connection.execute(statement).scalar_one())
    detail = f"{entry.kind.value} {entry.first_day} to {entry.last_day}"
    tx.audited(actor=actor, action="site.calendar", subject=f"site/{site_id}", detail=detail)
    return entry_id


def remove_entry(tx: Transaction, site_id: int, entry_id: int, actor: str) -> bool:
    """Take an entry back; False where the site has none of this number."""
    changed = tx.connection.execute(
        update(site_calendar)
        .where(
            site_calendar.c.id == entry_id,
            site_calendar.c.site_id == site_id,
            site_calendar.c.removed_at_s.is_(None),
        )
        .values(removed_at_s=tx.now_s)
    ).rowcount
    if changed:
        tx.audited(
            actor=actor,
            action="site.calendar_back",
            subject=f"site/{site_id}",
            detail=f"entry {entry_id}",
        )
    return bool(changed)


def warmest_wished(connection: Connection, site_id: int) -> float | None:
    """How warm the water of a site is wished to be at the most; None = no wish."""
    statement = select(site_wish.c.warmest_c).where(site_wish.c.site_id == site_id)
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def calendar(connection: Connection, site_id: int, now_s: float) -> list[StoredEntry]:
    """What is not over yet of a site's calendar, in its order."""
    statement = (
        select(site_calendar)
        .where(
            site_calendar.c.site_id == site_id,
            site_calendar.c.to_s > now_s,
            site_calendar.c.removed_at_s.is_(None),
        )
        .order_by(site_calendar.c.from_s, site_calendar.c.id)
    )
    return [
        StoredEntry(
            entry_id=row.id,
            entry=CalendarEntry(
                kind=CalendarKind(row.kind),
                first_day=date.fromisoformat(row.first_day),
                last_day=date.fromisoformat(row.last_day),
                note=row.note,
            ),
            made_by=row.made_by,
        )
        for row in connection.execute(statement)
    ]


def is_out_of_use(connection: Connection, site_id: int, from_s: float, to_s: float) -> bool:
    """Whether a site was closed or worked on at any time between two instants."""
    statement = select(site_calendar.c.id).where(
        site_calendar.c.site_id == site_id,
        site_calendar.c.from_s < to_s,
        site_calendar.c.to_s > from_s,
        site_calendar.c.removed_at_s.is_(None),
    )
    return connection.execute(statement.limit(1)).first() is not None


def site_spec(connection: Connection, site_id: int) -> SiteSpec | None:
    """What a site allows; None where there is none."""
    found = connection.execute(select(site.c.spec).where(site.c.id == site_id)).scalar()
    return None if found is None else SiteSpec(**json.loads(found))

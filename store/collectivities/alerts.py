"""Alerts of collectivities: each stands once from its beginning to its end, with whom to tell.

A beginning and an end are noted together with everybody who is to hear of them, in one
transaction: a program that dies has noted all of it or nothing.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.towns.alerts import (
    AlertKind,
    Changes,
    Closing,
    Finding,
    OpenAlert,
    Subject,
    Unknown,
)
from store.collectivities.alert_choices import Listener, listeners
from store.collectivities.alert_tables import town_alert, town_alert_due, town_watch
from store.rounds import LARGEST_STEP_ROWS
from store.rows import AnyRow
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """An alert as it stands."""

    alert_id: int
    subject: Subject
    since_s: float
    facts: dict[str, Any]
    ended_at_s: float | None
    closing: Closing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the last look at something showed."""

    subject: Subject
    unknown: Unknown | None  #: None = it is known.
    looked_at_s: float


def standing(connection: Connection) -> list[OpenAlert]:
    """What was told and is not over."""
    statement = select(town_alert.c.id, town_alert.c.kind, town_alert.c.subject).where(
        town_alert.c.ended_at_s.is_(None)
    )
    return [
        OpenAlert(alert_id=row.id, kind=AlertKind(row.kind), name=row.subject)
        for row in connection.execute(statement)
    ]


def note(tx: Transaction, changed: Changes) -> int:
    """Keep what began and what is over; how much of it was new."""
    told = listeners(tx.connection) if changed.begun or changed.over else []
    begun = [_begin(tx, item, told) for item in changed.begun]
    over = [_end(tx, alert_id, closing, told) for alert_id, closing in changed.over]
    return sum(begun) + sum(over)


def _begin(tx: Transaction, item: Finding, told: Sequence[Listener]) -> bool:
    """Whether nobody else noted it meanwhile."""
    dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
    values = {
        "kind": item.subject.kind.value,
        "subject": item.subject.name,
        "site_ids": json.dumps(sorted(item.subject.site_ids)),
        "since_s": item.since_s,
        "noticed_at_s": tx.now_s,
        "facts": json.dumps(dict(item.facts), sort_keys=True),
    }
    made = dialect.insert(town_alert).values(values).on_conflict_do_nothing()
    alert_id = tx.connection.execute(made.returning(town_alert.c.id)).scalar()
    if alert_id is None:
        return False
    # A statement was ready before it was noticed; who asks later has it on the page.
    is_statement = item.subject.kind is AlertKind.STATEMENT_READY
    at_s = item.since_s if is_statement else tx.now_s
    _tell(tx, alert_id, item.subject, told, at_s=at_s, is_end=False)
    return True


def _end(tx: Transaction, alert_id: int, closing: Closing, told: Sequence[Listener]) -> bool:
    """Whether nobody else noted it meanwhile."""
    row = tx.connection.execute(
        update(town_alert)
        .where(town_alert.c.id == alert_id, town_alert.c.ended_at_s.is_(None))
        .values(ended_at_s=tx.now_s, closing=closing.value)
        .returning(*town_alert.c)
    ).one_or_none()
    if row is None:
        return False
    _tell(tx, alert_id, _subject(row), told, at_s=row.noticed_at_s, is_end=True)
    return True


def _tell(
    tx: Transaction,
    alert_id: int,
    subject: Subject,
    told: Sequence[Listener],
    *,
    at_s: float,
    is_end: bool,
) -> None:
    rows = [
        {"account_id": item.visitor.account_id, "alert_id": alert_id, "is_end": int(is_end)}
        for item in told
        if item.wants(subject, at_s)
    ]
    if rows:
        tx.connection.execute(insert(town_alert_due), rows)


def keep_watch(tx: Transaction, found: Sequence[Finding]) -> None:
    """Remember what a look showed, in place of the one before."""
    tx.connection.execute(delete(town_watch))
    rows = [
        {
            "kind": item.subject.kind.value,
            "subject": item.subject.name,
            "site_ids": json.dumps(sorted(item.subject.site_ids)),
            "unknown": None if item.unknown is None else item.unknown.value,
            "looked_at_s": tx.now_s,
        }
        for item in found
    ]
    if rows:
        tx.connection.execute(insert(town_watch), rows)


def alerts_seen_by(connection: Connection, site_ids: Collection[int]) -> list[StoredAlert]:
    """What stands now about these sites and no other, oldest first, but for statements."""
    statement = (
        select(town_alert)
        .where(
            town_alert.c.ended_at_s.is_(None),
            town_alert.c.kind != AlertKind.STATEMENT_READY.value,
        )
        .order_by(town_alert.c.since_s, town_alert.c.id)
    )
    found = [_stored(row) for row in connection.execute(statement)]
    return [item for item in found if item.subject.site_ids <= set(site_ids)]


def watched_by(connection: Connection, site_ids: Collection[int]) -> list[Watched]:
    """What the last look at these sites showed."""
    found = [
        Watched(
            subject=_subject(row),
            unknown=None if row.unknown is None else Unknown(row.unknown),
            looked_at_s=row.looked_at_s,
        )
        for row in connection.execute(
            select(town_watch).order_by(town_watch.c.subject, town_watch.c.kind)
        )
    ]
    return [item for item in found if item.subject.site_ids <= set(site_ids)]


def drop_old_alerts(tx: Transaction, older_than_s: float) -> bool:
    """Forget some alerts that are over or were only news; whether there may be more."""
    is_over = town_alert.c.ended_at_s < tx.now_s - older_than_s
    is_told = (town_alert.c.kind == AlertKind.STATEMENT_READY.value) & (
        town_alert.c.noticed_at_s < tx.now_s - older_than_s
    )
    still_due = select(town_alert_due.c.alert_id)
    old = (
        select(town_alert.c.id)
        .where(is_over | is_told, town_alert.c.id.not_in(still_due))
        .limit(LARGEST_STEP_ROWS)
    )
    gone = tx.connection.execute(delete(town_alert).where(town_alert.c.id.in_(old))).rowcount
    return bool(gone == LARGEST_STEP_ROWS)


def _stored(row: AnyRow) -> StoredAlert:
    return StoredAlert(
        alert_id=row.id,
        subject=_subject(row),
        since_s=row.since_s,
        facts=json.loads(row.facts),
        ended_at_s=row.ended_at_s,
        closing=None if row.closing is None else Closing(row.closing),
    )


def _subject(row: AnyRow) -> Subject:
    return Subject(
        kind=AlertKind(row.kind), name=row.subject, site_ids=frozenset(json.loads(row.site_ids))
    )

"""What each person of a collectivity wants to be told by mail, and in which language."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from domain.languages import Language
from domain.towns.accounts import TownVisitor
from domain.towns.alerts import AlertKind, Subject
from store.collectivities.account_tables import town_membership
from store.collectivities.accounts import visitor_of
from store.collectivities.alert_tables import (
    town_alert,
    town_alert_due,
    town_alert_wish,
    town_mailbox,
)
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody chose."""

    kinds: frozenset[AlertKind]
    language: Language | None  #: None = nothing was ever chosen.


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Somebody who wants to be told of some things."""

    visitor: TownVisitor
    since_s: dict[AlertKind, float]  #: Since when they want to hear of each kind.

    def wants(self, subject: Subject, at_s: float) -> bool:
        """Whether they are told of this, which happened then."""
        since_s = self.since_s.get(subject.kind)
        return since_s is not None and since_s <= at_s and subject.site_ids <= self.visitor.site_ids


def choose(
    tx: Transaction, account_id: int, kinds: Collection[AlertKind], language: Language
) -> None:
    """Tell this person of these kinds from now on, and of no other."""
    own = town_alert_wish.c.account_id == account_id
    before = set(tx.connection.execute(select(town_alert_wish.c.kind).where(own)).scalars())
    wanted = {kind.value for kind in kinds}
    if before - wanted:
        gone = town_alert_wish.c.kind.in_(before - wanted)
        tx.connection.execute(delete(town_alert_wish).where(own, gone))
        about = select(town_alert.c.id).where(town_alert.c.kind.in_(before - wanted))
        tx.connection.execute(
            delete(town_alert_due).where(
                town_alert_due.c.account_id == account_id, town_alert_due.c.alert_id.in_(about)
            )
        )
    rows = [
        {"account_id": account_id, "kind": kind, "since_s": tx.now_s}
        for kind in sorted(wanted - before)
    ]
    if rows:
        tx.connection.execute(insert(town_alert_wish), rows)
    box = town_mailbox.c.account_id == account_id
    values = {"language": language.value}
    if not tx.connection.execute(update(town_mailbox).where(box).values(values)).rowcount:
        tx.connection.execute(insert(town_mailbox), {"account_id": account_id, **values})
    subject = f"account/{account_id}"
    detail = ", ".join(sorted(wanted)) or "none"
    tx.audited(actor=subject, action="account.alerts", subject=subject, detail=detail)


def choice_of(connection: Connection, account_id: int) -> Choice:
    """What somebody chose."""
    kinds = connection.execute(
        select(town_alert_wish.c.kind).where(town_alert_wish.c.account_id == account_id)
    ).scalars()
    language = connection.execute(
        select(town_mailbox.c.language).where(town_mailbox.c.account_id == account_id)
    ).scalar()
    return Choice(
        kinds=frozenset(map(AlertKind, kinds)),
        language=None if language is None else Language(language),
    )


def listeners(connection: Connection) -> list[Listener]:
    """Everybody who wants to be told of anything, with what they may see now."""
    wanted: dict[int, dict[AlertKind, float]] = {}
    for row in connection.execute(select(town_alert_wish)):
        wanted.setdefault(row.account_id, {})[AlertKind(row.kind)] = row.since_s
    people = ((visitor_of(connection, account), since) for account, since in wanted.items())
    return [Listener(visitor=item, since_s=since) for item, since in people if item is not None]


def heard_collectivities(connection: Connection) -> frozenset[int]:
    """The collectivities in which somebody wants to be told of anything."""
    statement = select(town_membership.c.collectivity_id).where(
        town_membership.c.account_id.in_(select(town_alert_wish.c.account_id))
    )
    return frozenset(connection.execute(statement).scalars())

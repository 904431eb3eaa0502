"""What a collectivity's people chose to be told, and which files it has made for it."""

from typing import Any

from sqlalchemy import Select, insert, select

from domain.languages import Language
from domain.towns.alerts import AlertKind
from domain.towns.deliverables import DeliverableKind
from store.collectivities.account_tables import town_account, town_membership
from store.collectivities.alert_tables import town_alert_wish, town_mailbox
from store.deliverables.deliverable_tables import deliverable_plan
from store.packages.numbers import Numbers
from store.packages.resource import (
    Arrival,
    Resource,
    Row,
    choice,
    inserted,
    integer,
    json_array,
    selected,
    text,
)
from store.packages.scope import Scope

_EMAIL = text("email", "Of the person, as among its people")


def _of_people(scope: Scope, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of a table
    table = columns[0].table
    own = town_membership.c.collectivity_id == scope.collectivity_id
    return (
        select(town_account.c.email, *columns)
        .select_from(
            table.join(town_account, town_account.c.id == table.c.account_id).join(
                town_membership, town_membership.c.account_id == town_account.c.id
            )
        )
        .where(own)
        .order_by(town_account.c.email, *columns)
    )


def _wishes(scope: Scope) -> Select[Any]:
    return _of_people(scope, town_alert_wish.c.kind)


def _mailboxes(scope: Scope) -> Select[Any]:
    return _of_people(scope, town_mailbox.c.language)


def _add_wishes(arrival: Arrival, rows: list[Row]) -> None:
    """Of what is from now on: of what came along nobody is told a second time.

    Who chose here before keeps that choice.
    """
    connection = arrival.tx.connection
    for row in rows:
        account_id = arrival.numbers.accounts[row["email"]]
        key = {"account_id": account_id, "kind": row["kind"]}
        here = select(town_alert_wish.c.since_s).filter_by(**key)
        if connection.execute(here).scalar() is None:
            connection.execute(insert(town_alert_wish), {**key, "since_s": arrival.tx.now_s})


def _add_mailboxes(arrival: Arrival, rows: list[Row]) -> None:
    connection = arrival.tx.connection
    for row in rows:
        key = {"account_id": arrival.numbers.accounts[row["email"]]}
        here = select(town_mailbox.c.language).filter_by(**key)
        if connection.execute(here).scalar() is None:
            connection.execute(insert(town_mailbox), {**key, "language": row["language"]})


def _plans(scope: Scope) -> Select[Any]:
    columns = [column for column in deliverable_plan.c if column.name != "collectivity_id"]
    own = deliverable_plan.c.collectivity_id == scope.collectivity_id
    return select(*columns).where(own).order_by(deliverable_plan.c.kind)


def _plan_arrives(row: Row, numbers: Numbers) -> Row:
    return {**row, "collectivity_id": numbers.collectivity_id}


CHOICES = (
    Resource(
        name="alert_choices",
        description="What each of its people wants to be told by mail",
        fields=(_EMAIL, choice("kind", "Of what", AlertKind)),
        read=selected(_wishes),
        add=_add_wishes,
        is_required=False,
    ),
    Resource(
        name="mailboxes",
        description="In which language each of its people is told",
        fields=(_EMAIL, choice("language", "Of the mails", Language)),
        read=selected(_mailboxes),
        add=_add_mailboxes,
        is_required=False,
    ),
    Resource(
        name="file_plans",
        description="Files that make themselves: which, when, and for whom",
        fields=(
            choice("kind", "What they hold", DeliverableKind),
            integer("day", "Of the month after; of a year, in January"),
            choice("language", "Of their words", Language),
            json_array("roles", "Whom the page shows them to"),
            integer("since_month", "The first that is made, 202601 for January 2026"),
        ),
        read=selected(_plans),
        add=inserted(deliverable_plan, _plan_arrives),
        is_required=False,
    ),
)

"""What a collectivity is and wishes: itself, its sites, their boilers, its people, its calendar."""

import json
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from domain import wire
from domain.fleet.node import NodeSpec
from domain.towns.accounts import TownRole
from domain.towns.publication import PublishedFigures
from domain.towns.wishes import CalendarKind
from store.collectivities.account_tables import town_account, town_membership
from store.collectivities.collectivity_tables import collectivity, collectivity_site
from store.collectivities.public_tables import boiler_sticker, no_heat_report, site_publication
from store.fleet.wish_tables import site_calendar, site_wish
from store.packages.numbers import Numbers
from store.packages.resource import (
    Arrival,
    Resource,
    Row,
    choice,
    inserted,
    integer,
    json_array,
    json_object,
    number,
    selected,
    text,
)
from store.packages.scope import Scope
from store.tables.fleet import node, reading, site

LOGO = "logo.png"
_SITE = integer("site_id", "Number of the site; documents that were issued name it")
_NODE = integer("node_id", "Number of the boiler; sealed months name it")


def _itself(scope: Scope) -> Select[Any]:
    columns = (collectivity.c.name, collectivity.c.siret, collectivity.c.colour)
    return select(*columns, collectivity.c.contact, collectivity.c.created_at_s).where(
        collectivity.c.id == scope.collectivity_id
    )


def _add_itself(arrival: Arrival, rows: list[Row]) -> None:
    if len(rows) > 1 or arrival.numbers.collectivity_id:
        raise ValueError("it holds more than one collectivity")
    (row,) = rows
    made = insert(collectivity).values(row).returning(collectivity.c.id)
    arrival.numbers.collectivity_id = int(arrival.tx.connection.execute(made).scalar_one())


def _sites(scope: Scope) -> Select[Any]:
    columns = (site.c.id.label("site_id"), site.c.name, site.c.spec, site.c.created_at_s)
    return select(*columns).where(site.c.id.in_(scope.named_site_ids)).order_by(site.c.id)


def _site_arrives(row: Row, _: Numbers) -> Row:
    return {"id": row.pop("site_id"), **row}


def _owned(scope: Scope) -> Select[Any]:
    columns = (
        collectivity_site.c.site_id,
        collectivity_site.c.latitude_deg,
        collectivity_site.c.longitude_deg,
        collectivity_site.c.given_at_s,
    )
    own = collectivity_site.c.collectivity_id == scope.collectivity_id
    return select(*columns).where(own).order_by(collectivity_site.c.site_id)


def _owned_arrives(row: Row, numbers: Numbers) -> Row:
    return {**row, "collectivity_id": numbers.collectivity_id}


def _nodes(scope: Scope) -> Select[Any]:
    columns = (node.c.id.label("node_id"), node.c.name, node.c.site_id)
    return (
        select(*columns, node.c.spec, node.c.created_at_s)
        .where(node.c.id.in_(scope.node_ids))
        .order_by(node.c.id)
    )


def _node_arrives(row: Row, _: Numbers) -> Row:
    return {"id": row.pop("node_id"), **row, "state": "down"}


def _other_nodes(scope: Scope) -> Select[Any]:
    others = node.c.id.in_(scope.named_node_ids) & node.c.id.not_in(scope.node_ids)
    columns = (node.c.id.label("node_id"), node.c.name, node.c.created_at_s)
    return select(*columns).where(others).order_by(node.c.id)


def _add_other_nodes(arrival: Arrival, rows: list[Row]) -> None:
    """They are known by name only, at a site of the collectivity, and without any power."""
    connection = arrival.tx.connection
    own = select(func.min(collectivity_site.c.site_id)).where(
        collectivity_site.c.collectivity_id == arrival.numbers.collectivity_id
    )
    site_id = connection.execute(own).scalar()
    spec = wire.dumps(NodeSpec(cores=1, mem_mib=1, idle_power_w=0.0, max_power_w=0.0))
    for row in rows:
        known = select(node.c.id).where(node.c.id == row["node_id"], node.c.name == row["name"])
        if connection.execute(known).scalar() is None:
            values = _node_arrives({**row, "site_id": site_id, "spec": spec}, arrival.numbers)
            connection.execute(insert(node), values)


def _readings(scope: Scope) -> Select[Any]:
    return (
        select(reading)
        .where(reading.c.node_id.in_(scope.node_ids))
        .order_by(reading.c.node_id, reading.c.seq)
    )


def _stickers(scope: Scope) -> Select[Any]:
    return (
        select(boiler_sticker)
        .where(boiler_sticker.c.node_id.in_(scope.node_ids))
        .order_by(boiler_sticker.c.code)
    )


def _publications(scope: Scope) -> Select[Any]:
    return (
        select(site_publication)
        .where(site_publication.c.site_id.in_(scope.site_ids))
        .order_by(site_publication.c.site_id)
    )


def _reports(scope: Scope) -> Select[Any]:
    columns = [column for column in no_heat_report.c if column.name != "id"]
    return (
        select(*columns)
        .join(boiler_sticker, boiler_sticker.c.code == no_heat_report.c.code)
        .where(
            no_heat_report.c.site_id.in_(scope.site_ids),
            boiler_sticker.c.node_id.in_(scope.node_ids),
        )
        .order_by(no_heat_report.c.reported_at_s, no_heat_report.c.code, no_heat_report.c.id)
    )


def _wishes(scope: Scope) -> Select[Any]:
    own = site_wish.c.site_id.in_(scope.site_ids)
    return select(site_wish).where(own).order_by(site_wish.c.site_id)


def _calendar(scope: Scope) -> Select[Any]:
    columns = [column for column in site_calendar.c if column.name != "id"]
    return (
        select(*columns)
        .where(site_calendar.c.site_id.in_(scope.site_ids))
        .order_by(site_calendar.c.site_id, site_calendar.c.made_at_s, site_calendar.c.id)
    )


def _by(name: str, *, leaves: bool) -> Any:  # noqa: ANN401 - a transformation of rows
    """Puts in a column who did it, as this or as another installation knows the person."""

    def moved(row: Row, numbers: Numbers) -> Row:
        turn = numbers.actor_leaving if leaves else numbers.actor_arriving
        return {**row, name: turn(row[name])}

    return moved


def _people(scope: Scope) -> Select[Any]:
    return (
        select(
            town_account.c.email,
            town_account.c.name,
            town_membership.c.role,
            town_membership.c.site_ids,
            town_account.c.created_at_s,
        )
        .join(town_membership, town_membership.c.account_id == town_account.c.id)
        .where(town_membership.c.collectivity_id == scope.collectivity_id)
        .order_by(town_account.c.email)
    )


def _add_people(arrival: Arrival, rows: list[Row]) -> None:
    """Who has an account here already keeps it; the others have to be invited."""
    connection = arrival.tx.connection
    for row in rows:
        found = select(town_account.c.id).where(town_account.c.email == row["email"])
        account_id = connection.execute(found).scalar()
        if account_id is None:
            values = {name: row[name] for name in ("email", "name", "created_at_s")}
            made = insert(town_account).values(values).returning(town_account.c.id)
            account_id = connection.execute(made).scalar_one()
        opened = update(town_account).where(town_account.c.id == account_id)
        # Who came along today is not somebody whom nobody has seen for years.
        connection.execute(opened.values(closed_at_s=None, last_seen_at_s=arrival.tx.now_s))
        wanted = None if row["site_ids"] is None else json.loads(row["site_ids"])
        membership = {
            "account_id": account_id,
            "collectivity_id": arrival.numbers.collectivity_id,
            "role": row["role"],
            "site_ids": None if wanted is None else json.dumps(sorted(map(int, wanted))),
        }
        connection.execute(insert(town_membership), membership)


SITES_AND_NODES = (
    Resource(
        name="collectivity",
        description="The collectivity itself: one row",
        fields=(
            text("name", "As people read it"),
            text("siret", "14 digits"),
            text("colour", "Of its pages, #rrggbb", required=False),
            text("contact", "Whom citizens may ask", required=False),
            number("created_at_s", "When it was described, Unix time [s]"),
        ),
        read=selected(_itself),
        add=_add_itself,
        unique=(
            ("name", collectivity.c.name, "collectivity"),
            ("siret", collectivity.c.siret, "SIRET"),
        ),
    ),
    Resource(
        name="sites",
        description="Places with a heat demand; also former ones of which a contract speaks",
        fields=(
            _SITE,
            text("name", "As people read it"),
            json_object("spec", "What its water holds and may be heated to"),
            number("created_at_s", "When it was described, Unix time [s]"),
        ),
        read=selected(_sites),
        add=inserted(site, _site_arrives),
        unique=(("site_id", site.c.id, "site"), ("name", site.c.name, "site")),
    ),
    Resource(
        name="owned_sites",
        description="Which of the sites are the collectivity's, and where they stand",
        fields=(
            _SITE,
            number("latitude_deg", "Of the building, north positive", required=False),
            number("longitude_deg", "Of the building, east positive", required=False),
            number("given_at_s", "Since when, Unix time [s]"),
        ),
        read=selected(_owned),
        add=inserted(collectivity_site, _owned_arrives),
    ),
    Resource(
        name="nodes",
        description="Server-boilers at the collectivity's sites",
        fields=(
            _NODE,
            text("name", "As its operator calls it"),
            integer("site_id", "Where it stands"),
            json_object("spec", "Its inventory and power"),
            number("created_at_s", "When it joined, Unix time [s]"),
        ),
        read=selected(_nodes),
        add=inserted(node, _node_arrives),
        unique=(("node_id", node.c.id, "node"), ("name", node.c.name, "node")),
    ),
    Resource(
        name="other_nodes",
        description="Boilers of others that once told of a meter here; their rows are sealed too",
        fields=(
            _NODE,
            text("name", "As its operator calls it"),
            number("created_at_s", "When it joined, Unix time [s]"),
        ),
        read=selected(_other_nodes),
        add=_add_other_nodes,
    ),
    Resource(
        name="people",
        description="Who may open its pages, and as what; without any password",
        fields=(
            text("email", "In small letters"),
            text("name", "Of the person"),
            choice("role", "What the person is to the collectivity", TownRole),
            json_array("site_ids", "Which sites they see; empty = all", required=False),
            number("created_at_s", "When they were invited first, Unix time [s]"),
        ),
        read=selected(_people),
        add=_add_people,
    ),
)

WISHES_AND_PUBLIC = (
    Resource(
        name="readings",
        description="Temperatures, powers and registers as each boiler told them, once thinned",
        fields=(
            _NODE,
            integer("seq", "Counts the readings of the boiler"),
            number("taken_at_s", "When it was taken, Unix time [s]"),
            number("received_at_s", "When it came in, Unix time [s]"),
            json_object("payload", "The reading; names end in their unit"),
        ),
        read=selected(_readings),
        add=inserted(reading),
    ),
    Resource(
        name="stickers",
        description="Codes on the boilers, behind which their public page is",
        fields=(
            text("code", "Twelve letters"),
            _NODE,
            number("made_at_s", "Since when, Unix time [s]"),
            number("removed_at_s", "When the boiler was taken away", required=False),
        ),
        read=selected(_stickers),
        add=inserted(boiler_sticker),
        unique=(("code", boiler_sticker.c.code, "sticker"),),
    ),
    Resource(
        name="publications",
        description="What everybody may see of a site",
        fields=(
            _SITE,
            choice("figures", "How finely heat is shown", PublishedFigures),
            text("purpose", "What the heat is for", required=False),
            number("changed_at_s", "Since when, Unix time [s]"),
        ),
        read=selected(_publications),
        add=inserted(site_publication),
    ),
    Resource(
        name="reports",
        description="What people reported behind a code; nothing of who they were",
        fields=(
            _SITE,
            text("code", "Of the sticker"),
            number("reported_at_s", "When, Unix time [s]"),
            text("message", "In their words"),
            number("closed_at_s", "When it was answered, Unix time [s]", required=False),
            text("answer", "What came of it", required=False),
        ),
        read=selected(_reports),
        add=inserted(no_heat_report),
    ),
    Resource(
        name="set_points",
        description="How warm the collectivity wishes the water at the most",
        fields=(
            _SITE,
            number("warmest_c", "Not heated above this [degC]"),
            number("changed_at_s", "Since when, Unix time [s]"),
            text("changed_by", "By whom"),
        ),
        read=selected(_wishes, _by("changed_by", leaves=True)),
        add=inserted(site_wish, _by("changed_by", leaves=False)),
    ),
    Resource(
        name="calendar",
        description="Days on which a site is closed or worked on, also those taken back",
        fields=(
            _SITE,
            choice("kind", "Closure or works", CalendarKind),
            text("first_day", "ISO 8601, of the clock in Paris"),
            text("last_day", "ISO 8601, itself included"),
            number("from_s", "Its beginning, Unix time [s]"),
            number("to_s", "Its end, Unix time [s]"),
            text("note", "Why"),
            number("made_at_s", "When it was entered, Unix time [s]"),
            text("made_by", "By whom"),
            number("removed_at_s", "When it was taken back, Unix time [s]", required=False),
        ),
        read=selected(_calendar, _by("made_by", leaves=True)),
        add=inserted(site_calendar, _by("made_by", leaves=False)),
    ),
)

"""The register ledger of a collectivity: meters, what was told, declared, decided and sealed."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, insert, select

from domain.calendar.months import month_of
from domain.registers.declaration import Act
from domain.registers.register import MeterKind
from store.ledger.ledger_tables import (
    meter,
    meter_declaration,
    register_closing,
    register_decision,
    register_ledger,
    register_line,
    register_pruning,
    register_segment,
)
from store.ledger.share_tables import heat_interval, heat_share, heat_share_month
from store.packages.numbers import Numbers
from store.packages.resource import (
    Arrival,
    Resource,
    Row,
    boolean,
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

_METER = integer("meter_id", "Number of the meter; declarations that are sealed name it")
_MONTH = integer("month", "202601 for January 2026 in Paris")


def _meters(scope: Scope) -> Select[Any]:
    columns = [column for column in meter.c if column.name != "id"]
    own = meter.c.id.in_(scope.meter_ids)
    return select(meter.c.id.label("meter_id"), *columns).where(own).order_by(meter.c.id)


def _meter_arrives(row: Row, _: Numbers) -> Row:
    return {"id": row.pop("meter_id"), **row}


def _of_meters(table: Table, *order: str) -> Any:  # noqa: ANN401 - a reader of rows
    """Rows of a table that belong to the meters, without their own number, in this order."""

    def query_of(scope: Scope) -> Select[Any]:
        columns = [column for column in table.c if column.name != "id"]
        own = table.c.meter_id.in_(scope.meter_ids)
        return select(*columns).where(own).order_by(*(table.c[name] for name in order))

    return selected(query_of)


def _declarations(connection: Connection, scope: Scope, _: Numbers) -> Iterator[Row]:
    yield from _placed(connection, scope, meter_declaration)


def _add_declarations(arrival: Arrival, rows: list[Row]) -> None:
    _add_placed(arrival, rows, meter_declaration)


def _placed(connection: Connection, scope: Scope, table: Table) -> Iterator[Row]:
    """In the order of their making; a withdrawal names the other by its place in that order."""
    statement = select(table).where(table.c.meter_id.in_(scope.meter_ids))
    places: dict[int, list[int]] = {}
    for found in connection.execute(statement.order_by(table.c.meter_id, table.c.id)):
        row = dict(found._mapping)
        before = places.setdefault(row["meter_id"], [])
        withdrawn = row.pop("withdraws_id")
        row["withdraws"] = None if withdrawn is None else before.index(withdrawn)
        before.append(row.pop("id"))
        yield row


def _add_placed(arrival: Arrival, rows: list[Row], table: Table) -> None:
    connection = arrival.tx.connection
    for row in rows:
        place = row.pop("withdraws")
        own = select(table.c.id).where(table.c.meter_id == row["meter_id"]).order_by(table.c.id)
        numbers = [] if place is None else connection.execute(own).scalars().all()
        if place is not None and not 0 <= place < len(numbers):
            raise ValueError(f"an entry on meter {row['meter_id']} withdraws none before it")
        row["withdraws_id"] = None if place is None else numbers[place]
        connection.execute(insert(table), row)


def _decisions(connection: Connection, scope: Scope, _: Numbers) -> Iterator[Row]:
    yield from _placed(connection, scope, register_decision)


def _add_decisions(arrival: Arrival, rows: list[Row]) -> None:
    _add_placed(arrival, rows, register_decision)


def _lines(scope: Scope) -> Select[Any]:
    columns = [column for column in register_line.c if column.name != "id"]
    own = register_line.c.meter_id.in_(scope.meter_ids)
    numbered = select(register_line.c.id.label("line_id"), *columns)
    return numbered.where(own).order_by(register_line.c.id)


def _line_arrives(row: Row, _: Numbers) -> Row:
    return {"id": row.pop("line_id"), **row}


def _closings(scope: Scope) -> Select[Any]:
    own = register_closing.c.site_id.in_(scope.site_ids)
    return (
        select(register_closing)
        .where(own)
        .order_by(register_closing.c.site_id, register_closing.c.month)
    )


def _shares(connection: Connection, scope: Scope, _: Numbers) -> Iterator[Row]:
    """What was shared, by month; which jobs bore it is their tenants' own affair."""
    found: dict[tuple[Any, ...], Row] = {}
    came = heat_share_month.c.site_id.in_(scope.site_ids)
    for row in connection.execute(select(heat_share_month).where(came)):
        _add_share(found, dict(row._mapping))
    for row in connection.execute(_shares_here(scope)):
        item = dict(row._mapping)
        _add_share(found, {**item, "month": month_of(item.pop("begin_s"))})
    yield from (found[key] for key in sorted(found))


def _shares_here(scope: Scope) -> Select[Any]:
    is_used = heat_share.c.instance_id != 0
    key = (heat_share.c.site_id, heat_share.c.node_id, is_used, heat_share.c.begin_s)
    of_interval = and_(
        heat_interval.c.site_id == heat_share.c.site_id,
        heat_interval.c.begin_s == heat_share.c.begin_s,
        heat_interval.c.revision == heat_share.c.revision,
    )
    return (
        select(
            heat_share.c.site_id,
            heat_share.c.begin_s,
            heat_share.c.node_id,
            is_used.label("is_used"),
            heat_interval.c.is_simulated,
            func.sum(heat_share.c.heat_wh).label("heat_wh"),
            func.sum(heat_share.c.electricity_wh).label("electricity_wh"),
            heat_interval.c.end_s.label("until_s"),
        )
        .join(heat_interval, of_interval)
        .where(heat_share.c.site_id.in_(scope.site_ids))
        .group_by(*key, heat_interval.c.is_simulated, heat_interval.c.end_s)
    )


def _add_share(found: dict[tuple[Any, ...], Row], row: Row) -> None:
    names = ("site_id", "month", "node_id", "is_used", "is_simulated")
    key = tuple(row[name] for name in names)
    sums = found.setdefault(
        key,
        {**{name: row[name] for name in names}, "heat_wh": 0, "electricity_wh": 0, "until_s": 0.0},
    )
    sums["heat_wh"] += int(row["heat_wh"])
    sums["electricity_wh"] += int(row["electricity_wh"])
    sums["until_s"] = max(sums["until_s"], row["until_s"])


METERS = (
    Resource(
        name="meters",
        description="Heat and electricity meters, by their plate",
        fields=(
            _METER,
            text("serial", "As on its plate"),
            choice("kind", "What it counts", MeterKind),
            integer("node_id", "The boiler that told of it first"),
            boolean("is_simulated", "A plant model's; such kWh enter no statement"),
            number("installed_at_s", "When it was first told of, Unix time [s]"),
            integer("install_index_wh", "Its index then [Wh]"),
            number("max_power_w", "The most that can pass it [W]", required=False),
            integer("rolls_over_at_wh", "Size of its register [Wh]", required=False),
            integer("digit_wh", "What its last digit counts [Wh]"),
            number("tolerance_frac", "Permissible error of its class", required=False),
        ),
        read=selected(_meters),
        add=inserted(meter, _meter_arrives),
        unique=(("meter_id", meter.c.id, "meter"), ("serial", meter.c.serial, "meter")),
    ),
    Resource(
        name="declarations",
        description="What persons declared of meters, in that order",
        fields=(
            _METER,
            choice("act", "What was done, or seen", Act),
            number("at_s", "When it was so, Unix time [s]"),
            integer("index_wh", "What the display showed [Wh]", required=False),
            integer("closing_index_wh", "Of the life that ended [Wh]", required=False),
            integer("node_id", "The boiler that reads it from then on", required=False),
            integer("replaced_id", "The meter whose place it took", required=False),
            text("actor", "Who declared it, by the key of that installation"),
            text("note", "Evidence in words"),
            text("photo_sha256", "Digest of the photo", required=False),
            number("declared_at_s", "When it was declared, Unix time [s]"),
            integer("withdraws", "Which one of the meter it takes back; 0 = first", required=False),
        ),
        read=_declarations,
        add=_add_declarations,
    ),
    Resource(
        name="register_rows",
        description="Every index that a boiler or a file told of a meter and that is still kept",
        fields=(
            _METER,
            integer("node_id", "The boiler that told it; of a file, that told of its meter first"),
            integer("seq", "Counts the boiler's readings; of a file, Unix time [ms] less 10^15"),
            integer("index_wh", "The index [Wh]"),
            number("taken_at_s", "When it was taken, Unix time [s]"),
            number("received_at_s", "When it came in, Unix time [s]"),
            boolean("is_simulated", "Told as simulated"),
            integer("segment", "The month with which it is sealed"),
        ),
        read=_of_meters(register_ledger, "meter_id", "node_id", "seq", "index_wh", "taken_at_s"),
        add=inserted(register_ledger),
    ),
    Resource(
        name="decisions",
        description="What persons decided of rows in quarantine, in that order",
        fields=(
            _METER,
            integer("node_id", "Of whose rows"),
            integer("first_seq", "From this row"),
            integer("last_seq", "to this one, itself included"),
            integer("index_wh", "Only those with this index [Wh]", required=False),
            boolean("is_accepted", "Whether they count"),
            text("actor", "Who decided, by the key of that installation"),
            text("note", "Why"),
            number("decided_at_s", "When, Unix time [s]"),
            integer("withdraws", "Which one of the meter it takes back; 0 = first", required=False),
        ),
        read=_decisions,
        add=_add_decisions,
    ),
)

SEALED = (
    Resource(
        name="closed_months",
        description="Months of sites that nobody can change any more",
        fields=(
            integer("site_id", "Of which site"),
            _MONTH,
            text("digest", "SHA-256 over the segments of its meters"),
            text("actor", "Who closed it, by the key of that installation"),
            number("closed_at_s", "When, Unix time [s]"),
        ),
        read=selected(_closings),
        add=inserted(register_closing),
    ),
    Resource(
        name="segments",
        description="Sealed months of meters: each names the digest of the one before",
        fields=(
            _METER,
            _MONTH,
            integer("site_id", "Where the meter stood"),
            integer("row_count", "How many rows it was sealed with"),
            text("rows_digest", "SHA-256 over them"),
            json_object("facts", "By what it was judged, its edges and its lines"),
            text("previous", "Digest of the segment before; zeros for the first"),
            text("digest", "SHA-256 over all of this"),
            number("sealed_at_s", "When, Unix time [s]"),
        ),
        read=_of_meters(register_segment, "meter_id", "month"),
        add=inserted(register_segment),
    ),
    Resource(
        name="pruned_months",
        description="Sealed months whose rows are no longer kept; their digest stands for them",
        fields=(_METER, _MONTH, number("pruned_at_s", "Since when, Unix time [s]")),
        read=_of_meters(register_pruning, "meter_id", "month"),
        add=inserted(register_pruning),
    ),
    Resource(
        name="register_lines",
        description="What one life of a meter counted in a month: the lines of statements",
        fields=(
            integer("line_id", "Number of the line; statements name it"),
            integer("site_id", "Of which site"),
            _METER,
            integer("node_id", "The boiler that read it"),
            integer("epoch", "Which life of its register"),
            integer("month", "In whose statement it stands"),
            integer("about_month", "Whose heat it is"),
            integer("from_index_wh", "Index at its beginning [Wh]"),
            number("from_at_s", "Its instant, Unix time [s]"),
            integer("to_index_wh", "Index at its end [Wh]"),
            number("to_at_s", "Its instant, Unix time [s]"),
            integer("energy_wh", "What it counts [Wh]"),
            json_array("marks", "What a reader must know about it"),
            integer("adjusts_line_id", "The line that it corrects", required=False),
        ),
        read=selected(_lines),
        add=inserted(register_line, _line_arrives),
        unique=(("line_id", register_line.c.id, "line of the ledger"),),
    ),
    Resource(
        name="heat_shares",
        description="Heat and electricity of each boiler by month, used by jobs or by nobody",
        fields=(
            integer("site_id", "Of which site"),
            _MONTH,
            integer("node_id", "Of which boiler"),
            boolean("is_used", "By jobs; false: by nobody"),
            boolean("is_simulated", "By simulated meters"),
            integer("heat_wh", "Heat [Wh]"),
            integer("electricity_wh", "Electricity [Wh]"),
            number("until_s", "Up to when the month was shared, Unix time [s]"),
        ),
        read=_shares,
        add=inserted(heat_share_month),
    ),
)

"""The files that a town asks for: readings and lines of a month, the sheet of a year."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.calendar.months import after, begin_of
from domain.calendar.paris import write_instant
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.register import RegisterRow
from domain.towns.deliverables import DeliverableKind
from metering.books.contracting import contract_of
from metering.books.yearly import year_of
from metering.keeping.standing import standing_of
from metering.papers import table, year_sheet
from metering.papers.cells import Cell, csv_text, kwh
from metering.papers.workbook import workbook
from store.collectivities.collectivities import CollectivityRow
from store.contracts import contracts
from store.deliverables import sources
from store.ledger import decisions, meters, pruning, register_rows
from store.ledger.meters import KnownMeter
from store.rows import Connection
from store.statements import statements

READINGS_COLUMNS = ("meter", "timestamp", "index_kwh", "quality")
_HOUR_S = 3600.0
Rows = list[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file in both of its forms."""

    csv: bytes
    xlsx: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file of a collectivity, of a month or of a year."""

    kind: DeliverableKind
    period: int
    language: Language


def source(connection: Connection, town: CollectivityRow, wanted: Wanted) -> str | None:
    """From what it would be made, in short; None where it can no longer be made again."""
    site_ids = [item.site_id for item in town.sites]
    match wanted.kind:
        case DeliverableKind.READINGS:
            known = [item.facts.meter_id for item in _real_meters(connection, site_ids)]
            gone = any(wanted.period in pruning.pruned_months(connection, item) for item in known)
            return None if gone else sources.readings_source(connection, known, wanted.period)
        case DeliverableKind.LINES:
            return sources.lines_source(connection, town.collectivity_id, wanted.period)
        case DeliverableKind.YEAR:
            return sources.year_source(connection, town.collectivity_id, site_ids, wanted.period)


def content(
    connection: Connection, town: CollectivityRow, wanted: Wanted, now_s: float
) -> Content | None:
    """The file; None where there is nothing to tell."""
    columns, sheets = _table(connection, town, wanted, now_s)
    rows = [row for _, of_site in sheets for row in of_site]
    if not rows:
        return None
    text = csv_text(columns, rows, wanted.language)
    return Content(csv=text.encode("utf-8"), xlsx=workbook(columns, sheets))


def _table(
    connection: Connection, town: CollectivityRow, wanted: Wanted, now_s: float
) -> tuple[Sequence[str], list[tuple[str, Rows]]]:
    """Its head, and its rows by site."""
    if wanted.kind is DeliverableKind.READINGS:
        return READINGS_COLUMNS, _readings(connection, town, wanted.period, now_s)
    if wanted.kind is DeliverableKind.LINES:
        return table.COLUMNS, _lines(connection, town, wanted.period)
    return year_sheet.COLUMNS, _year(connection, town, wanted)


def _real_meters(connection: Connection, site_ids: Sequence[int]) -> list[KnownMeter]:
    return [
        item for item in meters.known_meters(connection, site_ids) if not item.facts.is_simulated
    ]


def _readings(
    connection: Connection, town: CollectivityRow, month: int, now_s: float
) -> list[tuple[str, Rows]]:
    return [
        (
            owned.name,
            [
                row
                for known in _real_meters(connection, [owned.site_id])
                for row in _hourly(connection, known, month, now_s)
            ],
        )
        for owned in town.sites
    ]


def _hourly(
    connection: Connection, known: KnownMeter, month: int, now_s: float
) -> Iterator[tuple[Cell, ...]]:
    """The first index that was told in each hour, as it was told; what is in doubt says so.

    What came in a file stands for the hours in which no node told anything.
    """
    meter_id = known.facts.meter_id
    begin_s, end_s = begin_of(month), begin_of(after(month))
    doubtful = standing_of(connection, known, now_s).cases
    decided = decisions.in_force(decisions.decisions(connection, meter_id))
    seen: set[tuple[int, float]] = set()
    rows = list(register_rows.rows_between(connection, meter_id, None, begin_s, end_s))
    told = {row.taken_at_s // _HOUR_S for row in rows}
    of_files = register_rows.rows_of_files(connection, (meter_id, known.node_id), begin_s, end_s)
    rows += [row for row in of_files if row.taken_at_s // _HOUR_S not in told]
    for row in sorted(rows, key=lambda item: (item.taken_at_s, item.node_id, item.seq)):
        hour = (row.node_id, row.taken_at_s // _HOUR_S)
        if hour in seen:
            continue
        seen.add(hour)
        is_rejected = any(item.is_about(row) and not item.is_accepted for item in decided)
        is_doubtful = any(_is_in(row, item.first, item.last) for item in doubtful)
        quality = "rejected" if is_rejected else "questionable" if is_doubtful else "valid"
        yield known.facts.serial, write_instant(row.taken_at_s), kwh(row.index_wh), quality


def _is_in(row: RegisterRow, first: RegisterRow, last: RegisterRow) -> bool:
    return row.node_id == first.node_id and first.seq <= row.seq <= last.seq


def _lines(connection: Connection, town: CollectivityRow, month: int) -> list[tuple[str, Rows]]:
    found: dict[str, Rows] = {}
    for number in sources.statement_numbers(connection, town.collectivity_id, month):
        document = json.loads(statements.document_of(connection, number))
        for row in table.rows(document):
            found.setdefault(str(row[0] or town.description.name), []).append(row)
    return sorted(found.items())


def _year(connection: Connection, town: CollectivityRow, wanted: Wanted) -> list[tuple[str, Rows]]:
    found: dict[str, Rows] = {}
    for row in contracts.contracts(connection):
        contract = contract_of(row)
        if row.collectivity_id != town.collectivity_id or isinstance(contract, Refused):
            continue
        year = year_of(connection, row, wanted.period)
        if isinstance(year, Refused):
            continue
        for item in year:
            cells = year_sheet.row_of(contract, wanted.period, item, wanted.language)
            found.setdefault(item.site, []).append(cells)
    return sorted(found.items())

"""The year of a contract as a plain sheet: the notions of OPERAT, whose own file is not public."""

from collections.abc import Iterable, Mapping

from domain.calendar import paris
from domain.languages import Language
from domain.registers.register import MeterKind
from metering.books.yearly import MeterYear
from metering.contracts.contract import Contract
from metering.papers.cells import Cell, csv_text, kwh
from metering.papers.words import words_of

COLUMNS = (
    "year",
    "entity",
    "siret",
    "site",
    "energy",
    "kwh",
    "meter",
    "period_start",
    "period_end",
    "index_start",
    "index_end",
    "months_closed",
    "months_sold",
    "quality",
    "on_buyers_bill",
    "contract",
)


def year_sheet(contract: Contract, year: int, rows: Iterable[MeterYear], language: Language) -> str:
    """One row for each meter."""
    made = [row_of(contract, year, item, language) for item in rows]
    return csv_text(COLUMNS, made, language)


def row_of(contract: Contract, year: int, item: MeterYear, language: Language) -> tuple[Cell, ...]:
    """What the sheet says of one meter."""
    said = words_of(language)["year_sheet"]
    return (
        year,
        contract.buyer.name,
        contract.buyer.siret,
        item.site,
        said[item.kind.value],
        None if item.energy_wh is None else kwh(item.energy_wh),
        item.meter,
        None if item.first is None else paris.write_instant(item.first.from_at_s),
        None if item.last is None else paris.write_instant(item.last.to_at_s),
        None if item.first is None else kwh(item.first.from_index_wh),
        None if item.last is None else kwh(item.last.to_index_wh),
        item.months_closed,
        item.months_sold,
        said[_quality(item)],
        _bill(item, said),
        contract.reference,
    )


def _quality(item: MeterYear) -> str:
    if item.months_closed < item.months_sold:
        return "incomplete"
    if item.energy_wh is None:
        return "not_confirmed"
    return "estimated" if item.is_estimated else "measured"


def _bill(item: MeterYear, said: Mapping[str, str]) -> str | None:
    if item.kind is not MeterKind.ELECTRICITY:
        return None
    if item.is_on_buyers_bill is None:
        return said["not_said"]
    return said["yes"] if item.is_on_buyers_bill else said["no"]

import csv
from dataclasses import replace

import pytest

from domain.languages import Language
from domain.registers.register import MeterKind
from metering.books.yearly import MeterYear
from metering.papers.year_sheet import COLUMNS, year_sheet
from tests.support.statements import contract, heat_line

LINE = heat_line(1_234_567).line
WHOLE = MeterYear(
    site="=Piscine",
    kind=MeterKind.ELECTRICITY,
    meter="E-1",
    energy_wh=1_234_567,
    first=LINE,
    last=LINE,
    months_closed=12,
    months_sold=12,
    is_estimated=False,
    is_on_buyers_bill=True,
)


def _row(item: MeterYear, language: Language = Language.ENGLISH) -> dict[str, str]:
    text = year_sheet(contract(), 2026, [item], language).removeprefix("\ufeff")
    (row,) = csv.DictReader(text.splitlines(), delimiter=";")
    return row


def test_a_row_has_raw_kwh_both_indexes_and_whose_bill_it_is() -> None:
    row = _row(WHOLE)

    assert tuple(row) == COLUMNS
    assert (row["kwh"], row["index_start"], row["index_end"]) == (
        "1234.567",
        "1000.000",
        "2234.567",
    )
    assert (row["energy"], row["on_buyers_bill"]) == (
        "electricity of the servers",
        "yes, to be deducted",
    )
    assert row["site"] == "'=Piscine"
    assert row["quality"] == "measured"


def test_in_french_it_has_decimal_commas_and_french_words() -> None:
    row = _row(WHOLE, Language.FRENCH)

    assert row["kwh"] == "1234,567"
    assert row["on_buyers_bill"] == "oui, à déduire"


@pytest.mark.parametrize(
    ("item", "quality"),
    [
        (replace(WHOLE, months_closed=11), "incomplete: not every month is closed"),
        (replace(WHOLE, is_estimated=True), "index at an edge interpolated"),
        (
            replace(WHOLE, energy_wh=None, first=None, last=None),
            "no index of this meter was confirmed",
        ),
    ],
)
def test_a_row_says_what_its_figure_is_worth(item: MeterYear, quality: str) -> None:
    assert _row(item)["quality"] == quality


def test_what_nobody_counted_is_empty_and_not_nothing() -> None:
    assert _row(replace(WHOLE, energy_wh=None, first=None, last=None))["kwh"] == ""


def test_a_contract_that_says_nothing_of_the_bill_says_so() -> None:
    assert _row(replace(WHOLE, is_on_buyers_bill=None))["on_buyers_bill"] == (
        "not said in the contract"
    )

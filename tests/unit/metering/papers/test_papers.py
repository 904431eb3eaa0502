import csv
import html
import io
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from domain.calendar.months import begin_of
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.register import Doubt, Mark
from metering.papers.page import page
from metering.papers.table import COLUMNS, table
from metering.papers.words import words_of
from metering.statements.document import statement_document
from metering.statements.inputs import Heading, Kind, StatementInputs
from metering.statements.meter_notes import MeterNotes, Unlisted, Waiting, WithoutLine
from tests.support.statements import VAT, contract, heat_line, statement_inputs

INDEX = {"value": "141.4", "source": "INSEE, ICHTrev-TS IME", "published_on": "2025-01-10"}
FORMULA = {
    "fixed_share": "0.15",
    "coefficient_decimals": 4,
    "price_decimals": 2,
    "terms": [{"index": "ICHT-IME", "weight": "0.85", "base": INDEX}],
    "revisions": [
        {"valid_from": "2026-01-01", "values": {"ICHT-IME": {**INDEX, "value": "145.0"}}}
    ],
}
TARIFF = {
    "valid_from": "2026-01-01",
    "price_per_mwh": "95.10",
    "indexation": FORMULA,
    "standing_charge_per_month": "120",
}


class _Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _inputs(site: str = "Piscine Nord", meter: str = "HM-1") -> StatementInputs:
    sold = contract(
        tariffs=[TARIFF],
        standing_charge_vat={**VAT, "rate_percent": "5.5"},
        ceiling={"mwh_per_year": "40", "effect": "other-price", "price_per_mwh": "20"},
        minimum={"mwh_per_year": "30", "effect": "shown"},
    )
    line = heat_line(meter=meter, marks=[Mark.GAP_BRIDGED], tolerance_frac=0.05)
    named = type(line)(site_id=1, site=site, line=line.line)
    return statement_inputs(named, contract=sold)


def _document(inputs: StatementInputs) -> dict[str, Any]:
    made = statement_document(inputs)
    assert not isinstance(made, Refused), made.sentence
    return made


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(Kind))
def test_the_page_shows_both_indexes_the_price_and_the_digest(
    language: Language, kind: Kind
) -> None:
    document = _document(_inputs().headed(Heading(kind=kind, number="CH-2026-1")))

    shown = page(document, language)

    digits = shown.replace("\u202f", "").replace(",", "").replace(".", "")
    assert "1000000" in digits
    assert "43567000" in digits
    assert document["digest_sha256"] in shown
    assert "CH-2026-1" in shown
    assert "CGI art. 278" in shown
    assert "INSEE, ICHTrev-TS IME" in shown
    assert ("\u2212" in shown) is True
    assert f'<html lang="{language.value}">' in shown


def test_a_page_needs_nothing_from_anywhere_and_no_script() -> None:
    reader = _Reader()
    reader.feed(page(_document(_inputs()), Language.FRENCH))

    assert [tag for tag, _ in reader.tags if tag in {"script", "img", "link", "iframe"}] == []
    assert [name for _, found in reader.tags for name in found if name in {"src", "href"}] == []
    tables = [tag for tag, _ in reader.tags if tag == "table"]
    assert len([tag for tag, _ in reader.tags if tag == "caption"]) == len(tables) == 4
    assert all("scope" in found for tag, found in reader.tags if tag == "th")


def test_a_draft_says_that_it_is_not_to_be_paid() -> None:
    assert "ne pas payer" in page(_document(_inputs()), Language.FRENCH)


def test_names_cannot_become_markup() -> None:
    shown = page(_document(_inputs(site="<script>alert(1)</script>")), Language.ENGLISH)

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_the_table_has_a_row_for_each_line_and_each_charge() -> None:
    heat, standing, above = _rows(table(_document(_inputs()), Language.ENGLISH))

    assert tuple(heat) == COLUMNS
    assert heat["index_start"] == "1000.000"
    assert heat["index_end"] == "43567.000"
    assert (heat["quantity"], heat["unit"], heat["vat_rate"]) == ("42.567000", "MWh", "20")
    assert (standing["component"], standing["quantity"], standing["unit"]) == (
        "standing-charge",
        "1",
        "month",
    )
    assert above["quantity"] == "2.567000"


def test_the_table_in_french_has_decimal_commas_and_the_mark_of_utf8() -> None:
    text = table(_document(_inputs()), Language.FRENCH)

    assert text.startswith("\ufeffsite;")
    assert _rows(text)[0]["quantity"] == "42,567000"


def test_the_rows_of_a_credit_note_take_back_quantity_and_amount() -> None:
    document = _document(_inputs().headed(Heading(kind=Kind.CREDIT_NOTE)))

    heat = _rows(table(document, Language.ENGLISH))[0]

    assert heat["quantity"] == "-42.567000"
    assert heat["amount_excl_vat"].startswith("-")


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_no_cell_is_a_formula(name: str) -> None:
    rows = _rows(table(_document(_inputs(site=name, meter=name)), Language.FRENCH))

    assert rows[0]["site"] == f"'{name}"
    assert rows[0]["meter"] == f"'{name}"


def test_a_semicolon_or_a_line_end_in_a_name_stays_in_its_cell() -> None:
    rows = _rows(table(_document(_inputs(site='a;"b"\nc')), Language.FRENCH))

    assert rows[0]["site"] == 'a;"b"\nc'
    assert rows[0]["meter"] == "HM-1"


@pytest.mark.parametrize("language", list(Language))
def test_heat_in_quarantine_and_meters_without_a_line_stand_on_the_page(language: Language) -> None:
    notes = MeterNotes(
        waiting=(
            Waiting(
                site_id=1,
                meter="HM-1",
                from_at_s=begin_of(202601),
                to_at_s=begin_of(202601) + 3600.0,
                reasons=(Doubt.UNIT,),
                rows=7,
                most_wh=12_345,
            ),
            Waiting(
                site_id=1,
                meter="<b>HM-2",
                from_at_s=begin_of(202601),
                to_at_s=begin_of(202601),
                reasons=(Doubt.WENT_BACK,),
                rows=1,
                most_wh=None,
            ),
        ),
        without_line=(WithoutLine(site_id=1, meter="HM-9", why=Unlisted.SILENT),),
    )

    text = page(_document(replace(_inputs(), notes=notes)), language)

    words = words_of(language)
    assert words["doubts"]["unit"].partition("'")[0] in html.unescape(text)
    assert words.kwh(12_345) in text
    assert words["quarantine"]["unknown"] in text
    assert f"HM-9{words['figures']['colon']}" in text
    assert "<b>HM-2" not in text
    assert words["quarantine"]["caption"] not in page(_document(_inputs()), language)

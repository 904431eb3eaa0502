import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.calendar.months import begin_of
from domain.refusal import Refused
from domain.registers.register import Doubt, Mark
from metering.statements.canonical import canonical, digest_of, sealed
from metering.statements.document import statement_document
from metering.statements.meter_notes import MeterNotes, Unlisted, Waiting, WithoutLine
from metering.statements.verify import verify
from tests.support.statements import heat_line, statement_inputs


def _document() -> dict[str, Any]:
    made = statement_document(
        statement_inputs(
            heat_line(),
            heat_line(energy_wh=1_234_567, line_id=2, meter="HM-2"),
            heat_line(energy_wh=5, line_id=3, meter="HM-3", marks=[Mark.TO_ESTIMATED]),
        )
    )
    assert not isinstance(made, Refused)
    return made


def _findings(document: dict[str, Any]) -> list[str]:
    verdict = verify(canonical(document))
    assert not isinstance(verdict, Refused), verdict.sentence
    return list(verdict.findings)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("to_index_wh", 2_234_568, "its indexes give 1234568 Wh"),
        ("from_index_wh", 0, "its indexes give 2234567 Wh"),
        ("energy_wh", 1, "its indexes give 1234567 Wh"),
        ("amount", "117.42", "amount is 117.42, and its inputs give 117.41"),
        ("price_per_mwh", "95.00", "price_per_mwh is 95.00"),
        ("about_month", "2025-12", "Line"),
    ],
)
def test_the_line_that_was_changed_is_named(field: str, value: object, said: str) -> None:
    document = _document()
    document["lines"][1][field] = value

    findings = _findings(document)

    assert said in findings[0]
    assert findings[0].startswith(("Line 1", "Line 2"))
    assert "digest" in findings[-1]


def test_a_change_that_adds_up_is_betrayed_by_the_digest() -> None:
    document = _document()
    document["lines"][0]["site"] = "Piscine Sud"

    assert [finding.startswith("The digest in it") for finding in _findings(document)] == [True]


def test_a_change_with_a_new_digest_does_not_have_the_digest_that_was_issued() -> None:
    document = _document()
    issued = document["digest_sha256"]
    document["lines"][0]["site"] = "Piscine Sud"
    forged = sealed(document)

    verdict = verify(canonical(forged))

    assert not isinstance(verdict, Refused)
    assert verdict.findings == ()
    assert verdict.digest_sha256 == digest_of(forged) != issued


def test_a_file_that_was_written_anew_is_told_apart_from_one_that_was_changed() -> None:
    verdict = verify(json.dumps(_document(), indent=2).encode())

    assert not isinstance(verdict, Refused)
    assert len(verdict.findings) == 1
    assert "content is unchanged" in verdict.findings[0]


def test_totals_and_price_are_worked_out_again_too() -> None:
    document = _document()
    document["totals"]["incl_vat"] = "1.00"
    document["price"]["per_mwh"] = "1.00"

    findings = _findings(document)

    assert findings[0].startswith("price.per_mwh is 1.00")
    assert findings[1].startswith("totals.incl_vat is 1.00")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither its PDF nor its JSON"),
        (b"[]", "no object"),
        (b"{}", "format"),
        (b"{\xff}", "neither its PDF nor its JSON"),
        (b"[" * 200_000, "nested"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":1.5}', "1.5"),
        (b'{"a":NaN}', "NaN"),
        (b'{"format":"chaufferie-statement/3"}', "format"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_reason(data: bytes, said: str) -> None:
    refused = verify(data)

    assert isinstance(refused, Refused)
    assert said in refused.sentence


@pytest.mark.parametrize("key", ["contract", "period", "lines", "year", "kind", "software"])
def test_a_statement_that_lacks_a_part_is_refused_by_its_name(key: str) -> None:
    document = _document()
    del document[key]

    refused = verify(canonical(document))

    assert isinstance(refused, Refused)
    assert key in refused.sentence


def test_what_was_issued_by_an_earlier_version_verifies_for_ever() -> None:
    """The file was written once, by rules 1: it has everything that a document may have."""
    data = (Path(__file__).parent / "credit_note_1.json").read_bytes()

    verdict = verify(data)

    assert not isinstance(verdict, Refused), verdict.sentence
    assert verdict.findings == ()


def test_what_a_contract_does_not_say_is_not_in_its_statement() -> None:
    terms = _document()["contract"]["terms"]

    assert "minimum" not in terms
    assert "null" not in json.dumps(terms)


NOTES = MeterNotes(
    waiting=(
        Waiting(
            site_id=1,
            meter="HM-1",
            from_at_s=begin_of(202601),
            to_at_s=begin_of(202601) + 3600.0,
            reasons=(Doubt.UNIT, Doubt.TOO_FAST),
            rows=7,
            most_wh=12_000,
        ),
    ),
    without_line=(WithoutLine(site_id=1, meter="HM-9", why=Unlisted.UNCONFIRMED),),
)


def _noted(notes: MeterNotes | None = NOTES) -> dict[str, Any]:
    made = statement_document(statement_inputs(heat_line(), notes=notes))
    assert not isinstance(made, Refused)
    return made


def test_what_is_said_of_meters_is_read_back_and_worked_out_again() -> None:
    document = _noted()

    assert document["format"] == "chaufferie-statement/2"
    (case,) = document["meters"]["in_quarantine"]
    assert (case["reasons"], case["most_wh"]) == (["unit", "too_fast"], 12_000)
    assert document["meters"]["without_line"] == [
        {"site_id": 1, "meter": "HM-9", "why": "unconfirmed"}
    ]
    assert _findings(document) == []


def test_a_statement_without_such_notes_is_of_the_first_format_and_stays_right() -> None:
    document = _noted(None)

    assert document["format"] == "chaufferie-statement/1"
    assert "meters" not in document
    assert _findings(document) == []


def test_a_note_that_was_changed_or_left_out_is_betrayed() -> None:
    changed, without = _noted(), _noted()
    changed["meters"]["in_quarantine"][0]["most_wh"] = 0
    del without["meters"]
    older = {**_noted(), "format": "chaufferie-statement/1"}

    assert [finding.startswith("The digest in it") for finding in _findings(changed)] == [True]
    refused = verify(canonical(without))
    assert isinstance(refused, Refused)
    assert "meters" in refused.sentence
    assert any("meters" in finding for finding in _findings(older))


@pytest.mark.parametrize(
    ("field", "value"),
    [("reasons", ["because"]), ("most_wh", "1"), ("rows", None), ("from_at", "yesterday")],
)
def test_a_note_that_is_none_is_refused(field: str, value: object) -> None:
    document = _noted()
    document["meters"]["in_quarantine"][0][field] = value

    assert isinstance(verify(canonical(document)), Refused)


def test_the_order_in_which_notes_came_changes_no_byte() -> None:
    more = replace(NOTES.waiting[0], meter="HM-0")
    one = replace(NOTES, waiting=(more, *NOTES.waiting))
    other = replace(NOTES, waiting=(*NOTES.waiting, more))

    assert canonical(_noted(one)) == canonical(_noted(other))

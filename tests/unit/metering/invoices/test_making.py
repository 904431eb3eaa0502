"""From a statement to its invoice: the same sums, in the terms of EN 16931."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.refusal import Refused
from metering.invoices.cii import cii_of
from metering.invoices.invoice import DocumentType, Invoice, Profile
from metering.invoices.reading import heading_of, profile_of, seller_of, values_of
from metering.statements.inputs import Heading, StatementInputs
from tests.support.invoices import (
    NUMBER,
    SELLER,
    STATEMENT,
    document_of,
    invoice,
    of_every_kind,
)
from tests.support.statements import VAT, contract, contract_terms, heat_line, statement_inputs


def made(inputs: StatementInputs) -> Invoice:
    found = invoice(inputs)
    assert not isinstance(found, Refused), found.sentence
    return found


@pytest.mark.parametrize("kind", of_every_kind())
def test_its_sums_are_those_of_the_statement(kind: str) -> None:
    inputs = of_every_kind()[kind]
    found, totals = made(inputs), document_of(inputs)["totals"]
    sign = -1 if found.type is DocumentType.CREDIT_NOTE else 1

    assert found.totals.excl_vat == sign * Decimal(totals["excl_vat"])
    assert found.totals.incl_vat == sign * Decimal(totals["incl_vat"])
    assert sum(line.amount for line in found.lines) == found.totals.excl_vat
    assert sum(part.base for part in found.vat) == found.totals.excl_vat
    assert found.totals.excl_vat + found.totals.vat == found.totals.incl_vat
    assert all(line.price >= 0 for line in found.lines)


def test_a_service_code_asks_for_extended_and_none_for_en_16931() -> None:
    kinds = of_every_kind()

    assert made(kinds["service code"]).profile is Profile.EXTENDED
    assert made(kinds["no service code"]).profile is Profile.EN16931


def test_a_line_tells_its_meter_both_indexes_and_its_days() -> None:
    line = made(of_every_kind()["service code"]).lines[0]

    assert line.meter is not None
    assert (line.meter.serial, str(line.meter.from_kwh)) == ("HM-1", "1000.000")
    assert line.meter.to_kwh - line.meter.from_kwh == line.quantity
    assert (line.first_day, line.last_day) == ("2026-01-01", "2026-01-31")


def test_a_credit_note_says_amounts_without_their_sign_and_names_the_invoice() -> None:
    note = made(of_every_kind()["credit note"])

    assert note.type is DocumentType.CREDIT_NOTE
    assert note.preceding is not None
    assert note.preceding.number == NUMBER
    assert note.totals.incl_vat > 0
    assert note.due_on is None


def test_two_grounds_at_one_rate_become_one_sum_of_tax() -> None:
    other = {**VAT, "legal_ground": "CGI art. 278, abonnement"}
    tariffs = [
        {"valid_from": "2026-01-01", "price_per_mwh": "95.10", "standing_charge_per_month": "0.03"}
    ]
    terms = contract(tariffs=tariffs, standing_charge_vat=other)
    found = made(statement_inputs(heat_line(), contract=terms, heading=STATEMENT))

    (part,) = found.vat
    assert part.base == found.totals.excl_vat
    assert part.amount == found.totals.vat
    assert any("CGI art. 278, abonnement" in note.content for note in found.notes)


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"heat_vat": {**VAT, "rate_percent": "19"}}, "invoice.vat_rate", "19 %"),
        ({"currency": "CHF"}, "invoice.currency", "CHF"),
        ({"routing": {"service_code": "PISCINES"}}, "contract.routing", "engagement_number"),
        (
            {"supplier": {"name": "Other", "address": "Paris", "siret": "21750001600019"}},
            "invoice.other_supplier",
            "21750001600019",
        ),
        (
            {"supplier": {**contract_terms()["supplier"], "vat_number": "FR00732829320"}},
            "invoice.other_supplier",
            "FR00732829320",
        ),
        (
            {"buyer": {**contract_terms()["buyer"], "address": "Place de la Mairie, Bains"}},
            "invoice.buyer_address",
            "postcode",
        ),
        (
            {"buyer": {**contract_terms()["buyer"], "address": "a\nb\nc\nd\n38000 Bains"}},
            "invoice.buyer_address",
            "at most 3",
        ),
    ],
)
def test_what_cannot_be_invoiced_is_refused_by_its_reason(
    changed: dict[str, Any], code: str, said: str
) -> None:
    inputs = statement_inputs(heat_line(), contract=contract(**changed), heading=STATEMENT)

    refused = invoice(inputs)

    assert isinstance(refused, Refused)
    assert (refused.code, said in refused.sentence) == (code, True)


def test_a_draft_and_a_statement_of_nothing_are_no_invoices() -> None:
    draft = invoice(statement_inputs(heat_line(), heading=Heading()))
    nothing = invoice(statement_inputs(heading=STATEMENT))

    assert isinstance(draft, Refused)
    assert draft.code == "invoice.draft"
    assert isinstance(nothing, Refused)
    assert nothing.code == "invoice.nothing"


@pytest.mark.parametrize("kind", of_every_kind())
def test_the_xml_says_again_who_sells_and_which_invoice_it_is(kind: str) -> None:
    found = made(of_every_kind()[kind])
    values = values_of(cii_of(found))

    assert not isinstance(values, Refused)
    assert profile_of(values) is found.profile
    told, heading = seller_of(values), heading_of(values)
    if found.due_on is not None:
        assert told == SELLER
    assert replace(told, payment_days=30) == SELLER
    assert (heading.number, heading.issued_on) == (found.number, found.issued_on)
    assert heading.takes_back == found.preceding


def test_equal_invoices_are_equal_bytes_and_names_cannot_break_the_xml() -> None:
    hostile = {**contract_terms()["buyer"], "name": '</ram:Name>&"<!-- ]]> é'}
    inputs = statement_inputs(
        heat_line(meter="<&>"), contract=contract(buyer=hostile), heading=STATEMENT
    )
    xml = cii_of(made(inputs))
    values = values_of(xml)

    assert xml == cii_of(made(inputs))
    assert not isinstance(values, Refused)
    assert hostile["name"] in values.values()


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<a/>",
        b"no xml",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 50_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_invoice_is_refused_in_a_sentence(xml: bytes) -> None:
    refused = values_of(xml)

    assert isinstance(refused, Refused)
    assert refused.sentence.startswith("This is no invoice of this program: ")

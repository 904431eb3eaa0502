"""Who sells, and the invoice that follows from a statement."""

from dataclasses import replace
from typing import Any

from domain.refusal import Refused
from domain.registers.register import Mark
from metering.invoices.cii import cii_of
from metering.invoices.invoice import Invoice, Preceding
from metering.invoices.making import InvoiceHeading, invoice_of
from metering.invoices.seller import Seller
from metering.statements.canonical import canonical
from metering.statements.document import worked_out
from metering.statements.inputs import Heading, Kind, Reference, StatementInputs
from tests.support.statements import contract, heat_line, statement_inputs

SELLER_TABLE: dict[str, Any] = {
    "invoice_prefix": "FAC",
    "siret": "73282932000074",
    "vat_number": "FR44732829320",
    "legal_form": "SAS au capital de 10 000 EUR, RCS Paris 732 829 320",
    "street": "1 rue des Serveurs",
    "postcode": "75013",
    "city": "Paris",
    "iban": "FR7630006000011234567890189",
    "payment_days": 30,
    "late_interest": "Intérêts moratoires : taux de la BCE majoré de 8 points",
    "recovery_fee": "Indemnité forfaitaire pour frais de recouvrement : 40 EUR",
    "early_payment": "Pas d'escompte pour paiement anticipé",
}
SELLER = Seller(**SELLER_TABLE)
NUMBER, DAY = "FAC-2026-00001", "2026-02-04"
STATEMENT = Heading(number="CHALEUR-2026-00001", issued_on="2026-02-03", software="test")
NOTE = replace(
    STATEMENT,
    kind=Kind.CREDIT_NOTE,
    number="CHALEUR-2026-00002",
    reason="prix de l'avenant 1",
    corrects=Reference(
        number="CHALEUR-2026-00001", issued_on="2026-02-03", digest_sha256="ab" * 32
    ),
)
ANEW = replace(NOTE, kind=Kind.STATEMENT, number="CHALEUR-2026-00003")
#: A buyer without service codes: the profile EN 16931 is enough.
PLAIN_ROUTING = {
    "engagement_number": "2026-EJ-0042",
    "not_required": ["service_code", "market_number"],
}


def of_every_kind() -> dict[str, StatementInputs]:
    """Statements that make invoices of every kind, by what is special about them."""
    line, other = heat_line(), heat_line(123_456, line_id=2, meter="HM-2")
    base = statement_inputs(line, other, heading=STATEMENT)
    return {
        "service code": base,
        "no service code": statement_inputs(
            line, contract=contract(routing=PLAIN_ROUTING), heading=STATEMENT
        ),
        "credit note": base.headed(NOTE),
        "anew": base.headed(ANEW),
        "every charge": _charged(),
        "every charge, no service code": _charged(routing=PLAIN_ROUTING),
        "credit note of charges": _charged().headed(NOTE),
        "less heat than was told": statement_inputs(
            heat_line(-5_000_000, from_index_wh=9_000_000, marks=[Mark.ADJUSTMENT]),
            heading=STATEMENT,
        ),
    }


def document_of(inputs: StatementInputs) -> dict[str, Any]:
    """The statement, doubtful or not."""
    return worked_out(inputs)


def invoice(inputs: StatementInputs, seller: Seller = SELLER) -> Invoice | Refused:
    """The invoice of these inputs."""
    is_note = inputs.heading.kind is Kind.CREDIT_NOTE
    heading = InvoiceHeading(
        number="FAC-2026-00002" if is_note else NUMBER,
        issued_on=DAY,
        takes_back=Preceding(number=NUMBER, issued_on=DAY) if is_note else None,
    )
    return invoice_of(document_of(inputs), seller, heading)


def invoice_files(inputs: StatementInputs) -> tuple[bytes, bytes]:
    """The XML of the invoice, and the statement's canonical JSON."""
    made = invoice(inputs)
    assert not isinstance(made, Refused), made.sentence
    return cii_of(made), canonical(document_of(inputs))


def _charged(**changed: Any) -> StatementInputs:  # noqa: ANN401 - terms of a contract
    """The last month of a contract year with a standing charge, a ceiling and a minimum."""
    vat = {"rate_percent": "0", "legal_ground": "indemnité hors champ", "stated_on": "2025-12-01"}
    terms = contract(
        years=1,
        tariffs=[
            {
                "valid_from": "2026-01-01",
                "price_per_mwh": "95.101234",
                "standing_charge_per_month": "12.345",
            }
        ],
        standing_charge_vat={
            "rate_percent": "5.5",
            "legal_ground": "CGI 278-0 bis B",
            "stated_on": "2025-12-01",
        },
        minimum={
            "mwh_per_year": "900",
            "effect": "buyer-pays",
            "price_per_mwh": "30",
            "vat": vat,
        },
        ceiling={"mwh_per_year": "40", "effect": "other-price", "price_per_mwh": "20"},
        **changed,
    )
    return statement_inputs(
        heat_line(month=202612), month=202612, contract=terms, heading=STATEMENT
    )

"""From a statement to its invoice: nothing is worked out anew, only said in other terms.

The words are French, as is the law that asks for them and whoever pays.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.calendar import paris
from domain.refusal import Refused
from metering.contracts.document import contract_from_plain
from metering.contracts.parties import Party, routing_gaps
from metering.invoices.invoice import (
    Buyer,
    DocumentType,
    Invoice,
    Line,
    LineVat,
    MeterIndexes,
    Note,
    NoteSubject,
    Preceding,
    Profile,
    Totals,
    Unit,
    VatCategory,
    VatPart,
)
from metering.invoices.seller import Seller, lacking
from metering.statements.canonical import DIGEST
from metering.statements.inputs import Kind

Document = Mapping[str, Any]
_LAST_LINE = re.compile(r"([0-9]{5}) +(\S.*)")
_MOST_LINES = 3  # of an address, above its city (BT-50, BT-51, BT-163)
_KWH_PER_MWH = Decimal(1000)
_KWH_PLACES = 3
_ZERO = Decimal("0.00")
#: The rates of today and of the past that an invoice may name: BR-FR-16 of the French rules.
_RATES = frozenset(
    map(
        Decimal,
        [
            "0",
            "0.9",
            "1.05",
            "1.75",
            "2.1",
            "5.5",
            "7",
            "8.5",
            "9.2",
            "9.6",
            "10",
            "13",
            "19.6",
            "20",
            "20.6",
        ],
    )
)
_CHARGES = {
    "standing-charge": "Abonnement du mois",
    "above-ceiling": "Chaleur au-delà du plafond annuel : différence de prix",
    "below-minimum": "Chaleur manquant au minimum annuel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHeading:
    """What an invoice has of its own, which its statement does not say."""

    number: str
    issued_on: str  #: Day in Paris, ISO 8601.
    takes_back: Preceding | None = None  #: The invoice that this credit note is about.


def invoice_of(document: Document, seller: Seller, heading: InvoiceHeading) -> Invoice | Refused:
    """The invoice of an issued statement, or the credit note of one."""
    refused = lacking(seller) or _not_fit(document, seller, heading)
    if refused is not None:
        return refused
    terms = document["contract"]["terms"]
    buyer = _buyer(terms)
    if isinstance(buyer, Refused):
        return buyer
    is_credit = document["kind"] == Kind.CREDIT_NOTE
    sign = -1 if is_credit else 1
    lines = (*_heat(document, sign), *_charges(document, sign))
    if not lines:
        return _refused(
            "nothing", "No heat and no charge stands on it: there is nothing to invoice."
        )
    routing, days = terms["routing"], seller.payment_days or 0
    return Invoice(
        profile=Profile.EXTENDED if buyer.service_code else Profile.EN16931,
        number=heading.number,
        type=DocumentType.CREDIT_NOTE if is_credit else DocumentType.INVOICE,
        issued_on=heading.issued_on,
        due_on=None if is_credit else _days_after(heading.issued_on, days),
        payment_terms="Avoir : à déduire de la facture qu'il reprend"
        if is_credit
        else f"Paiement à {days} jours de la date d'émission",
        currency=terms["currency"],
        notes=tuple(_notes(document, seller, heading)),
        seller_name=terms["supplier"]["name"],
        seller=seller,
        buyer=buyer,
        engagement_number=routing.get("engagement_number"),
        contract_number=routing.get("market_number") or terms["reference"],
        preceding=heading.takes_back,
        first_day=document["period"]["from"][:10],
        last_day=_day_before(document["period"]["to"]),
        lines=lines,
        vat=tuple(_vat(document, lines, sign)),
        totals=Totals(
            excl_vat=sign * Decimal(document["totals"]["excl_vat"]),
            vat=sign * Decimal(document["totals"]["vat_total"]),
            incl_vat=sign * Decimal(document["totals"]["incl_vat"]),
        ),
        statement_digest=document[DIGEST],
    )


def _not_fit(document: Document, seller: Seller, heading: InvoiceHeading) -> Refused | None:
    """Why a statement cannot be an invoice, apart from what the seller has not said."""
    if document["number"] is None:
        return _refused("draft", "A draft is no invoice: issue the statement first.")
    if (document["kind"] == Kind.CREDIT_NOTE) != (heading.takes_back is not None):
        return _refused("kind", "A credit note, and nothing else, takes an invoice back.")
    contract = contract_from_plain(document["contract"]["terms"])
    if isinstance(contract, Refused):
        return contract
    gaps = routing_gaps(contract.routing)
    if gaps is not None:
        return gaps
    if contract.currency != "EUR":
        return _refused("currency", f"Invoices are in EUR; the contract is in {contract.currency}.")
    for vat in document["totals"]["vat"]:
        if Decimal(vat["rate_percent"]) not in _RATES:
            return _refused(
                "vat_rate",
                f"{vat['rate_percent']} % is no rate of VAT that an invoice in France may name; "
                "amend the contract.",
            )
    return _other_supplier(contract.supplier, seller)


def _other_supplier(supplier: Party, seller: Seller) -> Refused | None:
    told = (
        ("siret", supplier.siret, seller.siret),
        (
            "vat_number",
            supplier.vat_number or seller.vat_number,
            seller.vat_number,
        ),
    )
    for name, of_contract, of_seller in told:
        if of_contract != of_seller:
            return _refused(
                "other_supplier",
                f"The contract's supplier has {name} {of_contract}, and [seller] of the operator's "
                f"file has {of_seller}: who sells must be who issues the invoice.",
            )
    return None


def _buyer(terms: Mapping[str, Any]) -> Buyer | Refused:
    """The buyer, its address taken apart: postcode and city are fields of their own."""
    who = terms["buyer"]
    parts = [part.strip() for part in re.split(r"[\n,]", who["address"]) if part.strip()]
    found = _LAST_LINE.fullmatch(parts[-1]) if parts else None
    if found is None or len(parts) - 1 > _MOST_LINES:
        return _refused(
            "buyer_address",
            f"The buyer's address must end in its postcode and city, such as 38000 Grenoble, with "
            f"at most {_MOST_LINES} lines above; amend the contract.",
        )
    return Buyer(
        name=who["name"],
        siret=who["siret"],
        lines=tuple(parts[:-1]),
        postcode=found[1],
        city=found[2],
        vat_number=who.get("vat_number"),
        service_code=terms["routing"].get("service_code"),
    )


def _heat(document: Document, sign: int) -> Iterator[Line]:
    vat = _line_vat(document["contract"]["terms"]["heat_vat"])
    for line in document["lines"]:
        about = "" if line["about_month"] == document["period"]["month"] else line["about_month"]
        first_day = line["from_at"][:10]
        yield Line(
            name=f"Chaleur livrée, {line['site']}, compteur {line['meter']}"
            + (f", régularisation de {about}" if about else ""),
            quantity=_kwh(line["energy_wh"]),
            unit=Unit.KWH,
            price=Decimal(line["price_per_mwh"]),
            price_basis=_KWH_PER_MWH,
            amount=sign * Decimal(line["amount"]),
            vat=vat,
            first_day=first_day,
            last_day=max(first_day, _day_before(line["to_at"])),
            meter=MeterIndexes(
                serial=line["meter"],
                from_kwh=_kwh(line["from_index_wh"]),
                to_kwh=_kwh(line["to_index_wh"]),
            ),
        )


def _charges(document: Document, sign: int) -> Iterator[Line]:
    for charge in document["charges"]:
        is_volume = charge["quantity_wh"] is not None
        price = Decimal(charge["unit_price"])
        quantity = _kwh(charge["quantity_wh"]) if is_volume else Decimal(1)
        yield Line(
            name=_CHARGES[charge["kind"]],
            quantity=-quantity if price < 0 else quantity,
            unit=Unit.KWH if is_volume else Unit.MONTH,
            price=abs(price),
            price_basis=_KWH_PER_MWH if is_volume else Decimal(1),
            amount=sign * Decimal(charge["amount"]),
            vat=_line_vat(charge["vat"]),
            first_day=document["period"]["from"][:10],
            last_day=_day_before(document["period"]["to"]),
            meter=None,
        )


def _vat(document: Document, lines: tuple[Line, ...], sign: int) -> Iterator[VatPart]:
    """The sums of each rate: a statement has them by ground as well, and the standard does not."""
    for vat in dict.fromkeys(line.vat for line in lines):
        told = [
            item
            for item in document["totals"]["vat"]
            if Decimal(item["rate_percent"]) == vat.rate_percent
        ]
        grounds = dict.fromkeys(item["legal_ground"] for item in told)
        yield VatPart(
            vat=vat,
            base=sum((sign * Decimal(item["base"]) for item in told), _ZERO),
            amount=sum((sign * Decimal(item["amount"]) for item in told), _ZERO),
            exemption=_line(" ; ".join(grounds)) if vat.category is VatCategory.EXEMPT else None,
        )


def _line_vat(vat: Mapping[str, Any]) -> LineVat:
    rate = Decimal(vat["rate_percent"])
    return LineVat(
        category=VatCategory.STANDARD if rate else VatCategory.EXEMPT,
        rate_percent=rate.normalize() + 0,
    )


def _notes(document: Document, seller: Seller, heading: InvoiceHeading) -> Iterator[Note]:
    for subject, content in (
        (NoteSubject.RECOVERY_FEE, seller.recovery_fee),
        (NoteSubject.LATE_INTEREST, seller.late_interest),
        (NoteSubject.EARLY_PAYMENT, seller.early_payment),
    ):
        yield Note(subject=subject, content=content or "")
    grounds = (
        f"TVA {vat['rate_percent']} % : {vat['legal_ground']}, retenu le {vat['stated_on']}"
        for vat in document["totals"]["vat"]
    )
    yield Note(subject=NoteSubject.TAX, content=_line(" ; ".join(grounds)))
    yield Note(subject=NoteSubject.GENERAL, content=_line(_about(document, heading)))


def _about(document: Document, heading: InvoiceHeading) -> str:
    """Which statement it is of, and what that corrects."""
    text = f"Relevé de chaleur {document['number']} du {document['issued_on']}"
    back, corrects = heading.takes_back, document["corrects"]
    if back is not None:
        return (
            f"{text}. Reprend la facture {back.number} du {back.issued_on} : {document['reason']}"
        )
    if corrects is not None:
        return f"{text}, qui remplace {corrects['number']} : {document['reason']}"
    return text


def _line(text: str) -> str:
    """A text of some lines as one."""
    return " ".join(text.split())


def _kwh(energy_wh: int) -> Decimal:
    return Decimal(energy_wh).scaleb(-_KWH_PLACES)


def _days_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _day_before(instant: str) -> str:
    """The day in Paris that ends with this instant, or in which it lies."""
    return paris.date_at(paris.read_instant(instant) - 1)


def _refused(what: str, sentence: str) -> Refused:
    return Refused(code=f"invoice.{what}", sentence=sentence)

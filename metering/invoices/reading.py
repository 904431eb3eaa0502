"""What an invoice's XML says: every value under its place, and who sells."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, fromstring

from domain.refusal import Refused
from metering.invoices.cii import GUIDELINES, NAMESPACES
from metering.invoices.invoice import NoteSubject, Preceding, Profile
from metering.invoices.making import InvoiceHeading
from metering.invoices.seller import Seller

#: An invoice of a thousand meters has some 2 MB [bytes].
LARGEST_XML = 32 * 1024 * 1024
_MOST_DEPTH = 20
_DAYS_WORDS = "Paiement à "
_ROOT = f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice"
AGREEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement"
SETTLEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
LINE = "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem"
Values = Mapping[str, str]


def values_of(xml: bytes) -> dict[str, str] | Refused:
    """Each value by its place, such as ``ExchangedDocument/ID``; a second one ends in ``[2]``."""
    if len(xml) > LARGEST_XML:
        return _refused(f"it has more than {LARGEST_XML} bytes")
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        return _refused("it declares entities, which an invoice has no use for")
    try:
        root = fromstring(xml)  # noqa: S314 - without entities there is nothing to expand
        if root.tag != _ROOT:
            return _refused("it is another kind of XML")
        return dict(_values(root, "", 0))
    except (ParseError, ValueError) as error:
        return _refused(str(error))


def profile_of(values: Values) -> Profile | Refused:
    """The profile that an invoice names."""
    told = values.get("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID")
    for profile, guideline in GUIDELINES.items():
        if told == guideline:
            return profile
    return _refused("its profile is neither EN 16931 nor EXTENDED")


def number_of(values: Values) -> str:
    """The number that an invoice bears."""
    return values.get("ExchangedDocument/ID", "")


def heading_of(values: Values) -> InvoiceHeading:
    """What an invoice says for itself; raises ``ValueError`` where a day is none."""
    back = f"{SETTLEMENT}/InvoiceReferencedDocument"
    number = values.get(f"{back}/IssuerAssignedID")
    return InvoiceHeading(
        number=number_of(values),
        issued_on=_day(values.get("ExchangedDocument/IssueDateTime/DateTimeString", "")),
        takes_back=None
        if number is None
        else Preceding(
            number=number,
            issued_on=_day(values.get(f"{back}/FormattedIssueDateTime/DateTimeString", "")),
        ),
    )


def seller_of(values: Values) -> Seller:
    """Who sells, as the invoice says it; raises ``ValueError`` where that is wrong in itself."""
    party = f"{AGREEMENT}/SellerTradeParty"
    payment = f"{SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans"
    days = values.get(f"{SETTLEMENT}/SpecifiedTradePaymentTerms/Description", "")
    told = days.removeprefix(_DAYS_WORDS).split(" ")[0] if days.startswith(_DAYS_WORDS) else None
    return Seller(
        invoice_prefix=number_of(values).rpartition("-")[0].rpartition("-")[0] or None,
        siret=values.get(f"{party}/GlobalID"),
        vat_number=values.get(f"{party}/SpecifiedTaxRegistration/ID"),
        legal_form=values.get(f"{party}/Description"),
        street=values.get(f"{party}/PostalTradeAddress/LineOne"),
        postcode=values.get(f"{party}/PostalTradeAddress/PostcodeCode"),
        city=values.get(f"{party}/PostalTradeAddress/CityName"),
        iban=values.get(f"{payment}/PayeePartyCreditorFinancialAccount/IBANID"),
        bic=values.get(f"{payment}/PayeeSpecifiedCreditorFinancialInstitution/BICID"),
        payment_days=1 if told is None else int(told),  # a credit note names none and needs none
        late_interest=_note(values, NoteSubject.LATE_INTEREST),
        recovery_fee=_note(values, NoteSubject.RECOVERY_FEE),
        early_payment=_note(values, NoteSubject.EARLY_PAYMENT),
    )


def numbered(values: Values, place: str) -> Iterator[str]:
    """The places that are there of one that may be repeated: itself, then ``[2]`` and on."""
    number = 1
    while True:
        here = place if number == 1 else f"{place}[{number}]"
        if not any(key == here or key.startswith((f"{here}/", f"{here}@")) for key in values):
            return
        yield here
        number += 1


def _day(text: str) -> str:
    return datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day alone


def _note(values: Values, subject: NoteSubject) -> str | None:
    for place in numbered(values, "ExchangedDocument/IncludedNote"):
        if values.get(f"{place}/SubjectCode") == subject:
            return values.get(f"{place}/Content")
    return None


def _values(element: Element, place: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MOST_DEPTH:
        raise ValueError("it is nested without end")
    for name, value in sorted(element.attrib.items()):
        yield f"{place}@{name}", value
    text = (element.text or "").strip()
    if text or not len(element):
        yield place, element.text or ""
    seen: Counter[str] = Counter()
    for child in element:
        if (child.tail or "").strip():
            raise ValueError("it has text between its elements")
        name = child.tag.rpartition("}")[2]
        seen[name] += 1
        here = name if seen[name] == 1 else f"{name}[{seen[name]}]"
        yield from _values(child, f"{place}/{here}" if place else here, depth + 1)


def _refused(why: str) -> Refused:
    return Refused(code="invoice.form", sentence=f"This is no invoice of this program: {why}.")

"""An invoice as Cross Industry Invoice, the XML of Factur-X; equal invoices are equal bytes."""

from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element, register_namespace, tostring

from metering.invoices.invoice import Invoice, Line, LineVat, Profile
from metering.invoices.seller import Seller

_ROOM = "urn:un:unece:uncefact:data:standard:"
NAMESPACES = {
    "rsm": f"{_ROOM}CrossIndustryInvoice:100",
    "ram": f"{_ROOM}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_ROOM}UnqualifiedDataType:100",
    "qdt": f"{_ROOM}QualifiedDataType:100",
}
for _prefix, _uri in NAMESPACES.items():
    register_namespace(_prefix, _uri)
#: How a file says which profile it has (BT-24).
GUIDELINES = {
    Profile.EN16931: "urn:cen.eu:en16931:2017",
    Profile.EXTENDED: "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
}
_GOODS = "B1"  #: Heat is sold as a good, and not paid yet (BT-23).
_SIREN, _SIRET, _SERVICE, _ELECTRONIC = "0002", "0009", "0224", "0225"  # ICD of ISO/IEC 6523
_SIREN_DIGITS = 9
_SEPA_TRANSFER = "58"  # UNTDID 4461
_SUPPORTING, _OBJECT, _METER = "916", "130", "MG"  # UNTDID 1001 and 1153
_INDEXES = ("Index debut (kWh)", "Index fin (kWh)")
_COUNTRY = "FR"
_Part = Element | str | None


def cii_of(invoice: Invoice) -> bytes:
    """The XML of an invoice."""
    root = _made(
        "rsm:CrossIndustryInvoice",
        _made(
            "rsm:ExchangedDocumentContext",
            _made("ram:BusinessProcessSpecifiedDocumentContextParameter", _made("ram:ID", _GOODS)),
            _made(
                "ram:GuidelineSpecifiedDocumentContextParameter",
                _made("ram:ID", GUIDELINES[invoice.profile]),
            ),
        ),
        _made(
            "rsm:ExchangedDocument",
            _made("ram:ID", invoice.number),
            _made("ram:TypeCode", invoice.type),
            _made("ram:IssueDateTime", _day(invoice.issued_on)),
            *(
                _made(
                    "ram:IncludedNote",
                    _made("ram:Content", note.content),
                    _made("ram:SubjectCode", note.subject),
                )
                for note in invoice.notes
            ),
        ),
        _made(
            "rsm:SupplyChainTradeTransaction",
            *(_line(invoice, number, line) for number, line in enumerate(invoice.lines, start=1)),
            _agreement(invoice),
            _made(
                "ram:ApplicableHeaderTradeDelivery",
                _made(
                    "ram:ActualDeliverySupplyChainEvent",
                    _made("ram:OccurrenceDateTime", _day(invoice.last_day)),
                ),
            ),
            _settlement(invoice),
        ),
    )
    made: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def decimal_text(value: Decimal) -> str:
    """A decimal without an exponent, and without a sign on nothing."""
    return format(value or abs(value), "f")


def _made(tag: str, *parts: _Part, **attributes: str) -> Element:
    """An element of these parts; what is None is left out."""
    prefix, name = tag.split(":")
    element = Element(f"{{{NAMESPACES[prefix]}}}{name}", attributes)
    for part in parts:
        if isinstance(part, str):
            element.text = part
        elif part is not None:
            element.append(part)
    return element


def _if_any(tag: str, text: str | None, **attributes: str) -> Element | None:
    return None if text is None else _made(tag, text, **attributes)


def _day(day: str, room: str = "udt") -> Element:
    return _made(f"{room}:DateTimeString", day.replace("-", ""), format="102")


def _period(first_day: str, last_day: str) -> Element:
    return _made(
        "ram:BillingSpecifiedPeriod",
        _made("ram:StartDateTime", _day(first_day)),
        _made("ram:EndDateTime", _day(last_day)),
    )


def _line(invoice: Invoice, number: int, line: Line) -> Element:
    return _made(
        "ram:IncludedSupplyChainTradeLineItem",
        _made("ram:AssociatedDocumentLineDocument", _made("ram:LineID", str(number))),
        _made("ram:SpecifiedTradeProduct", _made("ram:Name", line.name), *_shown(line)),
        _made(
            "ram:SpecifiedLineTradeAgreement",
            _made(
                "ram:NetPriceProductTradePrice",
                _made("ram:ChargeAmount", decimal_text(line.price)),
                _made("ram:BasisQuantity", decimal_text(line.price_basis), unitCode=line.unit),
            ),
        ),
        _made(
            "ram:SpecifiedLineTradeDelivery",
            _made("ram:BilledQuantity", decimal_text(line.quantity), unitCode=line.unit),
        ),
        _made(
            "ram:SpecifiedLineTradeSettlement",
            _line_tax(invoice, line.vat),
            _period(line.first_day, line.last_day),
            _made(
                "ram:SpecifiedTradeSettlementLineMonetarySummation",
                _made("ram:LineTotalAmount", decimal_text(line.amount)),
            ),
            None
            if line.meter is None
            else _made(
                "ram:AdditionalReferencedDocument",
                _made("ram:IssuerAssignedID", line.meter.serial),
                _made("ram:TypeCode", _OBJECT),
                _made("ram:ReferenceTypeCode", _METER),
            ),
        ),
    )


def _shown(line: Line) -> Iterator[Element]:
    """Both indexes, as the meter showed them."""
    if line.meter is None:
        return
    indexes = (line.meter.from_kwh, line.meter.to_kwh)
    for name, value in zip(_INDEXES, indexes, strict=True):
        yield _made(
            "ram:ApplicableProductCharacteristic",
            _made("ram:Description", name),
            _made("ram:Value", decimal_text(value)),
        )


def _line_tax(invoice: Invoice, vat: LineVat) -> Element:
    """Category and rate; EXTENDED wants the reason of an exemption on the line too."""
    reasons = (part.exemption for part in invoice.vat if part.vat == vat)
    is_told = invoice.profile is Profile.EXTENDED
    return _made(
        "ram:ApplicableTradeTax",
        _made("ram:TypeCode", "VAT"),
        _if_any("ram:ExemptionReason", next(reasons, None) if is_told else None),
        _made("ram:CategoryCode", vat.category),
        _made("ram:RateApplicablePercent", decimal_text(vat.rate_percent)),
    )


def _agreement(invoice: Invoice) -> Element:
    return _made(
        "ram:ApplicableHeaderTradeAgreement",
        _if_any("ram:BuyerReference", invoice.buyer.service_code),
        _seller(invoice.seller_name, invoice.seller),
        _buyer(invoice),
        None
        if invoice.engagement_number is None
        else _made(
            "ram:BuyerOrderReferencedDocument",
            _made("ram:IssuerAssignedID", invoice.engagement_number),
        ),
        _made(
            "ram:ContractReferencedDocument",
            _made("ram:IssuerAssignedID", invoice.contract_number),
        ),
        _made(
            "ram:AdditionalReferencedDocument",
            _made("ram:IssuerAssignedID", f"statement.json sha256:{invoice.statement_digest}"),
            _made("ram:TypeCode", _SUPPORTING),
            _made("ram:Name", "DOCUMENT_ANNEXE"),
        ),
    )


def _seller(name: str, seller: Seller) -> Element:
    siret = seller.siret or ""
    return _made(
        "ram:SellerTradeParty",
        _made("ram:GlobalID", siret, schemeID=_SIRET),
        _made("ram:Name", name),
        _if_any("ram:Description", seller.legal_form),
        _organization(siret),
        _made(
            "ram:PostalTradeAddress",
            _if_any("ram:PostcodeCode", seller.postcode),
            _if_any("ram:LineOne", seller.street),
            _if_any("ram:CityName", seller.city),
            _made("ram:CountryID", _COUNTRY),
        ),
        _address(siret),
        _made(
            "ram:SpecifiedTaxRegistration",
            _if_any("ram:ID", seller.vat_number, schemeID="VA"),
        ),
    )


def _buyer(invoice: Invoice) -> Element:
    buyer = invoice.buyer
    lines = dict(zip(("LineOne", "LineTwo", "LineThree"), buyer.lines, strict=False))
    return _made(
        "ram:BuyerTradeParty",
        _made("ram:GlobalID", buyer.siret, schemeID=_SIRET),
        _if_any("ram:GlobalID", buyer.service_code, schemeID=_SERVICE),
        _made("ram:Name", buyer.name),
        _organization(buyer.siret),
        _made(
            "ram:PostalTradeAddress",
            _made("ram:PostcodeCode", buyer.postcode),
            *(_made(f"ram:{name}", text) for name, text in lines.items()),
            _made("ram:CityName", buyer.city),
            _made("ram:CountryID", _COUNTRY),
        ),
        _address(buyer.siret),
        None
        if buyer.vat_number is None
        else _made(
            "ram:SpecifiedTaxRegistration", _made("ram:ID", buyer.vat_number, schemeID="VA")
        ),
    )


def _organization(siret: str) -> Element:
    siren = siret[:_SIREN_DIGITS]
    return _made("ram:SpecifiedLegalOrganization", _made("ram:ID", siren, schemeID=_SIREN))


def _address(siret: str) -> Element:
    siren = siret[:_SIREN_DIGITS]
    return _made("ram:URIUniversalCommunication", _made("ram:URIID", siren, schemeID=_ELECTRONIC))


def _settlement(invoice: Invoice) -> Element:
    seller, totals, preceding = invoice.seller, invoice.totals, invoice.preceding
    return _made(
        "ram:ApplicableHeaderTradeSettlement",
        _made("ram:PaymentReference", invoice.number),
        _made("ram:InvoiceCurrencyCode", invoice.currency),
        _made(
            "ram:SpecifiedTradeSettlementPaymentMeans",
            _made("ram:TypeCode", _SEPA_TRANSFER),
            _made("ram:PayeePartyCreditorFinancialAccount", _if_any("ram:IBANID", seller.iban)),
            None
            if seller.bic is None
            else _made(
                "ram:PayeeSpecifiedCreditorFinancialInstitution", _made("ram:BICID", seller.bic)
            ),
        ),
        *_taxes(invoice),
        _period(invoice.first_day, invoice.last_day),
        _made(
            "ram:SpecifiedTradePaymentTerms",
            _made("ram:Description", invoice.payment_terms),
            None if invoice.due_on is None else _made("ram:DueDateDateTime", _day(invoice.due_on)),
        ),
        _made(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            _made("ram:LineTotalAmount", decimal_text(totals.excl_vat)),
            _made("ram:TaxBasisTotalAmount", decimal_text(totals.excl_vat)),
            _made("ram:TaxTotalAmount", decimal_text(totals.vat), currencyID=invoice.currency),
            _made("ram:GrandTotalAmount", decimal_text(totals.incl_vat)),
            _made("ram:DuePayableAmount", decimal_text(totals.incl_vat)),
        ),
        None
        if preceding is None
        else _made(
            "ram:InvoiceReferencedDocument",
            _made("ram:IssuerAssignedID", preceding.number),
            _made("ram:FormattedIssueDateTime", _day(preceding.issued_on, "qdt")),
        ),
    )


def _taxes(invoice: Invoice) -> Iterator[Element]:
    for part in invoice.vat:
        yield _made(
            "ram:ApplicableTradeTax",
            _made("ram:CalculatedAmount", decimal_text(part.amount)),
            _made("ram:TypeCode", "VAT"),
            _if_any("ram:ExemptionReason", part.exemption),
            _made("ram:BasisAmount", decimal_text(part.base)),
            _made("ram:CategoryCode", part.vat.category),
            _made("ram:RateApplicablePercent", decimal_text(part.vat.rate_percent)),
        )

"""Whether the sums of an invoice agree, and whether it says what a public buyer needs.

Looked at is the XML alone, which whoever received it may have without the statement in the PDF.
The needs of public buyers (CPRO of the French rules) are in no published Schematron.
"""

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from domain.refusal import Refused
from domain.towns.siret import check_siret
from metering.invoices.invoice import Profile
from metering.invoices.reading import AGREEMENT, LINE, SETTLEMENT, Values, numbered

_CENT = Decimal("0.01")
#: A rate may hold on three grounds (heat, standing charge, minimum), each rounded by itself.
_MOST_ROUNDING = Decimal("0.02")
_PERCENT = Decimal(100)
_NUMBER = re.compile(r"[A-Za-z0-9+_/-]{1,35}")
_LONGEST_SERVICE = 100
_TOTALS = f"{SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
_SETTLED = "SpecifiedLineTradeSettlement"


def sum_findings(values: Values) -> list[str]:
    """A sentence for each sum that does not follow from the others."""
    try:
        return [*_of_lines(values), *_of_rates(values), *_of_totals(values)]
    except (KeyError, InvalidOperation, ZeroDivisionError) as error:
        return [f"Its sums cannot be worked out: {error!s} is missing or no number."]


def public_buyer_findings(values: Values, profile: Profile) -> Iterator[str]:
    """A sentence for each thing without which a public buyer rejects it."""
    buyer = f"{AGREEMENT}/BuyerTradeParty"
    known = {
        values.get(f"{place}@schemeID"): values[place]
        for place in numbered(values, f"{buyer}/GlobalID")
        if place in values
    }
    siret = check_siret(known.get("0009", ""))
    if isinstance(siret, Refused):
        yield f"The buyer's SIRET (BT-46, scheme 0009) is wrong or missing: {siret.sentence}"
    service = values.get(f"{AGREEMENT}/BuyerReference")
    if service != known.get("0224") or len(service or "") > _LONGEST_SERVICE:
        yield "The service code in BT-10 and that of scheme 0224 in BT-46 differ, or are too long."
    if ("0224" in known) != (profile is Profile.EXTENDED):
        yield "Two identifiers of the buyer belong into the profile EXTENDED, and into no other."
    if _NUMBER.fullmatch(values.get("ExchangedDocument/ID", "")) is None:
        yield "Its number (BT-1) is not 1 to 35 letters, digits and + - _ /."


def _of_lines(values: Values) -> Iterator[str]:
    for place in numbered(values, LINE):
        price = f"{place}/SpecifiedLineTradeAgreement/NetPriceProductTradePrice"
        quantity = Decimal(values[f"{place}/SpecifiedLineTradeDelivery/BilledQuantity"])
        basis = Decimal(values[f"{price}/BasisQuantity"])
        right = quantity * Decimal(values[f"{price}/ChargeAmount"]) / basis
        told = _line_amount(values, place)
        if told != right.quantize(_CENT, ROUND_HALF_UP):
            number = values[f"{place}/AssociatedDocumentLineDocument/LineID"]
            yield f"Line {number} is {told}, and its quantity and price give {right:.2f}."


def _of_rates(values: Values) -> Iterator[str]:
    for place in numbered(values, f"{SETTLEMENT}/ApplicableTradeTax"):
        rate = Decimal(values[f"{place}/RateApplicablePercent"])
        base = Decimal(values[f"{place}/BasisAmount"])
        amount = Decimal(values[f"{place}/CalculatedAmount"])
        lines = sum(
            (
                _line_amount(values, line)
                for line in numbered(values, LINE)
                if Decimal(values[f"{line}/{_SETTLED}/ApplicableTradeTax/RateApplicablePercent"])
                == rate
            ),
            Decimal(0),
        )
        if base != lines:
            yield f"At {rate} %, VAT is on {base}, and the lines give {lines}."
        if abs(amount - base * rate / _PERCENT) > _MOST_ROUNDING:
            yield f"At {rate} %, VAT is {amount}, and {base} gives {base * rate / _PERCENT:.2f}."


def _of_totals(values: Values) -> Iterator[str]:
    lines = sum((_line_amount(values, item) for item in numbered(values, LINE)), Decimal(0))
    taxes = [
        Decimal(values[f"{item}/CalculatedAmount"])
        for item in numbered(values, f"{SETTLEMENT}/ApplicableTradeTax")
    ]
    tax = sum(taxes, Decimal(0))
    for name, right in (
        ("LineTotalAmount", lines),
        ("TaxBasisTotalAmount", lines),
        ("TaxTotalAmount", tax),
        ("GrandTotalAmount", lines + tax),
        ("DuePayableAmount", lines + tax),
    ):
        told = Decimal(values[f"{_TOTALS}/{name}"])
        if told != right:
            yield f"{name} is {told}, and the lines and their VAT give {right}."


def _line_amount(values: Values, place: str) -> Decimal:
    monetary = "SpecifiedTradeSettlementLineMonetarySummation"
    return Decimal(values[f"{place}/{_SETTLED}/{monetary}/LineTotalAmount"])

"""A statement as a plain document: every figure, and every input from which it follows."""

from decimal import Decimal
from typing import Any

from domain.calendar import months, paris
from domain.refusal import Refused
from domain.units import HOUR_S
from metering.contracts.contract import outside
from metering.contracts.document import contract_to_plain
from metering.contracts.tariffs import Vat
from metering.statements.amounts import CENT, Amounts, Charge, amounts_of
from metering.statements.canonical import sealed
from metering.statements.inputs import HeatLine, Kind, StatementInputs, doubt_of
from metering.statements.meter_notes import notes_to_plain

FORMAT = "chaufferie-statement/2"
#: As it was before statements said what they say of meters besides their lines.
FIRST_FORMAT = "chaufferie-statement/1"
#: Named in each document, so that a later change of the rules leaves older ones verifiable.
RULES = "half-up-cents-per-line/1"
TIME_ZONE = "Europe/Paris"
_LONGEST_DECIMALS = 6


def statement_document(inputs: StatementInputs) -> dict[str, Any] | Refused:
    """The document of a month, sealed with its digest."""
    refused = outside(inputs.contract, inputs.month)
    if refused is not None:
        return refused
    for line in inputs.lines:
        refused = doubt_of(line)
        if refused is not None:
            return refused
    return worked_out(inputs)


def worked_out(inputs: StatementInputs) -> dict[str, Any]:
    """What follows from these inputs, doubtful or not; the month is one of the contract's.

    Raises ``ValueError`` where a sum is too large for a document.
    """
    amounts = amounts_of(inputs)
    sign = -1 if inputs.heading.kind is Kind.CREDIT_NOTE else 1
    lines = sorted(inputs.lines, key=lambda item: item.order)
    notes = inputs.notes
    return sealed(
        {
            "format": FIRST_FORMAT if notes is None else FORMAT,
            **({} if notes is None else {"meters": notes_to_plain(notes)}),
            "rules": RULES,
            **_heading(inputs),
            "contract": {
                "version": inputs.contract_version,
                "terms": contract_to_plain(inputs.contract),
            },
            "period": _period(inputs.month),
            "price": _price(inputs),
            "sources": [
                {"site_id": item.site_id, "site": item.site, "ledger_digest": item.ledger_digest}
                for item in sorted(inputs.sources)
            ],
            "lines": [
                _line(number, line, price, sign * amount)
                for number, (line, price, amount) in enumerate(
                    zip(lines, amounts.prices, amounts.of_lines, strict=True), start=1
                )
            ],
            "charges": [_charge(item, sign) for item in amounts.charges],
            "year": _year(inputs, amounts),
            "totals": _totals(amounts, sign * sum(item.line.energy_wh for item in lines), sign),
        }
    )


def decimal_text(value: Decimal) -> str:
    """A decimal as it stands in a document: no exponent, and no sign on nothing."""
    return format(value or abs(value), "f")


def mwh_text(energy_wh: int) -> str:
    """Watt-hours as megawatt-hours, exactly."""
    return decimal_text(Decimal(energy_wh).scaleb(-_LONGEST_DECIMALS))


def _heading(inputs: StatementInputs) -> dict[str, Any]:
    heading = inputs.heading
    corrects = heading.corrects
    return {
        "kind": heading.kind.value,
        "number": heading.number,
        "issued_on": heading.issued_on,
        "corrects": None
        if corrects is None
        else {
            "number": corrects.number,
            "issued_on": corrects.issued_on,
            "digest_sha256": corrects.digest_sha256,
        },
        "reason": heading.reason,
        "software": heading.software,
    }


def _period(month: int) -> dict[str, Any]:
    begin_s, end_s = months.begin_of(month), months.begin_of(months.after(month))
    return {
        "month": months.write_month(month),
        "from": paris.write_instant(begin_s),
        "to": paris.write_instant(end_s),
        "hours": round((end_s - begin_s) / HOUR_S),
        "time_zone": TIME_ZONE,
    }


def _price(inputs: StatementInputs) -> dict[str, Any]:
    """How the month's price of a MWh comes about."""
    tariff = inputs.contract.tariff_of(inputs.month)
    indexation = tariff.indexation
    revision = None if indexation is None else indexation.revision_of(inputs.month)
    return {
        "tariff_from": tariff.valid_from.isoformat(),
        "base_per_mwh": decimal_text(tariff.price_per_mwh),
        "coefficient": None
        if indexation is None
        else decimal_text(indexation.coefficient(inputs.month)),
        "revision_from": None if revision is None else revision.valid_from.isoformat(),
        "per_mwh": decimal_text(tariff.price_in(inputs.month)),
    }


def _line(number: int, heat_line: HeatLine, price: Decimal, amount: Decimal) -> dict[str, Any]:
    line = heat_line.line
    return {
        "line": number,
        "ledger_line": line.line_id,
        "site_id": heat_line.site_id,
        "site": heat_line.site,
        "meter": line.meter_serial,
        "epoch": line.epoch,
        "about_month": months.write_month(line.about_month),
        "from_index_wh": line.from_index_wh,
        "from_at": paris.write_instant(line.from_at_s),
        "to_index_wh": line.to_index_wh,
        "to_at": paris.write_instant(line.to_at_s),
        "energy_wh": line.energy_wh,
        "marks": [mark.value for mark in sorted(line.marks)],
        "adjusts_ledger_line": line.adjusts_line_id,
        "tolerance": None if line.tolerance_frac is None else repr(line.tolerance_frac),
        "price_per_mwh": decimal_text(price),
        "amount": decimal_text(amount),
    }


def _charge(charge: Charge, sign: int) -> dict[str, Any]:
    return {
        "kind": charge.kind.value,
        "quantity_wh": charge.quantity_wh,
        "unit_price": decimal_text(charge.unit_price),
        "amount": decimal_text(sign * charge.amount),
        "vat": _vat(charge.vat),
    }


def _vat(vat: Vat) -> dict[str, Any]:
    return {
        "rate_percent": decimal_text(vat.rate_percent),
        "legal_ground": vat.legal_ground,
        "stated_on": vat.stated_on.isoformat(),
    }


def _year(inputs: StatementInputs, amounts: Amounts) -> dict[str, Any]:
    year = amounts.year
    return {
        "first_month": months.write_month(year.first_month),
        "earlier": [
            {
                "month": months.write_month(item.month),
                "number": item.number,
                "digest_sha256": item.digest_sha256,
                "energy_wh": item.energy_wh,
            }
            for item in sorted(inputs.earlier)
        ],
        "before_wh": year.before_wh,
        "with_this_wh": year.with_this_wh,
        "above_ceiling_wh": year.above_ceiling_wh,
        "below_minimum_wh": year.below_minimum_wh,
    }


def _totals(amounts: Amounts, energy_wh: int, sign: int) -> dict[str, Any]:
    return {
        "energy_wh": energy_wh,
        "excl_vat": decimal_text(sign * amounts.excl_vat),
        "vat": [
            {
                **_vat(item.vat),
                "base": decimal_text(sign * item.base),
                "amount": decimal_text(sign * item.amount),
            }
            for item in amounts.vat_sums
        ],
        "vat_total": decimal_text(sign * (amounts.incl_vat - amounts.excl_vat)),
        "incl_vat": decimal_text((sign * amounts.incl_vat).quantize(CENT)),
    }

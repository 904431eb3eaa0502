"""A statement as a table for spreadsheets and for programs that follow energy bills.

The columns are those that the tools of French towns read, one row for each line, charge and rate
of tax.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.languages import Language
from metering.papers.cells import Cell, csv_text, kwh
from metering.statements.document import mwh_text
from metering.statements.inputs import Kind

COLUMNS = (
    "site",
    "meter",
    "component",
    "period_start",
    "period_end",
    "index_start",
    "index_end",
    "quantity",
    "unit",
    "unit_price",
    "amount_excl_vat",
    "vat_rate",
    "invoice_no",
)


def table(document: Mapping[str, Any], language: Language) -> str:
    """The table of a document."""
    return csv_text(COLUMNS, rows(document), language)


def rows(document: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """One for each line and charge of a document."""
    sign = -1 if document["kind"] == Kind.CREDIT_NOTE else 1
    heat_vat = document["contract"]["terms"]["heat_vat"]["rate_percent"]
    number, period = document["number"], document["period"]
    for line in document["lines"]:
        yield (
            line["site"],
            line["meter"],
            "heat",
            line["from_at"],
            line["to_at"],
            kwh(line["from_index_wh"]),
            kwh(line["to_index_wh"]),
            Decimal(mwh_text(sign * line["energy_wh"])),
            "MWh",
            Decimal(line["price_per_mwh"]),
            Decimal(line["amount"]),
            Decimal(heat_vat),
            number,
        )
    for charge in document["charges"]:
        is_volume = charge["quantity_wh"] is not None
        quantity = mwh_text(charge["quantity_wh"]) if is_volume else "1"
        yield (
            None,
            None,
            charge["kind"],
            period["from"],
            period["to"],
            None,
            None,
            sign * Decimal(quantity),
            "MWh" if is_volume else "month",
            Decimal(charge["unit_price"]),
            Decimal(charge["amount"]),
            Decimal(charge["vat"]["rate_percent"]),
            number,
        )

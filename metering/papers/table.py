"""A statement as a table for spreadsheets and for programs that follow energy bills.

The columns are those that the tools of French towns read, one row for each line, charge and rate
of tax.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from metering.papers.words import Language
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
#: Spreadsheets take text that begins so for a formula; a tab and a return stand for what follows.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BOM = "\ufeff"
_KWH_EXPONENT = -3


def table(document: Mapping[str, Any], language: Language) -> str:
    """CSV with semicolons; in French with decimal commas, and marked as UTF-8 for Excel."""
    is_french = language is Language.FRENCH
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(document):
        writer.writerow([_cell(value, is_french=is_french) for value in row])
    return (_BOM if is_french else "") + out.getvalue()


def _rows(document: Mapping[str, Any]) -> Iterator[Sequence[str | Decimal | None]]:
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
            Decimal(line["from_index_wh"]).scaleb(_KWH_EXPONENT),
            Decimal(line["to_index_wh"]).scaleb(_KWH_EXPONENT),
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


def _cell(value: str | Decimal | None, *, is_french: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.replace(".", ",") if is_french else text
    return f"'{value}" if value.startswith(_FORMULA) else value

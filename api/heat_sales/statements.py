"""What contracts and statements look like outside, and the forms in which a document is given."""

import json
from enum import StrEnum
from typing import Any

from fastapi import Response

from domain.calendar import paris
from domain.calendar.months import write_month
from domain.languages import Language
from metering.papers.page import page
from metering.papers.table import table
from store.contracts.contracts import ContractRow
from store.statements.invoices import InvoiceRow
from store.statements.statements import CREDIT_NOTE, StatementRow

#: A page of ours needs nothing but its own style, from nowhere.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_CSV, _PDF, _JSON = "text/csv; charset=utf-8", "application/pdf", "application/json"
_XML = "application/xml"


class InvoiceForm(StrEnum):
    """A form of an invoice."""

    PDF = "pdf"  #: With the XML and the statement in it: what is sent to the buyer.
    XML = "xml"


class Form(StrEnum):
    """A form of a document."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


def contract_view(row: ContractRow) -> dict[str, Any]:
    """A contract in its newest version."""
    return {
        "reference": row.reference,
        "collectivity_id": row.collectivity_id,
        "collectivity": row.collectivity,
        "version": row.version,
        "reason": row.reason,
        "made_at_s": row.made_at_s,
        "terms": row.terms,
    }


def statement_view(row: StatementRow) -> dict[str, Any]:
    """A document in a list."""
    return {
        "number": row.number,
        "contract": row.contract,
        "month": write_month(row.month),
        "kind": row.kind,
        "state": "corrected" if row.is_corrected else "issued",
        "corrects": row.corrects,
        "contract_version": row.contract_version,
        "energy_wh": row.energy_wh,
        "digest_sha256": row.digest,
        "issued_on": paris.date_at(row.issued_at_s),
    }


def invoice_view(row: InvoiceRow, of: StatementRow) -> dict[str, Any]:
    """An invoice in a list, with what it is of."""
    return {
        "number": row.number,
        "statement": row.statement,
        "contract": of.contract,
        "month": write_month(of.month),
        "kind": "credit-note" if of.kind == CREDIT_NOTE else "invoice",
        "profile": row.profile,
        "digest_sha256": row.digest,
        "has_pdf": row.has_pdf,
        "issued_on": paris.date_at(row.issued_at_s),
    }


def written(document: bytes, form: Form, language: Language, name: str) -> Response:
    """A document in a form that follows from it; its PDF is made elsewhere."""
    if form is Form.JSON:
        return _file(document, _JSON, f"{name}.json")
    plain = json.loads(document)
    if form is Form.CSV:
        return csv_answer(table(plain, language), name)
    return Response(
        page(plain, language), media_type="text/html; charset=utf-8", headers=dict(_HEADERS)
    )


def csv_answer(text: str, name: str) -> Response:
    """A table to be saved."""
    return _file(text.encode("utf-8"), _CSV, f"{name}.csv")


def pdf_answer(pdf: bytes, name: str) -> Response:
    """The PDF of a document."""
    return _file(pdf, _PDF, f"{name}.pdf")


def xml_answer(xml: bytes, name: str) -> Response:
    """The XML of an invoice."""
    return _file(xml, _XML, f"{name}.xml")


def _file(content: bytes, media_type: str, name: str) -> Response:
    """Bytes to be saved under a name."""
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)

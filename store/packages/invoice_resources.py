"""Invoices of what a collectivity bought, as they were issued: XML, PDF, number."""

from typing import Any

from sqlalchemy import Select, insert, select

from store.packages.resource import Arrival, Resource, Row, integer, number, selected, text
from store.packages.scope import Scope
from store.statements.invoice_tables import invoice, invoice_paper
from store.statements.statement_tables import statement


def xml_path(number_: str) -> str:
    """Where the XML of an invoice lies in the package."""
    return f"invoices/{number_}.xml"


def pdf_path(number_: str) -> str:
    """Where the PDF of an invoice lies in the package."""
    return f"invoices/{number_}.pdf"


def xmls_of(scope: Scope) -> Select[Any]:
    """The XML of each invoice, by its number."""
    return _owned(select(invoice.c.number, invoice.c.document), scope)


def pdfs_of(scope: Scope) -> Select[Any]:
    """The PDF of each invoice, by its number."""
    chosen = select(invoice.c.number, invoice_paper.c.pdf)
    return _owned(chosen.join(invoice_paper, invoice_paper.c.invoice_id == invoice.c.id), scope)


def _owned(query: Select[Any], scope: Scope) -> Select[Any]:
    return (
        query.join(statement, statement.c.id == invoice.c.statement_id)
        .where(statement.c.contract_id.in_(scope.contract_ids))
        .order_by(invoice.c.number)
    )


def _invoices(scope: Scope) -> Select[Any]:
    columns = ("number", "series", "series_number", "profile", "digest", "actor", "issued_at_s")
    chosen = select(
        statement.c.number.label("statement"),
        *(invoice.c[name] for name in columns),
        invoice_paper.c.made_at_s.label("pdf_made_at_s"),
    ).outerjoin(invoice_paper, invoice_paper.c.invoice_id == invoice.c.id)
    return _owned(chosen, scope)


def _add_invoices(arrival: Arrival, rows: list[Row]) -> None:
    connection = arrival.tx.connection
    for row in rows:
        made_at_s, number_ = row.pop("pdf_made_at_s"), row["number"]
        values = {
            **row,
            "document": arrival.file(xml_path(number_)).decode("utf-8"),
            "statement_id": arrival.numbers.statements[row["statement"]],
        }
        del values["statement"]
        made = insert(invoice).values(values).returning(invoice.c.id)
        new_id = connection.execute(made).scalar_one()
        if made_at_s is not None:
            pdf = arrival.file(pdf_path(number_))
            values = {"invoice_id": new_id, "pdf": pdf, "made_at_s": made_at_s}
            connection.execute(insert(invoice_paper), values)


INVOICES = Resource(
    name="invoices",
    description="Invoices of statements; each lies in invoices/NUMBER.xml and, made, in .pdf",
    fields=(
        text("statement", "Number of its statement or credit note"),
        text("number", "Its own"),
        text("series", "Its series"),
        integer("series_number", "Its number in the series"),
        text("profile", "en16931 or extended"),
        text("digest", "SHA-256 of its XML"),
        text("actor", "Who issued it, by the key of that installation"),
        number("issued_at_s", "When, Unix time [s]"),
        number("pdf_made_at_s", "When its PDF was made, Unix time [s]", required=False),
    ),
    read=selected(_invoices),
    add=_add_invoices,
    unique=(("number", invoice.c.number, "invoice"),),
    is_required=False,
)

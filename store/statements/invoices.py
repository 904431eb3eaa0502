"""Invoices as they were issued, one for a statement at the most, under numbers without a gap."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from store.rows import AnyRow
from store.statements.invoice_tables import invoice, invoice_paper
from store.statements.statement_tables import statement
from store.statements.statements import Number
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """An invoice to be kept for good."""

    statement_id: int
    number: Number
    profile: str
    document: bytes  #: XML.
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice as it was issued."""

    invoice_id: int
    statement_id: int
    statement: str
    number: str
    profile: str
    digest: str
    issued_at_s: float
    has_pdf: bool


def add_invoice(tx: Transaction, new: NewInvoice, actor: str) -> int:
    """Keep an invoice for good."""
    values = {
        "statement_id": new.statement_id,
        "number": new.number.text,
        "series": new.number.series,
        "series_number": new.number.series_number,
        "profile": new.profile,
        "document": new.document.decode("utf-8"),
        "digest": new.digest,
        "actor": actor,
        "issued_at_s": tx.now_s,
    }
    made = insert(invoice).values(values).returning(invoice.c.id)
    new_id = int(tx.connection.execute(made).scalar_one())
    tx.audited(
        actor=actor,
        action="invoice.issue",
        subject=f"invoice/{new.number.text}",
        detail=new.digest,
    )
    return new_id


def invoices(connection: Connection) -> list[InvoiceRow]:
    """Every invoice in the order of issue."""
    return [_row(row) for row in connection.execute(_described().order_by(invoice.c.id))]


def find_invoice(connection: Connection, number: str) -> InvoiceRow | None:
    """The invoice of this number, or of the statement of this number."""
    named = or_(invoice.c.number == number, statement.c.number == number)
    found = connection.execute(_described().where(named)).one_or_none()
    return None if found is None else _row(found)


def document_of(connection: Connection, invoice_id: int) -> bytes:
    """The XML, as it was issued."""
    query = select(invoice.c.document).where(invoice.c.id == invoice_id)
    return str(connection.execute(query).scalar_one()).encode("utf-8")


def has_series(connection: Connection, series: str) -> bool:
    """Whether invoices are numbered by this series."""
    query = select(invoice.c.id).where(invoice.c.series == series).limit(1)
    return connection.execute(query).first() is not None


def keep_pdf(tx: Transaction, invoice_id: int, pdf: bytes) -> None:
    """Keep the PDF; whoever made it first has made it."""
    dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
    values = {"invoice_id": invoice_id, "pdf": pdf, "made_at_s": tx.now_s}
    tx.connection.execute(dialect.insert(invoice_paper).values(values).on_conflict_do_nothing())


def pdf_of(connection: Connection, invoice_id: int) -> bytes | None:
    """The PDF of an invoice; None while it is not made."""
    query = select(invoice_paper.c.pdf).where(invoice_paper.c.invoice_id == invoice_id)
    found = connection.execute(query).scalar()
    return None if found is None else bytes(found)


def lacking_pdf(connection: Connection, at_most: int) -> list[InvoiceRow]:
    """Invoices whose PDF is to be made, oldest first."""
    query = _described().where(invoice_paper.c.invoice_id.is_(None)).order_by(invoice.c.id)
    return [_row(row) for row in connection.execute(query.limit(at_most))]


def _described() -> Select[Any]:
    return (
        select(
            invoice.c.id,
            invoice.c.statement_id,
            statement.c.number.label("statement"),
            invoice.c.number,
            invoice.c.profile,
            invoice.c.digest,
            invoice.c.issued_at_s,
            invoice_paper.c.invoice_id.is_not(None).label("has_pdf"),
        )
        .join(statement, statement.c.id == invoice.c.statement_id)
        .outerjoin(invoice_paper, invoice_paper.c.invoice_id == invoice.c.id)
    )


def _row(row: AnyRow) -> InvoiceRow:
    return InvoiceRow(
        invoice_id=row.id,
        statement_id=row.statement_id,
        statement=row.statement,
        number=row.number,
        profile=row.profile,
        digest=row.digest,
        issued_at_s=row.issued_at_s,
        has_pdf=row.has_pdf,
    )

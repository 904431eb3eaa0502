"""A statement is invoiced: once, under the next number, after all that could be refused."""

import hashlib
from dataclasses import dataclass, replace

from domain.calendar import paris
from domain.refusal import Refused
from metering.books.issuing import unknown_statement
from metering.invoices import published
from metering.invoices.cii import cii_of
from metering.invoices.invoice import Invoice, Preceding
from metering.invoices.making import InvoiceHeading, invoice_of
from metering.invoices.seller import Seller, lacking
from metering.statements.inputs import Kind
from metering.statements.verify import parse
from store.contracts import contracts
from store.rows import Connection
from store.statements import invoices, statements
from store.statements.invoices import InvoiceRow, NewInvoice
from store.statements.statements import StatementRow
from store.transaction import Transaction

_YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoiced:
    """The invoice of a statement."""

    row: InvoiceRow
    is_new: bool  #: Whether it was issued just now, and not before.


def issue(tx: Transaction, number: str, seller: Seller, actor: str) -> Invoiced | Refused:
    """Issue the invoice of a statement; one that was issued before is given again."""
    if not published.can_check():
        return published.UNAVAILABLE
    row = statements.find_statement(tx.connection, number)
    if row is None:
        return unknown_statement(number)
    contracts.locked_contract(tx, row.contract)  # nobody invoices or corrects it from here on
    row = statements.find_statement(tx.connection, number) or row
    found = invoices.find_invoice(tx.connection, row.number)
    if found is not None:
        return Invoiced(row=found, is_new=False)
    takes_back = _takes_back(tx.connection, row)
    refused = takes_back if isinstance(takes_back, Refused) else _other_series(tx, seller)
    if refused is not None:
        return refused
    assert not isinstance(takes_back, Refused)  # noqa: S101 - just returned
    made = _tried(tx, row, seller, takes_back)
    return made if isinstance(made, Refused) else _keep(tx, row, made, actor)


def _keep(tx: Transaction, row: StatementRow, tried: Invoice, actor: str) -> Invoiced:
    """Number an invoice that is known to be fit, and keep it."""
    number = statements.take_number(tx, _series(tx, tried.seller))
    invoice = replace(tried, number=number.text)
    document = cii_of(invoice)
    new = NewInvoice(
        statement_id=row.statement_id,
        number=number,
        profile=invoice.profile.value,
        document=document,
        digest=hashlib.sha256(document).hexdigest(),
    )
    invoices.add_invoice(tx, new, actor)
    made = invoices.find_invoice(tx.connection, number.text)
    assert made is not None  # noqa: S101 - it was just added
    return Invoiced(row=made, is_new=True)


def _tried(
    tx: Transaction, row: StatementRow, seller: Seller, takes_back: Preceding | None
) -> Invoice | Refused:
    """The invoice under a number that nothing bears, held to the schema."""
    document = parse(statements.document_of(tx.connection, row.statement_id))
    if isinstance(document, Refused):
        return document
    series = _series(tx, seller)
    heading = InvoiceHeading(
        number=f"{series}-00000", issued_on=paris.date_at(tx.now_s), takes_back=takes_back
    )
    made = invoice_of(document, seller, heading)
    if isinstance(made, Refused):
        return made
    findings = published.schema_findings(cii_of(made), made.profile)
    if findings:
        return Refused(code="invoice.schema", sentence=f"{row.number}: {findings[0]}")
    return made


def _takes_back(connection: Connection, row: StatementRow) -> Preceding | Refused | None:
    """The invoice that this takes back, if it is a credit note; refused out of order."""
    first = None if row.corrects is None else invoices.find_invoice(connection, row.corrects)
    if row.kind == Kind.CREDIT_NOTE:
        if first is None:
            return _refused(
                "nothing_to_take_back",
                f"{row.corrects} was never invoiced, so that {row.number} has no invoice to take "
                "back; invoice the statement that holds.",
            )
        issued_on = paris.date_at(first.issued_at_s)
        return Preceding(number=first.number, issued_on=issued_on)
    if row.is_corrected:
        return _refused(
            "taken_back",
            f"{row.number} was taken back by a credit note; invoice the one that holds.",
        )
    if first is not None:
        note = _note_of(connection, row)
        if invoices.find_invoice(connection, note) is None:
            return _refused(
                "note_first",
                f"{row.corrects} was invoiced: issue the credit note first, with: chaufferie "
                f"invoice issue {note}",
            )
    return None


def _note_of(connection: Connection, row: StatementRow) -> str:
    """The credit note that came with a statement which took another's place."""
    issued = statements.statements(connection, contract_id=row.contract_id)
    return next(
        item.number
        for item in issued
        if item.kind == Kind.CREDIT_NOTE and item.corrects == row.corrects
    )


def _other_series(tx: Transaction, seller: Seller) -> Refused | None:
    """A refusal while the seller is not described, or where statements have such numbers."""
    refused = lacking(seller)
    if refused is None and statements.has_series(tx.connection, _series(tx, seller)):
        return _refused(
            "series",
            f"Statements are numbered {seller.invoice_prefix} too; choose another invoice_prefix "
            "in [seller] of the operator's file, so that the numbers of invoices have no gap.",
        )
    return refused


def _series(tx: Transaction, seller: Seller) -> str:
    return f"{seller.invoice_prefix}-{paris.date_at(tx.now_s)[:_YEAR_DIGITS]}"


def _refused(what: str, sentence: str) -> Refused:
    return Refused(code=f"invoice.{what}", sentence=sentence)

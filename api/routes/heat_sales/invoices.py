"""Invoices of statements, as Factur-X: issued once, then only read."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.heat_sales.statements import InvoiceForm, invoice_view, pdf_answer, xml_answer
from api.names import STATEMENT_NUMBER
from api.problems import Problem, not_found
from api.routes.heat_sales.contracts import refused_problem
from api.security import ServicesOf, StatementsReader, StatementsWriter
from api.services import Services
from domain.access import Principal
from domain.refusal import Refused
from metering.books import invoicing
from store.contracts import contracts
from store.rows import Connection
from store.statements import invoices, statements
from store.statements.invoices import InvoiceRow
from store.statements.statements import StatementRow

router = APIRouter(prefix="/v1/invoices", tags=["invoices"])

Numbered = Annotated[str, Path(max_length=40, pattern=STATEMENT_NUMBER)]
_NO_PDF = Refused(
    code="pdf.not_made",
    sentence="The worker has not made this PDF yet; ask again in some minutes. Where it stays so, "
    "the worker's log says what it lacks; the XML is there.",
)


class InvoiceIn(BaseModel):
    """The statement, or the credit note, that is to be invoiced."""

    model_config = ConfigDict(extra="forbid")

    statement: str = Field(max_length=40, pattern=STATEMENT_NUMBER)


async def _invoice(
    services: Services, principal: Principal, number: str
) -> tuple[InvoiceRow, StatementRow]:
    def look(connection: Connection) -> tuple[InvoiceRow, StatementRow] | None:
        row = invoices.find_invoice(connection, number)
        if row is None:
            return None
        of = statements.find_statement(connection, row.statement, site_ids=principal.site_ids)
        return None if of is None else (row, of)

    found = await services.read(look)
    if found is None:
        raise not_found("invoice")
    return found


@router.get("")
async def show_invoices(
    services: ServicesOf,
    principal: StatementsReader,
    contract: Annotated[str | None, Query(max_length=50)] = None,
) -> dict[str, Any]:
    """What was invoiced, oldest first."""

    def look(connection: Connection) -> list[dict[str, Any]] | None:
        contract_id = None
        if contract is not None:
            row = contracts.find_contract(connection, contract, site_ids=principal.site_ids)
            if row is None:
                return None
            contract_id = row.contract_id
        seen = statements.statements(
            connection, contract_id=contract_id, site_ids=principal.site_ids
        )
        known = {item.statement_id: item for item in seen}
        return [
            invoice_view(item, known[item.statement_id])
            for item in invoices.invoices(connection)
            if item.statement_id in known
        ]

    found = await services.read(look)
    if found is None:
        raise not_found("contract")
    return {"invoices": found}


@router.post("", status_code=201)
async def issue_invoice(
    body: InvoiceIn, services: ServicesOf, principal: StatementsWriter, response: Response
) -> dict[str, Any]:
    """Issue the invoice of a statement; 200 with the same invoice where there is one already."""
    made = await services.write(
        lambda tx: invoicing.issue(
            tx, body.statement, services.operator_file.seller, principal.actor
        )
    )
    if isinstance(made, Refused):
        raise refused_problem(made)
    response.status_code = 201 if made.is_new else 200
    row, of = await _invoice(services, principal, made.row.number)
    return {**invoice_view(row, of), "is_new": made.is_new}


@router.get("/{number}")
async def show_invoice(
    number: Numbered, services: ServicesOf, principal: StatementsReader
) -> dict[str, Any]:
    """One invoice, by its own number or by that of its statement."""
    return invoice_view(*await _invoice(services, principal, number))


@router.get("/{number}/document")
async def show_document(
    number: Numbered,
    services: ServicesOf,
    principal: StatementsReader,
    form: InvoiceForm = InvoiceForm.PDF,
) -> Response:
    """The invoice itself: the PDF for the buyer, or the XML alone."""
    row, _ = await _invoice(services, principal, number)
    if form is InvoiceForm.XML:
        xml = await services.read(
            lambda connection: invoices.document_of(connection, row.invoice_id)
        )
        return xml_answer(xml, row.number)
    pdf = await services.read(lambda connection: invoices.pdf_of(connection, row.invoice_id))
    if pdf is None:
        raise Problem(409, _NO_PDF)
    return pdf_answer(pdf, row.number)

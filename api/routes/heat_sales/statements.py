"""Statements and credit notes as they were issued, in every form, and their correction."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict

from api.heat_sales.statements import Form, pdf_answer, statement_view, written
from api.names import STATEMENT_NUMBER
from api.problems import Problem, not_found
from api.routes.heat_sales.contracts import Reason, refused_problem
from api.security import ServicesOf, StatementsReader, StatementsWriter
from api.services import Services
from domain.access import Principal
from domain.calendar.months import parse_month
from domain.languages import Language
from domain.refusal import Refused
from metering.books import issuing
from store.contracts import contracts
from store.rows import Connection
from store.statements import papers, statements
from store.statements.statements import StatementRow

router = APIRouter(prefix="/v1/statements", tags=["statements"])

Numbered = Annotated[str, Path(max_length=40, pattern=STATEMENT_NUMBER)]
_NO_PDF = Refused(
    code="pdf.not_made",
    sentence="The worker has not made this PDF yet; ask again in some minutes. Where it stays so, "
    "the worker's log says what it lacks; page, CSV and JSON are there.",
)


class CorrectionIn(BaseModel):
    """Why a statement is taken back and issued anew."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


async def _statement(services: Services, principal: Principal, number: str) -> StatementRow:
    row = await services.read(
        lambda connection: statements.find_statement(
            connection, number, site_ids=principal.site_ids
        )
    )
    if row is None:
        raise not_found("statement")
    return row


@router.get("")
async def show_statements(
    services: ServicesOf,
    principal: StatementsReader,
    contract: Annotated[str | None, Query(max_length=50)] = None,
    month: Annotated[str | None, Query(max_length=7)] = None,
) -> dict[str, Any]:
    """What was issued, oldest first."""
    wanted = None if month is None else parse_month(month)
    if month is not None and wanted is None:
        refusal = Refused(
            code="statement.month", sentence="month is no month; write for instance 2026-01."
        )
        raise Problem(422, refusal)

    def query(connection: Connection) -> list[StatementRow] | None:
        contract_id = None
        if contract is not None:
            row = contracts.find_contract(connection, contract, site_ids=principal.site_ids)
            if row is None:
                return None
            contract_id = row.contract_id
        return statements.statements(
            connection, contract_id=contract_id, month=wanted, site_ids=principal.site_ids
        )

    rows = await services.read(query)
    if rows is None:
        raise not_found("contract")
    return {"statements": [statement_view(row) for row in rows]}


@router.get("/{number}")
async def show_statement(
    number: Numbered, services: ServicesOf, principal: StatementsReader
) -> dict[str, Any]:
    """One document: what it is, and its digest."""
    return statement_view(await _statement(services, principal, number))


@router.get("/{number}/document")
async def show_document(
    number: Numbered,
    services: ServicesOf,
    principal: StatementsReader,
    form: Form = Form.JSON,
    language: Annotated[Language, Query()] = Language.FRENCH,
) -> Response:
    """The document itself: its canonical JSON, or a page, a table or a PDF of it."""
    row = await _statement(services, principal, number)
    if form is Form.PDF:
        pdf = await services.read(
            lambda connection: papers.pdf_of(connection, row.statement_id, language.value)
        )
        if pdf is None:
            raise Problem(409, _NO_PDF)
        return pdf_answer(pdf, number)
    document = await services.read(
        lambda connection: statements.document_of(connection, row.statement_id)
    )
    return written(document, form, language, number)


@router.post("/{number}/correction", status_code=201)
async def correct_statement(
    number: Numbered, body: CorrectionIn, services: ServicesOf, principal: StatementsWriter
) -> dict[str, Any]:
    """Take a statement back by a credit note and issue it anew."""
    made = await services.write(
        lambda tx: issuing.correct(tx, number, body.reason, principal.actor)
    )
    if isinstance(made, Refused):
        raise refused_problem(made)
    note, anew = made
    return {"credit_note": note.number, "statement": anew.number}

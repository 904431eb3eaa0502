"""Contracts on heat, the draft of their next statement, and its issue."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.heat_sales.statements import (
    Form,
    contract_view,
    csv_answer,
    statement_view,
    written,
)
from api.names import CONTRACT_REFERENCE, ONE_LINE
from api.problems import Problem, not_found
from api.security import ServicesOf, StatementsReader, StatementsWriter
from api.services import Services
from domain.access import Principal
from domain.calendar.months import parse_month, write_month
from domain.languages import Language
from domain.refusal import Refused
from metering.books import contracting, drafting, issuing, yearly
from metering.contracts.contract import Contract
from metering.papers.year_sheet import year_sheet
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.statements import drafts, statements
from store.transaction import Transaction

router = APIRouter(prefix="/v1/contracts", tags=["contracts"])

_CONFLICTS = frozenset(
    {
        *("contract.exists", "contract.overlap", "contract.same"),
        *("statement.order", "statement.same", "statement.series"),
        *("invoice.note_first", "invoice.nothing_to_take_back", "invoice.series"),
        *("invoice.taken_back", "invoice.unavailable"),
    }
)
_ABSENT = frozenset({"contract.unknown", "statement.unknown"})
Reference = Annotated[str, Path(max_length=50, pattern=CONTRACT_REFERENCE)]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=ONE_LINE)]


class AmendmentIn(BaseModel):
    """New terms of a contract and why."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    terms: Contract


class IssueIn(BaseModel):
    """The month whose statement is to be issued."""

    model_config = ConfigDict(extra="forbid")

    month: str = Field(max_length=7)


def refused_problem(refused: Refused) -> Problem:
    """How a refusal of the books is answered."""
    if refused.code in _ABSENT:
        return Problem(404, refused)
    return Problem(409 if refused.code in _CONFLICTS else 422, refused)


async def _contract(services: Services, principal: Principal, reference: str) -> ContractRow:
    row = await services.read(
        lambda connection: contracts.find_contract(
            connection, reference, site_ids=principal.site_ids
        )
    )
    if row is None:
        raise not_found("contract")
    return row


@router.get("")
async def show_contracts(services: ServicesOf, principal: StatementsReader) -> dict[str, Any]:
    """The contracts in their newest versions."""
    rows = await services.read(
        lambda connection: contracts.contracts(connection, site_ids=principal.site_ids)
    )
    return {"contracts": [contract_view(row) for row in rows]}


@router.post("", status_code=201)
async def add_contract(
    body: Contract, services: ServicesOf, principal: StatementsWriter
) -> dict[str, Any]:
    """Take a contract."""
    made = await services.write(lambda tx: contracting.add_contract(tx, body, principal.actor))
    if isinstance(made, Refused):
        raise refused_problem(made)
    return {"reference": body.reference, "version": 1}


@router.get("/{reference}")
async def show_contract(
    reference: Reference, services: ServicesOf, principal: StatementsReader
) -> dict[str, Any]:
    """One contract in its newest version, and the month whose statement comes next."""
    row = await _contract(services, principal, reference)
    contract = contracting.contract_of(row)
    if isinstance(contract, Refused):
        raise refused_problem(contract)
    month = await services.read(lambda connection: drafting.next_month(connection, row, contract))
    return {**contract_view(row), "next_month": write_month(month)}


@router.get("/{reference}/versions")
async def show_versions(
    reference: Reference, services: ServicesOf, principal: StatementsReader
) -> dict[str, Any]:
    """Every version of a contract, oldest first."""
    row = await _contract(services, principal, reference)
    found = await services.read(
        lambda connection: contracts.versions_of(connection, row.contract_id)
    )
    return {"reference": reference, "versions": [asdict(item) for item in found]}


@router.get("/{reference}/years/{year}")
async def show_year(
    reference: Reference,
    year: Annotated[int, Path(ge=2000, le=2200)],
    services: ServicesOf,
    principal: StatementsReader,
    language: Annotated[Language, Query()] = Language.FRENCH,
) -> Response:
    """A calendar year of a contract as CSV, meter by meter, heat and servers' electricity apart."""
    row = await _contract(services, principal, reference)
    contract = contracting.contract_of(row)
    if isinstance(contract, Refused):
        raise refused_problem(contract)
    found = await services.read(lambda connection: yearly.year_of(connection, row, year))
    if isinstance(found, Refused):
        raise refused_problem(found)
    return csv_answer(year_sheet(contract, year, found, language), f"{reference}-{year}")


@router.put("/{reference}")
async def amend_contract(
    reference: Reference, body: AmendmentIn, services: ServicesOf, principal: StatementsWriter
) -> dict[str, Any]:
    """Take new terms of a contract; what was issued stays as it is."""
    if body.terms.reference != reference:
        refusal = Refused(
            code="contract.fixed",
            sentence=f"These are the terms of {body.terms.reference}, not of {reference}.",
        )
        raise Problem(422, refusal)
    made = await services.write(
        lambda tx: contracting.amend_contract(tx, body.terms, body.reason, principal.actor)
    )
    if isinstance(made, Refused):
        raise refused_problem(made)
    return {"reference": reference, "version": made}


@router.get("/{reference}/draft")
async def show_draft(
    reference: Reference,
    services: ServicesOf,
    principal: StatementsWriter,
    form: Form = Form.JSON,
    language: Annotated[Language, Query()] = Language.FRENCH,
) -> Response:
    """What the next statement would say, as it was last drafted."""
    row = await _contract(services, principal, reference)
    draft = await services.read(lambda connection: drafts.draft_of(connection, row.contract_id))
    if draft is None:
        raise not_found("draft")
    if form is Form.PDF:
        refusal = Refused(
            code="pdf.draft", sentence="A draft has no PDF; take its page, or issue it."
        )
        raise Problem(422, refusal)
    return written(draft.document, form, language, f"{reference}-draft")


@router.post("/{reference}/draft")
async def make_draft(
    reference: Reference, services: ServicesOf, principal: StatementsWriter
) -> dict[str, Any]:
    """Draft the next statement now, without waiting for the worker."""
    row = await _contract(services, principal, reference)
    document = await services.write(lambda tx: drafting.draft_next(tx, row))
    if isinstance(document, Refused):
        raise refused_problem(document)
    return {"month": document["period"]["month"], "totals": document["totals"]}


@router.post("/{reference}/statements", status_code=201)
async def issue_statement(
    reference: Reference, body: IssueIn, services: ServicesOf, principal: StatementsWriter
) -> dict[str, Any]:
    """Issue the statement of a month: the next of this contract."""
    month = parse_month(body.month)
    if month is None:
        refusal = Refused(
            code="statement.month", sentence="month is no month; write for instance 2026-01."
        )
        raise Problem(422, refusal)

    def operation(tx: Transaction) -> dict[str, Any] | Refused:
        made = issuing.issue(tx, reference, month, principal.actor)
        if isinstance(made, Refused):
            return made
        row = statements.find_statement(tx.connection, made.number)
        assert row is not None  # noqa: S101 - just kept
        return {**statement_view(row), "totals": made.document["totals"]}

    answer = await services.write(operation)
    if isinstance(answer, Refused):
        raise refused_problem(answer)
    return answer

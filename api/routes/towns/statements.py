"""A town's statements: what was issued, in every form, and what is disputed of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.heat_sales.statements import Form, InvoiceForm, pdf_answer, written, xml_answer
from api.names import STATEMENT_NUMBER
from api.pages.rendering import HEADERS, Speaks, Speech, render
from api.problems import not_found
from api.security import ServicesOf
from api.services import Services
from api.town import door
from api.town.door import Person, SignedIn
from api.town.themes import theme_for, theme_of
from domain.languages import Language
from domain.refusal import Refused
from domain.towns.accounts import Membership, TownRight
from domain.towns.disputes import check_dispute
from store.contracts import contracts
from store.rows import Connection
from store.statements import disputes, invoices, papers, statements
from store.statements.invoices import InvoiceRow
from store.statements.statements import StatementRow

router = APIRouter(prefix="/town/statements", tags=["towns"], include_in_schema=False)

Numbered = Annotated[str, Path(max_length=40, pattern=STATEMENT_NUMBER)]
_LONGEST_LINE_NUMBER = 6
_NOT_YOURS = Refused(code="role.dispute", sentence="Your role does not dispute statements.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A statement with what it says, and as what the visitor sees it."""

    row: StatementRow
    raw: bytes  #: Its canonical JSON, as it was issued.
    document: dict[str, Any]  #: The same, read.
    invoice: InvoiceRow | None
    membership: Membership


@router.get("")
async def statements_page(spoken: Speaks, services: ServicesOf, person: SignedIn) -> Response:
    """What was issued to the visitor's collectivities, newest first."""
    only = person.visitor.site_ids
    rows = await services.read(lambda connection: statements.statements(connection, site_ids=only))
    values = {"person": person, "rows": list(reversed(rows))}
    theme = await theme_for(services, person.visitor)
    return render(spoken, "statements.html", values, theme=theme)


@router.get("/{number}")
async def statement_page(
    number: Numbered, spoken: Speaks, services: ServicesOf, person: SignedIn
) -> Response:
    """One statement: its lines with both indexes, its forms, what is disputed."""
    shown = await _shown(services, person, number)
    if shown is None:
        raise not_found("statement")
    return await _page(spoken, services, person, shown)


@router.get("/{number}/document")
async def document(
    number: Numbered,
    services: ServicesOf,
    person: SignedIn,
    form: Form = Form.PDF,
    language: Annotated[Language, Query()] = Language.FRENCH,
) -> Response:
    """The document itself, in one of its forms."""
    shown = await _shown(services, person, number)
    if shown is None:
        raise not_found("statement")
    if form is not Form.PDF:
        return written(shown.raw, form, language, number)
    pdf = await services.read(
        lambda connection: papers.pdf_of(connection, shown.row.statement_id, language.value)
    )
    if pdf is None:
        raise not_found("PDF yet; the page, CSV and JSON are there, and the PDF")
    return pdf_answer(pdf, number)


@router.get("/{number}/invoice")
async def invoice(
    number: Numbered,
    services: ServicesOf,
    person: SignedIn,
    form: InvoiceForm = InvoiceForm.PDF,
) -> Response:
    """The invoice of a statement, for the accountant's own program."""
    shown = await _shown(services, person, number)
    row = None if shown is None else shown.invoice
    if row is None:
        raise not_found("invoice")
    read = invoices.document_of if form is InvoiceForm.XML else invoices.pdf_of
    content = await services.read(lambda connection: read(connection, row.invoice_id))
    if content is None:
        raise not_found("PDF of this invoice yet; its XML is there, and the PDF")
    return (xml_answer if form is InvoiceForm.XML else pdf_answer)(content, row.number)


@router.post("/{number}/dispute")
async def dispute(
    request: Request, number: Numbered, spoken: Speaks, services: ServicesOf, person: SignedIn
) -> Response:
    """Say what is wrong with a line, or with all of it."""
    form = await door.form_from(request, person)
    shown = await _shown(services, person, number)
    if shown is None:
        raise not_found("statement")
    reason = " ".join(form.get("reason", "").split())
    line = _line(form.get("line", ""))
    refused: Refused | None = _NOT_YOURS
    if shown.membership.may(TownRight.DISPUTE):
        refused = check_dispute(line, len(shown.document["lines"]), reason)
    if refused is not None:
        return await _page(spoken, services, person, shown, (refused, form))
    actor, statement_id = person.visitor.actor, shown.row.statement_id
    await services.write(lambda tx: disputes.add_dispute(tx, statement_id, line, reason, actor))
    address = spoken.link(f"/town/statements/{number}")
    return RedirectResponse(address, status_code=303, headers=HEADERS)


def _line(text: str) -> int | None:
    """The number of a line; 0, which no line has, where it is none; None = all lines."""
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_LINE_NUMBER
    return int(text) if is_number else 0


async def _shown(services: Services, person: Person, number: str) -> Shown | None:
    only = person.visitor.site_ids

    def look(connection: Connection) -> Shown | None:
        row = statements.find_statement(connection, number, site_ids=only)
        if row is None:
            return None
        sold = contracts.find_contract(connection, row.contract, site_ids=only)
        membership = next(
            (
                item
                for item in person.visitor.memberships
                if sold is not None and item.collectivity_id == sold.collectivity_id
            ),
            None,
        )
        if membership is None:
            return None
        raw = statements.document_of(connection, row.statement_id)
        return Shown(
            row=row,
            raw=raw,
            document=json.loads(raw),
            invoice=invoices.find_invoice(connection, number),
            membership=membership,
        )

    return await services.read(look)


async def _page(
    spoken: Speech,
    services: Services,
    person: Person,
    shown: Shown,
    sent: tuple[Refused | None, Mapping[str, str]] = (None, {}),
) -> Response:
    """The page; of a form that was refused also why, and what was typed into it."""
    refused, typed = sent
    told, made = await services.read(
        lambda connection: (
            disputes.disputes_of(connection, shown.row.statement_id),
            papers.languages_of(connection, shown.row.statement_id),
        )
    )
    values = {
        "person": person,
        "row": shown.row,
        "document": shown.document,
        "invoice": shown.invoice,
        "disputes": told,
        "has_pdf": spoken.words.language in made,
        "may_dispute": shown.membership.may(TownRight.DISPUTE),
        "refused": refused,
        "typed": typed,
    }
    theme = await theme_of(services, shown.membership.collectivity_id)
    status = 200 if refused is None else 422
    return render(spoken, "statement.html", values, theme=theme, status=status)

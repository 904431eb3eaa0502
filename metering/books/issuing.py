"""A statement is issued: worked out once more, numbered, kept for good."""

from dataclasses import dataclass, replace
from typing import Any

from domain.calendar import paris
from domain.calendar.months import write_month
from domain.refusal import Refused
from metering.books import drafting
from metering.books.contracting import contract_of, unknown
from metering.contracts.contract import Contract
from metering.contracts.parties import routing_gaps
from metering.statements.canonical import DIGEST, canonical
from metering.statements.document import statement_document
from metering.statements.inputs import Heading, Kind, Reference, StatementInputs
from metering.statements.reading import inputs_of
from metering.statements.verify import parse
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.statements import drafts, invoices, statements
from store.statements.statements import NewStatement, StatementRow
from store.transaction import Transaction

_YEAR_DIGITS = 4
#: What of a contract's terms a statement prints, besides what follows from its figures.
_PRINTED = ("supplier", "buyer", "routing", "minimum", "ceiling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A document that was issued."""

    number: str
    document: dict[str, Any]


def issue(tx: Transaction, reference: str, month: int, actor: str) -> Issued | Refused:
    """Issue the statement of a month: the first of the contract that has none."""
    found = _contract(tx, reference)
    if isinstance(found, Refused):
        return found
    row, contract = found
    wanted = drafting.next_month(tx.connection, row, contract)
    if month != wanted:
        return Refused(
            code="statement.order",
            sentence="Statements are issued once and in the order of their months; the next one "
            f"of contract {reference} is {write_month(wanted)}.",
        )
    inputs = drafting.inputs_for(tx.connection, row, contract, month)
    refused = inputs if isinstance(inputs, Refused) else _not_fit(tx, inputs)
    if refused is not None:
        return refused
    assert not isinstance(inputs, Refused)  # noqa: S101 - just returned
    drafts.drop_draft(tx, row.contract_id)
    return _keep(tx, row, inputs, actor)


def correct(
    tx: Transaction, number: str, reason: str, actor: str
) -> tuple[Issued, Issued] | Refused:
    """Take a statement back by a credit note and issue it anew, by the contract as it reads now."""
    old = statements.find_statement(tx.connection, number)
    if old is None:
        return unknown_statement(number)
    found = _contract(tx, old.contract)
    if isinstance(found, Refused):
        return found
    row, contract = found
    # Looked up again: nobody else corrects it from here on.
    old = statements.find_statement(tx.connection, number)
    if old is None or old.is_corrected or old.kind == Kind.CREDIT_NOTE:
        return Refused(
            code="statement.corrected",
            sentence=f"{number} is a credit note or was taken back already; correct the statement "
            "that holds.",
        )
    was = _inputs(tx, old)
    if isinstance(was, Refused):
        return was
    now = replace(was, contract=contract, contract_version=row.version, heading=Heading())
    refused = _not_fit(tx, now)
    if refused is not None:
        return refused
    if _said(now) == _said(was):
        return Refused(
            code="statement.same",
            sentence=f"A new statement would say what {number} says; amend the contract first, "
            "with: chaufferie contracts amend",
        )
    corrected = Reference(
        number=old.number, issued_on=paris.date_at(old.issued_at_s), digest_sha256=old.digest
    )
    note = Heading(kind=Kind.CREDIT_NOTE, corrects=corrected, reason=reason)
    anew = Heading(corrects=corrected, reason=reason)
    drafts.drop_draft(tx, row.contract_id)  # it names what was taken back
    return (
        _keep(tx, row, was.headed(note), actor, old.statement_id),
        _keep(tx, row, now.headed(anew), actor, old.statement_id),
    )


def unknown_statement(number: str) -> Refused:
    """What is said of a number that nothing bears."""
    return Refused(
        code="statement.unknown",
        sentence=f"There is no statement {number}; `chaufferie statement list` lists them.",
    )


def _contract(tx: Transaction, reference: str) -> tuple[ContractRow, Contract] | Refused:
    row = contracts.locked_contract(tx, reference)
    if row is None:
        return unknown(reference)
    contract = contract_of(row)
    return contract if isinstance(contract, Refused) else (row, contract)


def _inputs(tx: Transaction, row: StatementRow) -> StatementInputs | Refused:
    document = parse(statements.document_of(tx.connection, row.statement_id))
    return document if isinstance(document, Refused) else inputs_of(document)


def _not_fit(tx: Transaction, inputs: StatementInputs) -> Refused | None:
    """Why this cannot be issued; looked at before anything is written, a number taken included."""
    document = statement_document(inputs)
    if isinstance(document, Refused):
        return document
    if invoices.has_series(tx.connection, _series(tx, inputs.contract)):
        return Refused(
            code="statement.series",
            sentence=f"Invoices are numbered {inputs.contract.number_prefix} too; amend the "
            "contract with another number_prefix, so that the numbers of invoices have no gap.",
        )
    return routing_gaps(inputs.contract.routing)


def _series(tx: Transaction, contract: Contract) -> str:
    return f"{contract.number_prefix}-{paris.date_at(tx.now_s)[:_YEAR_DIGITS]}"


def _said(inputs: StatementInputs) -> dict[str, Any]:
    """What a reader of the statement would see, apart from its heading."""
    document = _document(inputs.headed(Heading()))
    terms = document["contract"]["terms"]
    seen = {key: document[key] for key in ("lines", "charges", "year", "price", "totals")}
    return seen | {key: terms.get(key) for key in _PRINTED}


def _document(inputs: StatementInputs) -> dict[str, Any]:
    """The document of inputs that are known to have one."""
    document = statement_document(inputs)
    assert not isinstance(document, Refused)  # noqa: S101 - a heading makes no difference
    return document


def _keep(
    tx: Transaction,
    row: ContractRow,
    inputs: StatementInputs,
    actor: str,
    corrects_id: int | None = None,
) -> Issued:
    """Number a document that is known to be fit, and keep it."""
    number = statements.take_number(tx, _series(tx, inputs.contract))
    heading = replace(
        inputs.heading,
        number=number.text,
        issued_on=paris.date_at(tx.now_s),
        software=drafting.software(),
    )
    document = _document(inputs.headed(heading))
    statements.add_statement(
        tx,
        NewStatement(
            contract_id=row.contract_id,
            month=inputs.month,
            kind=heading.kind.value,
            number=number,
            contract_version=inputs.contract_version,
            energy_wh=document["totals"]["energy_wh"],
            document=canonical(document),
            digest=document[DIGEST],
            corrects_id=corrects_id,
        ),
        actor,
    )
    return Issued(number=number.text, document=document)

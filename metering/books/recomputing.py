"""Statements that were issued, worked out once more from the ledger and the contract as kept.

``statement verify`` asks whether a statement follows from what stands in it; this asks whether
that is what the ledger says. What only names things is taken from the document itself: the name
of a site and the class of a meter may have been described anew since.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.refusal import Refused
from metering.books import drafting
from metering.contracts.contract import Contract
from metering.contracts.document import contract_from_plain
from metering.statements.canonical import DIGEST, canonical
from metering.statements.document import statement_document
from metering.statements.inputs import Kind, StatementInputs
from metering.statements.reading import inputs_of
from metering.statements.verify import parse
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.rows import Connection
from store.statements import statements
from store.statements.statements import StatementRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """A contract with all of its versions, and the sites whose ledger is here."""

    connection: Connection
    contract: ContractRow
    versions: Mapping[int, Contract]
    site_ids: Collection[int]


def differing(
    connection: Connection, contract: ContractRow, site_ids: Collection[int]
) -> Refused | None:
    """A refusal that names the first statement of a contract that comes out otherwise.

    A month of a site that is not among ``site_ids`` has no ledger here: such a statement is worked
    out from what stands in it.
    """
    versions = {}
    for item in contracts.versions_of(connection, contract.contract_id):
        terms = contract_from_plain(item.terms)
        if isinstance(terms, Refused):
            return terms
        versions[item.version] = terms
    books = _Books(connection=connection, contract=contract, versions=versions, site_ids=site_ids)
    issued = statements.statements(connection, contract_id=contract.contract_id)
    again: dict[str, StatementInputs] = {}
    for place, row in enumerate(issued):
        refused = _look(books, row, issued[:place], again)
        if refused is not None:
            return Refused(
                code="statement.differs",
                sentence=f"{row.number} comes out otherwise. {refused.sentence}",
            )
    return None


def _look(
    books: _Books,
    row: StatementRow,
    before: Sequence[StatementRow],
    again: dict[str, StatementInputs],
) -> Refused | None:
    """Why this one differs; it is noted under its number as it was worked out."""
    kept = statements.document_of(books.connection, row.statement_id)
    document = parse(kept)
    told = document if isinstance(document, Refused) else inputs_of(document)
    if isinstance(told, Refused):
        return told
    found = _inputs(books, row, told, (before, again))
    if isinstance(found, Refused):
        return found
    again[row.number] = found
    made = statement_document(found.headed(told.heading))
    if isinstance(made, Refused):
        return made
    if canonical(made) != kept:
        return _not("its document is not what the ledger and the contract give")
    heading = told.heading
    corrects = None if heading.corrects is None else heading.corrects.number
    listed = (row.number, row.kind, row.month, row.corrects, row.digest, row.energy_wh)
    says = (heading.number, heading.kind, told.month, corrects, made[DIGEST])
    if listed != (*says, made["totals"]["energy_wh"]):
        return _not("it is listed as something else than it says")
    return None


def _inputs(
    books: _Books,
    row: StatementRow,
    told: StatementInputs,
    known: tuple[Sequence[StatementRow], Mapping[str, StatementInputs]],
) -> StatementInputs | Refused:
    before, again = known
    terms = books.versions.get(row.contract_version)
    if terms is None:
        return _not(f"its contract has no version {row.contract_version}")
    if row.corrects is not None:
        was = again.get(row.corrects)
        if was is None:
            return _not(f"it corrects {row.corrects}, which was not issued before it")
        if row.kind == Kind.CREDIT_NOTE:
            return was
        return replace(was, contract=terms, contract_version=row.contract_version)
    if not set(books.site_ids).issuperset(terms.site_ids_in(row.month)):
        return told
    version = replace(books.contract, version=row.contract_version)
    held = _held(before)
    found = drafting.inputs_for(books.connection, version, terms, row.month, held)
    return found if isinstance(found, Refused) else _named_as(found, told)


def _held(before: Sequence[StatementRow]) -> list[StatementRow]:
    """What held when the next was issued: all that no credit note had taken back by then."""
    taken_back = {row.corrects for row in before if row.kind == Kind.CREDIT_NOTE}
    held = [row for row in before if row.kind != Kind.CREDIT_NOTE and row.number not in taken_back]
    return sorted(held, key=lambda row: row.month)


def _named_as(found: StatementInputs, told: StatementInputs) -> StatementInputs:
    """The same, with sites and classes of meters called as they were then, and in its format."""
    names = {item.site_id: item.site for item in told.lines}
    names |= {item.site_id: item.site for item in told.sources}
    classes = {item.line.line_id: item.line.tolerance_frac for item in told.lines}
    return replace(
        found,
        notes=None if told.notes is None else found.notes,
        sources=tuple(
            replace(item, site=names.get(item.site_id, item.site)) for item in found.sources
        ),
        lines=tuple(
            replace(
                item,
                site=names.get(item.site_id, item.site),
                line=replace(item.line, tolerance_frac=classes.get(item.line.line_id)),
            )
            for item in found.lines
        ),
    )


def _not(why: str) -> Refused:
    return Refused(code="statement.differs", sentence=f"This is why: {why}.")

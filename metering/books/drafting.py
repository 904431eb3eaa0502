"""What the next statement of a contract says, from the closed months of its sites."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from domain.calendar.months import after
from domain.refusal import Refused
from domain.registers.register import MeterKind
from metering.books.contracting import contract_of
from metering.books.noting import notes_of
from metering.contracts.contract import Contract, outside
from metering.statements.canonical import canonical
from metering.statements.document import statement_document
from metering.statements.inputs import EarlierMonth, Heading, HeatLine, Source, StatementInputs
from metering.statements.meter_notes import MeterNotes
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.ledger import closed_months, meters
from store.rows import Connection
from store.statements import drafts, statements
from store.statements.statements import StatementRow
from store.transaction import Store, Transaction


@cache
def software() -> str:
    """What works statements out, as they name it."""
    return f"chaufferie {version('chaufferie')}"


def next_month(connection: Connection, row: ContractRow, contract: Contract) -> int:
    """The first month of a contract that has no statement: they are issued in their order."""
    held = statements.standing(connection, row.contract_id)
    return after(held[-1].month) if held else contract.first_month


def inputs_for(
    connection: Connection,
    row: ContractRow,
    contract: Contract,
    month: int,
    held: Sequence[StatementRow] | None = None,
) -> StatementInputs | Refused:
    """What the statement of a month is worked out from; refused while a site's month is open.

    ``held`` = the statements that hold by then; default: those that hold now.
    """
    if held is None:
        held = statements.standing(connection, row.contract_id)
    beyond = outside(contract, month)
    if beyond is not None:
        return beyond
    lines: list[HeatLine] = []
    sources: list[Source] = []
    noted: list[MeterNotes] = []
    for site_id in contract.site_ids_in(month):
        found = _of_site(connection, site_id, month)
        if isinstance(found, Refused):
            return found
        sources += found[0]
        lines += found[1]
        noted += [notes_of(connection, site_id, month)] if found[0] else []
    begin = contract.year_start(month)
    return StatementInputs(
        contract=contract,
        contract_version=row.version,
        month=month,
        lines=tuple(lines),
        sources=tuple(sources),
        earlier=tuple(
            EarlierMonth(
                month=item.month,
                number=item.number,
                digest_sha256=item.digest,
                energy_wh=item.energy_wh,
            )
            for item in held
            if begin <= item.month < month
        ),
        notes=MeterNotes(
            waiting=tuple(item for notes in noted for item in notes.waiting),
            without_line=tuple(item for notes in noted for item in notes.without_line),
        ),
        heading=Heading(software=software()),
    )


def draft_next(tx: Transaction, row: ContractRow) -> dict[str, Any] | Refused:
    """Make, or make anew, the draft of the next statement of a contract."""
    contract = contract_of(row)
    if isinstance(contract, Refused):
        return contract
    month = next_month(tx.connection, row, contract)
    inputs = inputs_for(tx.connection, row, contract, month)
    if isinstance(inputs, Refused):
        return inputs
    document = statement_document(inputs)
    if not isinstance(document, Refused):
        drafts.keep_draft(
            tx,
            contract_id=row.contract_id,
            month=month,
            contract_version=row.version,
            document=canonical(document),
        )
    return document


def draft_all(store: Store) -> int:
    """Draft the next statement of every contract whose month is closed; how many were made.

    May be called as often, and as late, as you like: a draft that stands is not made again.
    """
    made = 0
    with store.database.read() as connection:
        rows = contracts.contracts(connection)
    for row in rows:
        with store.transaction() as tx:
            if not _is_drafted(tx.connection, row):
                made += not isinstance(draft_next(tx, row), Refused)
    return made


def _is_drafted(connection: Connection, row: ContractRow) -> bool:
    contract, draft = contract_of(row), drafts.draft_of(connection, row.contract_id)
    if isinstance(contract, Refused) or draft is None:
        return False
    is_next = draft.month == next_month(connection, row, contract)
    return is_next and draft.contract_version == row.version


def _of_site(
    connection: Connection, site_id: int, month: int
) -> tuple[list[Source], list[HeatLine]] | Refused:
    """The closed month of one site; a site whose heat is simulated can have no statement."""
    name = contracts.site_name(connection, site_id)
    heat = [
        item.facts
        for item in meters.known_meters(connection, [site_id])
        if item.facts.kind is MeterKind.HEAT
    ]
    if heat and all(facts.is_simulated for facts in heat):
        return Refused(
            code="meter.simulated",
            sentence=f"Every heat meter of {name} is simulated, so its kWh cannot enter a "
            "statement; end its delivery in the contract, or read a real meter.",
        )
    closed = {item.month: item for item in closed_months.closed_months(connection, [site_id])}
    if closed and month < min(closed):
        return [], []  # Its first meter came later: months have no hole, and this one is none.
    found = closed_months.statement_lines(connection, site_id, month)
    if isinstance(found, Refused):
        return found
    source = Source(site_id=site_id, site=name, ledger_digest=closed[month].digest)
    return [source], [HeatLine(site_id=site_id, site=name, line=line) for line in found]

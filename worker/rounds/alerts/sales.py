"""Looking at what is sold: years that come near their ceiling, statements that were issued."""

from collections.abc import Collection, Iterator

from domain.calendar.months import after, begin_of, month_of
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.register import MeterKind
from domain.towns.alerts import (
    NEAR_CEILING_FRAC,
    AlertKind,
    Closing,
    Finding,
    Subject,
    Unknown,
)
from metering.books.contracting import contract_of
from metering.contracts.contract import Contract
from metering.keeping.accounts import energy_of, open_account
from store.contracts import contracts
from store.contracts.contracts import ContractRow
from store.ledger.meters import known_meters
from store.rows import Connection
from store.statements import papers, statements

#: A statement is told when its PDFs are made; where nobody makes any, this long after its issue.
_PDFS_WITHIN_S = 3600.0
#: Older ones are told by the page alone [s].
_NEW_FOR_S = 7 * 86_400.0


def look_at_sales(
    connection: Connection, collectivity_ids: Collection[int], now_s: float
) -> Iterator[Finding]:
    """What is to be said of the contracts and statements of some collectivities."""
    for row in contracts.contracts(connection):
        contract = contract_of(row)
        if row.collectivity_id in collectivity_ids and isinstance(contract, Contract):
            yield from _volume(connection, row, contract, now_s)
            yield from _statements(connection, row, contract, now_s)


def _subject(kind: AlertKind, name: str, contract: Contract) -> Subject:
    site_ids = frozenset(item.site_id for item in contract.deliveries)
    return Subject(kind=kind, name=name, site_ids=site_ids)


def _volume(
    connection: Connection, row: ContractRow, contract: Contract, now_s: float
) -> Iterator[Finding]:
    month = month_of(now_s)
    if contract.ceiling is None or not contract.covers(month):
        return
    begin = contract.year_start(month)
    used_wh, is_whole = _used(connection, row, contract, now_s)
    is_near = used_wh >= NEAR_CEILING_FRAC * contract.ceiling.year_wh
    yield Finding(
        subject=_subject(AlertKind.VOLUME_NEAR, f"contract/{row.contract_id}/{begin}", contract),
        holds=True if is_near else False if is_whole else None,
        since_s=now_s,
        facts={
            "contract": row.reference,
            "used_wh": used_wh,
            "ceiling_wh": contract.ceiling.year_wh,
            "year_from": begin,
        },
        closing=Closing.BELOW,
        unknown=None if is_whole else Unknown.IN_DOUBT,
    )


def _used(
    connection: Connection, row: ContractRow, contract: Contract, now_s: float
) -> tuple[int, bool]:
    """Heat of the contract year so far, at least; and whether that is all of it.

    As it was issued; of months without a statement, as the meters count it.
    """
    month = month_of(now_s)
    begin = contract.year_start(month)
    issued = [
        item
        for item in statements.standing(connection, row.contract_id)
        if begin <= item.month <= month
    ]
    used_wh = sum(item.energy_wh for item in issued)
    first_open = after(issued[-1].month) if issued else begin
    is_whole = True
    for delivery in contract.deliveries:
        first, end = contract.months_of(delivery)
        from_s = begin_of(max(first, first_open))
        to_s = min(begin_of(end), now_s)
        if from_s >= to_s:
            continue
        for known in known_meters(connection, [delivery.site_id]):
            if known.facts.kind is not MeterKind.HEAT or known.facts.is_simulated:
                continue
            found = energy_of(connection, open_account(connection, known), (from_s, to_s))
            if isinstance(found, Refused):
                is_whole = False
            else:
                used_wh += found.energy_wh
    return used_wh, is_whole


def _statements(
    connection: Connection, row: ContractRow, contract: Contract, now_s: float
) -> Iterator[Finding]:
    for item in statements.statements(connection, contract_id=row.contract_id):
        age_s = now_s - item.issued_at_s
        if age_s > _NEW_FOR_S:
            continue
        made = papers.languages_of(connection, item.statement_id)
        yield Finding(
            subject=_subject(AlertKind.STATEMENT_READY, f"statement/{item.statement_id}", contract),
            holds=age_s > _PDFS_WITHIN_S or made >= {language.value for language in Language},
            since_s=item.issued_at_s,
            facts={
                "number": item.number,
                "contract": row.reference,
                "month": item.month,
                "energy_wh": item.energy_wh,
                "is_credit_note": item.kind == statements.CREDIT_NOTE,
            },
        )

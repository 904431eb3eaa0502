"""What breaks the books of statements and invoices: gaps, months billed twice, other digests."""

import hashlib
import json
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import func, or_, select, union_all

from domain.calendar.months import write_month
from store.contracts.contract_tables import contract
from store.statements.invoice_tables import invoice
from store.statements.statement_tables import statement, statement_elsewhere, statement_series
from store.statements.statements import CREDIT_NOTE
from store.transaction import Transaction

_MOST_EXAMPLES = 5
_DIGEST = "digest_sha256"


def series_with_gaps(tx: Transaction) -> list[str]:
    """Series that do not hold every number from 1 to their last, here or where they came from."""
    taken = union_all(
        select(statement.c.series, statement.c.series_number),
        select(invoice.c.series, invoice.c.series_number),
        select(statement_elsewhere.c.series, statement_elsewhere.c.series_number),
    ).subquery()
    last = statement_series.c.last
    found = (
        select(statement_series.c.name)
        .outerjoin(taken, taken.c.series == statement_series.c.name)
        .group_by(statement_series.c.name, last)
        .having(
            or_(
                func.count(taken.c.series_number) != last,
                func.coalesce(func.max(taken.c.series_number), 0) != last,
            )
        )
        .limit(_MOST_EXAMPLES)
    )
    return [str(name) for name in tx.connection.execute(found).scalars()]


def twice_billed(tx: Transaction) -> list[str]:
    """Months of a contract for which two statements hold at once."""
    note = statement.alias("note")
    taken_back = select(note.c.corrects_id).where(
        note.c.kind == CREDIT_NOTE, note.c.corrects_id.is_not(None)
    )
    query = (
        select(contract.c.reference, statement.c.month)
        .join(contract, contract.c.id == statement.c.contract_id)
        .where(statement.c.kind != CREDIT_NOTE, statement.c.id.not_in(taken_back))
        .group_by(contract.c.reference, statement.c.month)
        .having(func.count() > 1)
        .limit(_MOST_EXAMPLES)
    )
    return [f"{row.reference} in {write_month(row.month)}" for row in tx.connection.execute(query)]


def other_digests(tx: Transaction) -> list[str]:
    """Statements whose kept document does not have the digest that was told."""
    return list(islice(_other_digests(tx), _MOST_EXAMPLES))


def _other_digests(tx: Transaction) -> Iterator[str]:
    query = select(statement.c.number, statement.c.document, statement.c.digest)
    for row in tx.connection.execute(query):
        document = json.loads(row.document)
        told = document.pop(_DIGEST, None)
        bare = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if not told == row.digest == hashlib.sha256(bare.encode("utf-8")).hexdigest():
            yield str(row.number)


def other_invoices(tx: Transaction) -> list[str]:
    """Invoices whose kept XML does not have the digest that was told."""
    query = select(invoice.c.number, invoice.c.document, invoice.c.digest)
    found = (
        str(row.number)
        for row in tx.connection.execute(query)
        if row.digest != hashlib.sha256(row.document.encode("utf-8")).hexdigest()
    )
    return list(islice(found, _MOST_EXAMPLES))

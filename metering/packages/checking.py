"""Does what a package brought hold together? Its sealed months, their lines, every statement."""

import hashlib
import json
from collections.abc import Collection, Sequence
from itertools import pairwise

from domain.calendar.months import after, write_month
from domain.refusal import Refused
from domain.registers.chain import site_digest
from metering.books.recomputing import differing
from metering.invoices.verify import follows
from metering.keeping.verifying import verify
from metering.statements.together import misfits
from store.collectivities.collectivities import find_collectivity
from store.contracts import contracts
from store.ledger import closed_months
from store.rows import Connection
from store.statements import invoices, statements
from store.statements.statements import StatementRow


def misfit(connection: Connection, collectivity_id: int) -> Refused | None:
    """The first thing that does not follow from the rest; ``None`` = all of it does."""
    found = find_collectivity(connection, collectivity_id)
    assert found is not None  # noqa: S101 - it was just added
    site_ids = [item.site_id for item in found.sites]
    try:
        return _chain(connection, site_ids) or _books(connection, collectivity_id, site_ids)
    except (KeyError, TypeError, ValueError) as error:
        return _misfit(f"its ledger cannot be read ({error})")


def _chain(connection: Connection, site_ids: Collection[int]) -> Refused | None:
    for item in verify(connection, site_ids):
        if item.broken:
            first = item.broken[0]
            serial, month = item.known.facts.serial, write_month(first.month)
            return _misfit(f"of meter {serial} in {month}, {first.why}")
    for site_id in site_ids:
        closed = closed_months.closed_months(connection, [site_id])
        for one, other in pairwise(closed):
            if other.month != after(one.month):
                return _misfit(f"{write_month(after(one.month))} of site {site_id} is not there")
        for closing in closed:
            digests = closed_months.segment_digests(connection, site_id, closing.month)
            if site_digest(digests) != closing.digest:
                month = write_month(closing.month)
                return _misfit(f"the segments of site {site_id} in {month} are others")
    return None


def _books(
    connection: Connection, collectivity_id: int, site_ids: Collection[int]
) -> Refused | None:
    for row in contracts.contracts(connection):
        if row.collectivity_id != collectivity_id:
            continue
        refused = differing(connection, row, site_ids)
        if refused is not None:
            return refused
        issued = statements.statements(connection, contract_id=row.contract_id)
        documents = [
            json.loads(statements.document_of(connection, item.statement_id)) for item in issued
        ]
        apart = misfits(documents)
        if apart:
            return _misfit(apart[0].rstrip("."))
        refused = _invoices(connection, issued)
        if refused is not None:
            return refused
    return None


def _invoices(connection: Connection, issued: Sequence[StatementRow]) -> Refused | None:
    """Each invoice must be what its statement makes, and what its digest says."""
    known = {item.statement_id for item in issued}
    for row in invoices.invoices(connection):
        if row.statement_id not in known:
            continue
        xml = invoices.document_of(connection, row.invoice_id)
        if hashlib.sha256(xml).hexdigest() != row.digest:
            return _misfit(f"invoice {row.number} is not what its digest says")
        found = follows(xml, statements.document_of(connection, row.statement_id))
        if found:
            return _misfit(f"of invoice {row.number}, {found[0].rstrip('.')}")
    return None


def _misfit(why: str) -> Refused:
    return Refused(code="package.misfit", sentence=f"This package does not hold together: {why}.")

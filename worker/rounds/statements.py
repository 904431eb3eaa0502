"""The round of the statements: drafts of closed months, PDFs of what was issued and invoiced.

A month is drafted whenever its round comes, however late, and only once; a PDF is made where one
is lacking. So a round may be repeated, and one that was missed costs time alone.
"""

import json
import logging

from domain.languages import Language
from domain.refusal import Refused
from metering.books.drafting import draft_all
from metering.papers.invoice_pdf import write_invoice_pdf
from metering.papers.pdf import write_pdf
from store.statements import invoices, papers, statements
from store.transaction import Store
from worker.rounds.deliverables import make_deliverables

_log = logging.getLogger(__name__)
#: PDFs made in one round; each takes a second or two.
MOST_AT_ONCE = 20


def run_statements(store: Store) -> dict[str, int]:
    """Draft what is due, make the PDFs and the files that are lacking; how many of each."""
    return {
        "drafts": draft_all(store),
        "pdfs": _make_pdfs(store),
        "invoices": _make_invoices(store),
        "files": make_deliverables(store),
    }


def _make_pdfs(store: Store) -> int:
    with store.database.read() as connection:
        wanted = papers.lacking(connection, [item.value for item in Language], MOST_AT_ONCE)
    for made, (statement_id, language) in enumerate(wanted):
        with store.database.read() as connection:
            document = json.loads(statements.document_of(connection, statement_id))
        pdf = write_pdf(document, Language(language))
        if isinstance(pdf, Refused):
            _log.warning("%d PDFs of statements wait. %s", len(wanted), pdf.sentence)
            return made
        with store.transaction() as tx:
            papers.keep_pdf(tx, statement_id, language, pdf)
    return len(wanted)


def _make_invoices(store: Store) -> int:
    """Make the PDFs of invoices that lack theirs; one that cannot be made keeps no other back."""
    with store.database.read() as connection:
        wanted = invoices.lacking_pdf(connection, MOST_AT_ONCE)
    made = 0
    for row in wanted:
        with store.database.read() as connection:
            document = json.loads(statements.document_of(connection, row.statement_id))
            xml = invoices.document_of(connection, row.invoice_id)
        pdf = write_invoice_pdf(document, xml)
        if isinstance(pdf, Refused):
            _log.warning("The PDF of invoice %s waits. %s", row.number, pdf.sentence)
            continue
        with store.transaction() as tx:
            invoices.keep_pdf(tx, row.invoice_id, pdf)
        made += 1
    return made

"""PDFs of issued statements: made once for each language, and made again if they are lost."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from store.statements.statement_tables import statement, statement_paper
from store.transaction import Transaction


def keep_pdf(tx: Transaction, statement_id: int, language: str, pdf: bytes) -> None:
    """Keep a PDF in place of the one before, if any."""
    where = (
        statement_paper.c.statement_id == statement_id,
        statement_paper.c.language == language,
    )
    tx.connection.execute(delete(statement_paper).where(*where))
    values = {
        "statement_id": statement_id,
        "language": language,
        "pdf": pdf,
        "made_at_s": tx.now_s,
    }
    tx.connection.execute(insert(statement_paper), values)


def pdf_of(connection: Connection, statement_id: int, language: str) -> bytes | None:
    """The PDF of a statement; None while it is not made."""
    query = select(statement_paper.c.pdf).where(
        statement_paper.c.statement_id == statement_id, statement_paper.c.language == language
    )
    found = connection.execute(query).scalar()
    return None if found is None else bytes(found)


def languages_of(connection: Connection, statement_id: int) -> frozenset[str]:
    """The languages in which its PDF is made."""
    query = select(statement_paper.c.language).where(statement_paper.c.statement_id == statement_id)
    return frozenset(connection.execute(query).scalars())


def lacking(
    connection: Connection, languages: Collection[str], at_most: int
) -> list[tuple[int, str]]:
    """Statements and languages whose PDF is to be made, oldest first."""
    found: list[tuple[int, str]] = []
    for language in languages:
        made = select(statement_paper.c.statement_id).where(statement_paper.c.language == language)
        query = (
            select(statement.c.id)
            .where(statement.c.id.not_in(made))
            .order_by(statement.c.id)
            .limit(at_most)
        )
        found += [(int(item), language) for item in connection.execute(query).scalars()]
    return sorted(found)[:at_most]

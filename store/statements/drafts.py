"""The draft of the next statement of each contract: made anew as often as need be."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from store.statements.statement_tables import statement_draft
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """What the next statement of a contract would say."""

    contract_id: int
    month: int
    contract_version: int
    document: bytes
    made_at_s: float


def keep_draft(
    tx: Transaction, *, contract_id: int, month: int, contract_version: int, document: bytes
) -> None:
    """Keep a draft in place of the one before."""
    drop_draft(tx, contract_id)
    values = {
        "contract_id": contract_id,
        "month": month,
        "contract_version": contract_version,
        "document": document.decode("utf-8"),
        "made_at_s": tx.now_s,
    }
    tx.connection.execute(insert(statement_draft), values)


def drop_draft(tx: Transaction, contract_id: int) -> None:
    """Forget the draft of a contract."""
    tx.connection.execute(
        delete(statement_draft).where(statement_draft.c.contract_id == contract_id)
    )


def draft_of(connection: Connection, contract_id: int) -> DraftRow | None:
    """The draft of a contract, if there is one."""
    query = select(statement_draft).where(statement_draft.c.contract_id == contract_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return DraftRow(
        contract_id=row.contract_id,
        month=row.month,
        contract_version=row.contract_version,
        document=row.document.encode("utf-8"),
        made_at_s=row.made_at_s,
    )

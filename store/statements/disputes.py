"""Disputes of statements: made by a collectivity, answered once by the operator, kept for good."""

from sqlalchemy import Connection, Select, insert, select, update

from domain.towns.disputes import Dispute
from store.rows import AnyRow
from store.statements.dispute_tables import statement_dispute
from store.statements.statement_tables import statement
from store.transaction import Transaction


def add_dispute(
    tx: Transaction, statement_id: int, line: int | None, reason: str, actor: str
) -> int:
    """Keep that a line, or all of it, is disputed, and why."""
    values = {
        "statement_id": statement_id,
        "line": line,
        "reason": reason,
        "made_by": actor,
        "made_at_s": tx.now_s,
    }
    made = insert(statement_dispute).values(values).returning(statement_dispute.c.id)
    dispute_id = int(tx.connection.execute(made).scalar_one())
    detail = "all of it" if line is None else f"line {line}"
    tx.audited(
        actor=actor,
        action="statement.dispute",
        subject=f"statement/{statement_id}",
        detail=detail,
    )
    return dispute_id


def answer_dispute(tx: Transaction, dispute_id: int, answer: str, actor: str) -> bool:
    """Say what became of it, once; False where there is none that waits for an answer."""
    row = tx.connection.execute(
        update(statement_dispute)
        .where(statement_dispute.c.id == dispute_id, statement_dispute.c.answered_at_s.is_(None))
        .values(answer=answer, answered_by=actor, answered_at_s=tx.now_s)
        .returning(statement_dispute.c.statement_id)
    ).one_or_none()
    if row is None:
        return False
    tx.audited(
        actor=actor,
        action="statement.dispute_answer",
        subject=f"statement/{row.statement_id}",
        detail=f"dispute {dispute_id}",
    )
    return True


def disputes_of(connection: Connection, statement_id: int) -> list[Dispute]:
    """What was disputed of a statement, in order."""
    chosen = _joined().where(statement_dispute.c.statement_id == statement_id)
    return _read(connection, chosen)


def all_disputes(connection: Connection, *, open_only: bool = False) -> list[Dispute]:
    """Every dispute in order, or those that wait for an answer."""
    chosen = _joined()
    if open_only:
        chosen = chosen.where(statement_dispute.c.answered_at_s.is_(None))
    return _read(connection, chosen)


def _joined() -> Select[tuple[object, ...]]:
    return (
        select(
            statement_dispute.c.id.label("dispute_id"),
            statement.c.number,
            statement_dispute.c.line,
            statement_dispute.c.reason,
            statement_dispute.c.made_by,
            statement_dispute.c.made_at_s,
            statement_dispute.c.answer,
            statement_dispute.c.answered_at_s,
        )
        .join(statement, statement.c.id == statement_dispute.c.statement_id)
        .order_by(statement_dispute.c.id)
    )


def _read(connection: Connection, chosen: Select[tuple[object, ...]]) -> list[Dispute]:
    def dispute(row: AnyRow) -> Dispute:
        return Dispute(**row._mapping)

    return [dispute(row) for row in connection.execute(chosen)]

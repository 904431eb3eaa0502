"""What persons decided of rows in quarantine; decisions are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from domain.registers.register import Decision
from store.ledger.ledger_tables import register_decision, register_ledger
from store.rows import AnyRow
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, by whom and why."""

    decision: Decision
    actor: str
    note: str
    decided_at_s: float
    decision_id: int = 0  #: Its number in this database.
    withdraws_id: int | None = None  #: The number of the one that is withdrawn by this.


def in_force(decided: Sequence[Decided]) -> list[Decision]:
    """What was decided and not withdrawn, without the withdrawals."""
    withdrawn = {item.withdraws_id for item in decided}
    return [
        item.decision
        for item in decided
        if item.withdraws_id is None and item.decision_id not in withdrawn
    ]


def decide(tx: Transaction, meter_id: int, decision: Decision, *, actor: str, note: str) -> None:
    """Add a decision, with a line of the audit trail."""
    word = "accept" if decision.is_accepted else "reject"
    _add(tx, meter_id, decision, (actor, note, word))


def take_back(tx: Transaction, meter_id: int, item: Decided, *, actor: str, note: str) -> None:
    """Add that a decision was wrong and says nothing any more; with a line of the audit trail."""
    _add(tx, meter_id, item.decision, (actor, note, "withdraw"), item.decision_id)


def _add(
    tx: Transaction,
    meter_id: int,
    decision: Decision,
    said: tuple[str, str, str],
    withdraws_id: int | None = None,
) -> None:
    actor, note, word = said
    values = {
        "meter_id": meter_id,
        "node_id": decision.node_id,
        "first_seq": decision.first_seq,
        "last_seq": decision.last_seq,
        "index_wh": decision.index_wh,
        "is_accepted": decision.is_accepted,
        "actor": actor,
        "note": note,
        "decided_at_s": tx.now_s,
        "withdraws_id": withdraws_id,
    }
    tx.connection.execute(insert(register_decision), values)
    rows = f"node {decision.node_id} rows {decision.first_seq} to {decision.last_seq}"
    which = "" if withdraws_id is None else f"decision {withdraws_id}, "
    tx.audited(
        actor=actor,
        action=f"quarantine.{word}",
        subject=f"meter/{meter_id}",
        detail=f"{which}{rows}: {note}",
    )


def decisions(connection: Connection, meter_id: int) -> list[Decided]:
    """What was decided of a meter's rows, in the order of the decisions."""
    statement = (
        select(register_decision)
        .where(register_decision.c.meter_id == meter_id)
        .order_by(register_decision.c.id)
    )
    return [_decided(row) for row in connection.execute(statement)]


def find_decision(connection: Connection, decision_id: int) -> tuple[int, Decided] | None:
    """A decision by its number, with that of the meter which it is about."""
    statement = select(register_decision).where(register_decision.c.id == decision_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row.meter_id, _decided(row))


def first_taken(connection: Connection, meter_id: int, decision: Decision) -> float | None:
    """When the first row was taken that a decision is about; None where it is not kept any more."""
    statement = select(func.min(register_ledger.c.taken_at_s)).where(
        register_ledger.c.meter_id == meter_id,
        register_ledger.c.node_id == decision.node_id,
        register_ledger.c.seq == decision.first_seq,
    )
    found = connection.execute(statement).scalar()
    return None if found is None else float(found)


def _decided(row: AnyRow) -> Decided:
    return Decided(
        decision=Decision(
            node_id=row.node_id,
            first_seq=row.first_seq,
            last_seq=row.last_seq,
            index_wh=row.index_wh,
            is_accepted=row.is_accepted,
        ),
        actor=row.actor,
        note=row.note,
        decided_at_s=row.decided_at_s,
        decision_id=row.id,
        withdraws_id=row.withdraws_id,
    )

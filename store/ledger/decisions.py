"""What persons decided of rows in quarantine; decisions are only ever added."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from domain.registers.register import Decision
from store.ledger.ledger_tables import register_decision
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, by whom and why."""

    decision: Decision
    actor: str
    note: str
    decided_at_s: float


def decide(tx: Transaction, meter_id: int, decision: Decision, *, actor: str, note: str) -> None:
    """Add a decision, with a line of the audit trail."""
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
    }
    tx.connection.execute(insert(register_decision), values)
    word = "accept" if decision.is_accepted else "reject"
    tx.audited(
        actor=actor,
        action=f"quarantine.{word}",
        subject=f"meter/{meter_id}",
        detail=f"node {decision.node_id} rows {decision.first_seq} to {decision.last_seq}: {note}",
    )


def decisions(connection: Connection, meter_id: int) -> list[Decided]:
    """What was decided of a meter's rows, in the order of the decisions."""
    statement = (
        select(register_decision)
        .where(register_decision.c.meter_id == meter_id)
        .order_by(register_decision.c.id)
    )
    return [
        Decided(
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
        )
        for row in connection.execute(statement)
    ]

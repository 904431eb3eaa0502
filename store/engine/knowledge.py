"""What the engine learned, kept so that the next run need not learn it again."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from domain import wire
from domain.events import KnowledgeRestored
from store.tables.engine import knowledge
from store.transaction import Transaction


def save(tx: Transaction, *, role: str, learned: Mapping[str, Any]) -> None:
    """Keep what this role learned in place of what it knew before."""
    values = {"knowledge": wire.dumps(learned), "saved_at_s": tx.now_s}
    changed = tx.connection.execute(
        update(knowledge).where(knowledge.c.role == role).values(values)
    ).rowcount
    if not changed:
        tx.connection.execute(insert(knowledge), {"role": role, **values})


def restored(connection: Connection, *, role: str) -> KnowledgeRestored | None:
    """What this role learned in earlier runs, as the fact a new run begins with."""
    text = connection.execute(
        select(knowledge.c.knowledge).where(knowledge.c.role == role)
    ).scalar()
    return None if text is None else KnowledgeRestored(knowledge=json.loads(text))


def saved_at_s(connection: Connection, *, role: str) -> float | None:
    """When this role last saved what it learned; None where it never did."""
    statement = select(knowledge.c.saved_at_s).where(knowledge.c.role == role)
    return connection.execute(statement).scalar()

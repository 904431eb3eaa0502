"""The log of what the engine consumed and answered, read back run by run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from domain import wire
from domain.events import EngineStarted, Event
from store.belief import SUPERSEDED_BATCH
from store.tables import decision, event

#: Batches read at a time: a run may be weeks long.
_PAGE_BATCHES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """One life of an engine, from the fact that it started."""

    first_batch: int
    policy: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedBatch:
    """What the engine was told at once, and the orders it gave, as text."""

    batch: int
    now_s: float
    events: tuple[Event, ...]
    commands: str


def last_run(connection: Connection) -> EngineRun | None:
    """The newest run in the log; None where no engine ever started."""
    statement = (
        select(event.c.batch, event.c.payload)
        .where(event.c.batch > SUPERSEDED_BATCH)
        .where(event.c.kind == EngineStarted.__name__)
        .order_by(event.c.batch.desc())
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    plain = json.loads(row.payload)
    return EngineRun(first_batch=row.batch, policy=plain["policy"], version=plain["version"])


def batches(connection: Connection, first_batch: int) -> Iterator[LoggedBatch]:
    """Every batch from this one on, in the order in which the engine took them."""
    newest = connection.execute(select(func.max(decision.c.batch))).scalar() or 0
    for start in range(first_batch, newest + 1, _PAGE_BATCHES):
        yield from _page(connection, start, start + _PAGE_BATCHES)


def _page(connection: Connection, start: int, stop: int) -> list[LoggedBatch]:
    facts: dict[int, list[Event]] = {}
    logged = (
        select(event.c.batch, event.c.kind, event.c.payload)
        .where(event.c.batch >= start, event.c.batch < stop)
        .order_by(event.c.batch, event.c.id)
    )
    for row in connection.execute(logged):
        facts.setdefault(row.batch, []).append(wire.load_event(row.kind, row.payload))
    decided = (
        select(decision.c.batch, decision.c.now_s, decision.c.commands)
        .where(decision.c.batch >= start, decision.c.batch < stop)
        .order_by(decision.c.batch)
    )
    return [
        LoggedBatch(
            batch=row.batch,
            now_s=row.now_s,
            events=tuple(facts.get(row.batch, ())),
            commands=row.commands,
        )
        for row in connection.execute(decided)
    ]

"""The log of what the engine consumed and answered: written batch by batch, read run by run."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from domain import wire
from domain.commands import Command
from domain.events import EngineStarted, Event, JobArrayWithdrawn, JobWithdrawn
from store.engine.engine_facts import job_facts, node_facts
from store.fleet.weather import forecast_facts
from store.quotas import quotas
from store.reservations import reservations
from store.rounds import LARGEST_STEP_ROWS
from store.settings import read_setting, write_setting
from store.tables.engine import decision, event
from store.transaction import Transaction, event_values

LARGEST_BATCH = 2000
#: Events that a new run of the engine found already in the store's state.
SUPERSEDED_BATCH = 0
#: By this name the policy of the newest run is remembered: the log is long to search.
_POLICY = "policy"
#: Batches read at a time: a run may be weeks long.
_PAGE_BATCHES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event with its place in the log."""

    id: int
    event: Event


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


def restart_log(tx: Transaction, started: EngineStarted, before: Sequence[Event] = ()) -> int:
    """Begin a new run in the event log; the batch number it starts with.

    ``before`` is what the engine must know first, such as what earlier runs learned; it stands
    right after the start, so that a replay needs nothing but the log. Events that nobody consumed
    are already part of the store's state, which the new facts describe; they are set aside, so
    that nothing is counted twice.
    """
    tx.connection.execute(
        update(event).where(event.c.batch.is_(None)).values(batch=SUPERSEDED_BATCH)
    )
    facts: list[Event] = [
        started,
        *before,
        *node_facts(tx),
        *forecast_facts(tx),
        *quotas.facts(tx.connection, tx.now_s),
        *reservations.facts(tx.connection, tx.now_s),
        *job_facts(tx),
    ]
    tx.connection.execute(insert(event), [event_values(fact, tx.now_s) for fact in facts])
    write_setting(tx, _POLICY, started.policy)
    newest = tx.connection.execute(select(func.max(decision.c.batch))).scalar()
    return int(newest or 0) + 1


def unconsumed(tx: Transaction, limit: int | None = LARGEST_BATCH) -> list[LoggedEvent]:
    """The oldest events that the engine has not seen."""
    statement = (
        select(event.c.id, event.c.kind, event.c.payload)
        .where(event.c.batch.is_(None))
        .order_by(event.c.id)
        .limit(limit)
    )
    return [
        LoggedEvent(id=row.id, event=wire.load_event(row.kind, row.payload))
        for row in tx.connection.execute(statement)
    ]


def withdrawn_meanwhile(tx: Transaction, ids: Collection[int]) -> set[int]:
    """Those of these instances that were withdrawn, as the engine has not learned yet."""
    kinds = (JobWithdrawn.__name__, JobArrayWithdrawn.__name__)
    statement = select(event.c.kind, event.c.payload).where(
        event.c.batch.is_(None), event.c.kind.in_(kinds)
    )
    found: set[int] = set()
    for row in tx.connection.execute(statement):
        fact = wire.load_event(row.kind, row.payload)
        if isinstance(fact, JobWithdrawn):
            found.add(fact.instance_id)
        elif isinstance(fact, JobArrayWithdrawn):
            for first, last in zip(fact.first_ids, fact.last_ids, strict=True):
                found.update(number for number in ids if first <= number <= last)
    return found & set(ids)


def append(tx: Transaction, fact: Event) -> LoggedEvent:
    """Log a fact that whoever consumes the log found himself; so it wakes nobody."""
    statement = insert(event).values(event_values(fact, tx.now_s)).returning(event.c.id)
    return LoggedEvent(id=int(tx.connection.execute(statement).scalar_one()), event=fact)


def log_batch(
    tx: Transaction,
    *,
    batch: int,
    now_s: float,
    consumed: Sequence[LoggedEvent],
    commands: Sequence[Command],
    duration_s: float | None = None,
) -> None:
    """Record that the engine consumed these events, in this order, and answered so."""
    if consumed:
        tx.connection.execute(
            update(event).where(event.c.id == bindparam("of_id")).values(batch=batch),
            [{"of_id": item.id} for item in consumed],
        )
    tx.connection.execute(
        insert(decision),
        {
            "batch": batch,
            "now_s": now_s,
            "commands": wire.dumps([wire.command_to_plain(command) for command in commands]),
            "duration_s": duration_s,
        },
    )


def deciding_policy(connection: Connection) -> str | None:
    """The policy of the newest run, with its settings; None where no engine ever started."""
    return read_setting(connection, _POLICY)


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


def prune_old_runs(tx: Transaction, older_than_s: float) -> bool:
    """Forget some events of engine runs before the last; whether there may be more to do.

    The last run stays whole, since it is what replays. Decisions that gave orders stay too: they
    say why a job went where it went.
    """
    run = last_run(tx.connection)
    if run is None:
        return False
    old = (
        select(event.c.id)
        .where(event.c.batch < run.first_batch, event.c.at_s < tx.now_s - older_than_s)
        .limit(LARGEST_STEP_ROWS)
    )
    events = tx.connection.execute(delete(event).where(event.c.id.in_(old))).rowcount
    idle = (
        select(decision.c.batch)
        .where(decision.c.batch < run.first_batch, decision.c.commands == "[]")
        .where(decision.c.now_s < tx.now_s - older_than_s)
        .limit(LARGEST_STEP_ROWS)
    )
    decisions = tx.connection.execute(delete(decision).where(decision.c.batch.in_(idle))).rowcount
    return LARGEST_STEP_ROWS in (events, decisions)

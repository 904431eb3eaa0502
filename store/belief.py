"""The facts from which an engine can be filled afresh: what the store knows now."""

import json

from sqlalchemy import func, insert, select, update

from domain import wire
from domain.events import AttemptClaimed, EngineStarted, Event, NodeLeft
from domain.job import HOLDING_STATES, JobState
from domain.node import NodeState
from store.jobs import queued_event
from store.nodes import joined_event
from store.readings import latest_readings, reading_event
from store.tables import decision, event, instance, job, node
from store.transaction import Transaction

#: Events that a new run of the engine found already in the store's state.
SUPERSEDED_BATCH = 0


def node_facts(tx: Transaction) -> list[Event]:
    """Every node, whether it is open for work, and its latest reading."""
    facts: list[Event] = []
    latest = latest_readings(tx)
    for row in tx.connection.execute(select(node.c.id, node.c.state).order_by(node.c.id)):
        facts.append(joined_event(tx, row.id))
        if row.state != NodeState.UP:
            facts.append(NodeLeft(node_id=row.id))
        if row.id in latest:
            facts.append(reading_event(latest[row.id]))
    return facts


def job_facts(tx: Transaction, *, only: int | None = None) -> list[Event]:
    """Every waiting or placed instance; ``only`` narrows the waiting ones to a single one."""
    waiting = instance.c.state == JobState.QUEUED.value
    if only is not None:
        waiting = waiting & (instance.c.id == only)
    placed = instance.c.state.in_([state.value for state in HOLDING_STATES])
    statement = (
        select(
            instance.c.id,
            instance.c.tenant_id,
            instance.c.state,
            instance.c.attempt,
            instance.c.node_id,
            instance.c.queued_at_s,
            job.c.spec,
        )
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(waiting | placed)
        .order_by(instance.c.id)
    )
    facts: list[Event] = []
    for row in tx.connection.execute(statement):
        is_placed = row.state != JobState.QUEUED
        facts.append(
            queued_event(
                wire.load_spec(json.loads(row.spec)),
                instance_id=row.id,
                tenant_id=row.tenant_id,
                queued_at_s=row.queued_at_s,
                last_attempt=row.attempt - 1 if is_placed else row.attempt,
            )
        )
        if is_placed:
            facts.append(
                AttemptClaimed(instance_id=row.id, attempt=row.attempt, node_id=row.node_id)
            )
    return facts


def restart_log(tx: Transaction, started: EngineStarted) -> int:
    """Begin a new run in the event log; the batch number it starts with.

    Events that nobody consumed are already part of the store's state, which the new facts
    describe; they are set aside, so that nothing is counted twice.
    """
    tx.connection.execute(
        update(event).where(event.c.batch.is_(None)).values(batch=SUPERSEDED_BATCH)
    )
    facts: list[Event] = [started, *node_facts(tx), *job_facts(tx)]
    tx.connection.execute(
        insert(event),
        [
            {"at_s": tx.now_s, "kind": wire.event_kind(fact), "payload": wire.dumps(fact)}
            for fact in facts
        ],
    )
    newest = tx.connection.execute(select(func.max(decision.c.batch))).scalar()
    return int(newest or 0) + 1

"""What the store knows now, as the events from which an engine can be filled afresh."""

import json

from sqlalchemy import select

from domain import wire
from domain.events import AttemptClaimed, Event, NodeLeft
from domain.job import HOLDING_STATES, INNOCENT_ENDS, JobState
from domain.node import NodeState
from store.jobs import queued_event
from store.nodes import joined_event
from store.readings import latest_readings, reading_event
from store.rows import AnyRow
from store.tables import attempt, instance, job, node
from store.transaction import Transaction


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
            instance.c.not_before_s,
            job.c.spec,
            attempt.c.node_id.label("last_node_id"),
            attempt.c.reason.label("last_reason"),
        )
        .select_from(
            instance.join(job, instance.c.job_id == job.c.id).outerjoin(
                attempt,
                (attempt.c.instance_id == instance.c.id)
                & (attempt.c.attempt == instance.c.attempt),
            )
        )
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
                avoid_node_id=None if is_placed else _avoided(row),
                not_before_s=row.not_before_s,
            )
        )
        if is_placed:
            facts.append(
                AttemptClaimed(instance_id=row.id, attempt=row.attempt, node_id=row.node_id)
            )
    return facts


def _avoided(row: AnyRow) -> int | None:
    """The node on which the last attempt went wrong."""
    node_id: int | None = row.last_node_id
    return None if row.last_reason in INNOCENT_ENDS else node_id

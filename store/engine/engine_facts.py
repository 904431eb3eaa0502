"""What the store knows now, as the events from which an engine can be filled afresh."""

import json
from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, false, func, select

from domain import wire
from domain.events import AttemptClaimed, Event, NodeLeft
from domain.fleet.node import NodeState
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import HOLDING_STATES, INNOCENT_ENDS, JobState
from store.fleet.nodes import joined_event
from store.fleet.readings import latest_readings, reading_event
from store.fleet.wishes import heard
from store.gangs import members
from store.gangs.breaks import BREAKS
from store.instances.queueing import array_queued_event, queued_event
from store.rows import AnyRow
from store.tables.fleet import node
from store.tables.jobs import attempt, instance, job
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
            facts.append(heard(tx, reading_event(latest[row.id])))
    return facts


def job_facts(tx: Transaction, *, only: int | None = None) -> list[Event]:
    """Every placed or waiting instance; ``only`` narrows the waiting ones to a single one.

    What is placed comes first, so that what waits of an array finds its limit taken up already.
    """
    waiting = instance.c.state == JobState.QUEUED.value
    is_fresh = and_(instance.c.array_index.is_not(None), instance.c.attempt == 0)
    if only is not None:
        waiting, is_fresh = waiting & (instance.c.id == only), and_(false())
    placed = instance.c.state.in_([state.value for state in HOLDING_STATES])
    return [
        *_one_by_one(tx, placed, is_placed=True),
        *_one_by_one(tx, waiting & ~is_fresh, is_placed=False),
        *_arrays(tx, waiting & is_fresh),
    ]


def waiting_facts(tx: Transaction, job_id: int) -> list[Event]:
    """Every instance of a job that queues, as the store says now."""
    waiting = (instance.c.job_id == job_id) & (instance.c.state == JobState.QUEUED.value)
    is_fresh = and_(instance.c.array_index.is_not(None), instance.c.attempt == 0)
    return [
        *_one_by_one(tx, waiting & ~is_fresh, is_placed=False),
        *_arrays(tx, waiting & is_fresh),
    ]


def _one_by_one(tx: Transaction, which: ColumnElement[bool], *, is_placed: bool) -> Iterator[Event]:
    statement = (
        select(
            instance.c.id,
            instance.c.job_id,
            instance.c.tenant_id,
            instance.c.attempt,
            instance.c.node_id,
            instance.c.nodes,
            instance.c.queued_at_s,
            instance.c.not_before_s,
            instance.c.started_at_s,
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
        .where(which)
        .order_by(instance.c.id)
    )
    for row in tx.connection.execute(statement):
        yield queued_event(
            wire.load_spec(json.loads(row.spec)),
            instance_id=row.id,
            job_id=row.job_id,
            tenant_id=row.tenant_id,
            queued_at_s=row.queued_at_s,
            last_attempt=row.attempt - 1 if is_placed else row.attempt,
            avoid_node_id=None if is_placed else _avoided(tx, row),
            not_before_s=row.not_before_s,
        )
        if is_placed:
            yield AttemptClaimed(
                instance_id=row.id,
                attempt=row.attempt,
                node_id=row.node_id,
                member_ids=_members(tx, row) if row.nodes > 1 else (),
                started_at_s=row.started_at_s,
            )


def _arrays(tx: Transaction, which: ColumnElement[bool]) -> Iterator[Event]:
    """The instances of arrays that were never placed, as the runs in which they are numbered."""
    place = func.row_number().over(
        partition_by=(instance.c.job_id, instance.c.queued_at_s, instance.c.not_before_s),
        order_by=instance.c.id,
    )
    numbered = (
        select(
            instance.c.id,
            instance.c.job_id,
            instance.c.queued_at_s,
            instance.c.not_before_s,
            (instance.c.id - place).label("run"),
        )
        .where(which)
        .subquery()
    )
    runs = (
        select(
            numbered.c.job_id,
            numbered.c.queued_at_s,
            numbered.c.not_before_s,
            func.min(numbered.c.id).label("first"),
            func.max(numbered.c.id).label("last"),
        )
        .group_by(
            numbered.c.job_id, numbered.c.queued_at_s, numbered.c.not_before_s, numbered.c.run
        )
        .order_by("first")
    )
    found: dict[tuple[int, float, float | None], list[tuple[int, int]]] = {}
    for row in tx.connection.execute(runs):
        found.setdefault((row.job_id, row.queued_at_s, row.not_before_s), []).append(
            (row.first, row.last)
        )
    for (job_id, queued_at_s, not_before_s), of_job in found.items():
        its = tx.connection.execute(
            select(job.c.spec, job.c.tenant_id).where(job.c.id == job_id)
        ).one()
        yield array_queued_event(
            wire.load_spec(json.loads(its.spec)),
            job_id=job_id,
            tenant_id=its.tenant_id,
            queued_at_s=queued_at_s,
            not_before_s=not_before_s,
            runs=of_job,
        )


def _members(tx: Transaction, row: AnyRow) -> tuple[int, ...]:
    """The further nodes of a placed attempt."""
    key = AttemptKey(instance_id=row.id, attempt=row.attempt)
    return tuple(other.node_id for other in members.nodes_of(tx.connection, [key])[key])


def _avoided(tx: Transaction, row: AnyRow) -> int | None:
    """The node on which the last attempt went wrong."""
    node_id: int | None = row.last_node_id
    if row.last_reason in INNOCENT_ENDS:
        return None
    if row.nodes > 1 and row.last_reason in BREAKS:
        key = AttemptKey(instance_id=row.id, attempt=row.attempt)
        first = members.first_to_leave(tx.connection, key)
        node_id = node_id if first is None else first.node_id
    return node_id

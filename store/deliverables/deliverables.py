"""Plans of files and the files themselves: made anew as a further version, never in place."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select

from domain.calendar.months import month_of
from domain.languages import Language
from domain.refusal import Refused
from domain.towns.accounts import TownRole
from domain.towns.deliverables import DeliverableKind, Plan
from store.collectivities.collectivity_tables import collectivity
from store.deliverables.deliverable_tables import (
    deliverable,
    deliverable_plan,
    deliverable_source,
)
from store.rows import AnyRow
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPlan:
    """A plan, whose it is, and from which month on."""

    collectivity_id: int
    plan: Plan
    since_month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which file, whatever its version."""

    collectivity_id: int
    kind: DeliverableKind
    period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A version of a file, without its bytes."""

    key: Key
    version: int
    made_at_s: float
    csv_bytes: int
    xlsx_bytes: int


def plan(
    tx: Transaction, collectivity_id: int, wanted: Plan, since_month: int | None, actor: str
) -> Refused | None:
    """Have such files made from a month on; default: the one that is not over yet."""
    known = select(collectivity.c.id).where(collectivity.c.id == collectivity_id)
    if tx.connection.execute(known).scalar() is None:
        return Refused(code="collectivity.unknown", sentence="There is no such collectivity.")
    end_plan(tx, collectivity_id, wanted.kind, None)
    values = {
        "collectivity_id": collectivity_id,
        "kind": wanted.kind.value,
        "day": wanted.day,
        "language": wanted.language.value,
        "roles": json.dumps(sorted(wanted.roles)),
        "since_month": since_month or month_of(tx.now_s),
    }
    tx.connection.execute(insert(deliverable_plan), values)
    tx.audited(
        actor=actor,
        action="deliverable.plan",
        subject=f"collectivity/{collectivity_id}",
        detail=f"{wanted.kind.value} by day {wanted.day}",
    )
    return None


def end_plan(
    tx: Transaction, collectivity_id: int, kind: DeliverableKind, actor: str | None
) -> bool:
    """No more of these are made; what was made stays. ``actor`` None = it is planned anew."""
    gone = tx.connection.execute(
        delete(deliverable_plan).where(
            deliverable_plan.c.collectivity_id == collectivity_id,
            deliverable_plan.c.kind == kind.value,
        )
    ).rowcount
    if gone and actor is not None:
        subject = f"collectivity/{collectivity_id}"
        tx.audited(actor=actor, action="deliverable.end", subject=subject, detail=kind.value)
    return bool(gone)


def plans(connection: Connection, collectivity_id: int | None = None) -> list[StandingPlan]:
    """Plans of a collectivity, or of all."""
    statement = select(deliverable_plan).order_by(
        deliverable_plan.c.collectivity_id, deliverable_plan.c.kind
    )
    if collectivity_id is not None:
        statement = statement.where(deliverable_plan.c.collectivity_id == collectivity_id)
    return [_plan(row) for row in connection.execute(statement)]


def _plan(row: AnyRow) -> StandingPlan:
    return StandingPlan(
        collectivity_id=row.collectivity_id,
        plan=Plan(
            kind=DeliverableKind(row.kind),
            day=row.day,
            language=Language(row.language),
            roles=frozenset(TownRole(item) for item in json.loads(row.roles)),
        ),
        since_month=row.since_month,
    )


def source_of(connection: Connection, key: Key) -> str | None:
    """From what the file was last made, in short."""
    return connection.execute(
        select(deliverable_source.c.source).where(*_own(deliverable_source, key))
    ).scalar()


def keep(tx: Transaction, key: Key, source: str, csv: bytes, xlsx: bytes) -> bool:
    """Add a version unless the newest says the same; whether there is a new one."""
    tx.connection.execute(delete(deliverable_source).where(*_own(deliverable_source, key)))
    columns = {
        "collectivity_id": key.collectivity_id,
        "kind": key.kind.value,
        "period": key.period,
    }
    tx.connection.execute(insert(deliverable_source), {**columns, "source": source})
    newest = tx.connection.execute(
        select(deliverable.c.version, deliverable.c.csv)
        .where(*_own(deliverable, key))
        .order_by(deliverable.c.version.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and bytes(newest.csv) == csv:
        return False
    version = 1 if newest is None else newest.version + 1
    values = {**columns, "version": version, "csv": csv, "xlsx": xlsx, "made_at_s": tx.now_s}
    tx.connection.execute(insert(deliverable), values)
    return True


def made_for(connection: Connection, collectivity_ids: Collection[int]) -> list[Made]:
    """Every version of every file, newest period first."""
    columns = [item for item in deliverable.c if item.name not in {"csv", "xlsx"}]
    sizes = (func.length(deliverable.c.csv), func.length(deliverable.c.xlsx))
    statement = (
        select(*columns, sizes[0].label("csv_bytes"), sizes[1].label("xlsx_bytes"))
        .where(deliverable.c.collectivity_id.in_(collectivity_ids))
        .order_by(deliverable.c.kind, deliverable.c.period.desc(), deliverable.c.version.desc())
    )
    return [
        Made(
            key=Key(
                collectivity_id=row.collectivity_id,
                kind=DeliverableKind(row.kind),
                period=row.period,
            ),
            version=row.version,
            made_at_s=row.made_at_s,
            csv_bytes=row.csv_bytes,
            xlsx_bytes=row.xlsx_bytes,
        )
        for row in connection.execute(statement)
    ]


def content_of(connection: Connection, key: Key, version: int, form: str) -> bytes | None:
    """The bytes of a version, as ``csv`` or ``xlsx``."""
    found = connection.execute(
        select(deliverable.c[form]).where(*_own(deliverable, key), deliverable.c.version == version)
    ).scalar()
    return None if found is None else bytes(found)


def _own(table: Table, key: Key) -> tuple[ColumnElement[bool], ...]:
    columns = table.c
    return (
        columns.collectivity_id == key.collectivity_id,
        columns.kind == key.kind.value,
        columns.period == key.period,
    )

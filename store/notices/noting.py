"""Notices are written in the transaction in which something happens to a job: none is lost."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.jobs.job import FINAL_STATES, JobState
from domain.jobs.job_ref import element_ref
from domain.notices.notice import NoticeType, Occasion, is_wanted
from store.instances.array_sums import array_span, array_state, count_by_state
from store.notices.notice_tables import mail_wish, notice, webhook
from store.rows import AnyRow
from store.tables.fleet import node, site
from store.tables.jobs import attempt, instance, job
from store.transaction import Transaction

#: Numbers named in one statement.
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody who wants to hear of jobs, by mail or by webhook."""

    types: frozenset[NoticeType]
    mail_to: str | None = None
    webhook_id: int | None = None
    project: str | None = None  #: Only of jobs of this project; None = of all.

    @property
    def name(self) -> str:
        """Tells its notices from those of others."""
        return "mail" if self.webhook_id is None else f"webhook{self.webhook_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Who wants to hear of some jobs: by the number of the job, and by that of its tenant."""

    mails: Mapping[int, Wish]
    hooks: Mapping[int, Sequence[Wish]]

    def about(self, job_id: int, tenant_id: int) -> Iterator[Wish]:
        """Those that may be about this job."""
        if job_id in self.mails:
            yield self.mails[job_id]
        yield from self.hooks.get(tenant_id, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to an instance, or to an array as a whole."""

    occasion: Occasion
    job_id: int
    tenant_id: int
    is_element: bool  #: Of an array.
    is_whole: bool  #: An array.
    attempt: int
    facts: Mapping[str, Any]


def note_changes(tx: Transaction) -> None:
    """Write a notice to everybody who wants to hear of what this transaction did to jobs."""
    if not tx.changed_jobs or not _does_anybody_care(tx.connection):
        return
    changed = list(dict.fromkeys(tx.changed_jobs))
    for first in range(0, len(changed), _CHUNK):
        rows = tx.connection.execute(_happened(changed[first : first + _CHUNK], tx.now_s)).all()
        wishes = wishes_about(tx, rows)
        rows = [row for row in rows if any(wishes.about(row.job_id, row.tenant_id))]
        write(tx, [*_of_instances(rows, tx.now_s), *_of_arrays(tx, rows)], wishes)


def _does_anybody_care(connection: Connection) -> bool:
    """Whether there is any wish at all, so that nobody pays for notices that nobody wants."""
    hooks = exists().where(webhook.c.removed_at_s.is_(None))
    statement = select(or_(exists().select_from(mail_wish), hooks))
    return bool(connection.execute(statement).scalar())


def _happened(ids: Sequence[int], now_s: float) -> Any:  # noqa: ANN401 - a select of rows
    """Those of these instances to which something has just happened."""
    return _instances().where(
        instance.c.id.in_(ids),
        or_(
            instance.c.finished_at_s == now_s,
            attempt.c.ended_at_s == now_s,
            attempt.c.started_at_s == now_s,
        ),
    )


def _instances() -> Any:  # noqa: ANN401 - a select of rows
    return select(
        instance.c.id,
        instance.c.job_id,
        instance.c.array_index,
        instance.c.tenant_id,
        instance.c.state,
        instance.c.reason,
        instance.c.exit_code,
        instance.c.attempt,
        instance.c.started_at_s,
        instance.c.finished_at_s,
        attempt.c.started_at_s.label("attempt_started_at_s"),
        attempt.c.ended_at_s.label("attempt_ended_at_s"),
        job.c.name,
        job.c.project,
        job.c.array_count,
        node.c.name.label("node"),
        site.c.name.label("site"),
    ).select_from(
        instance.join(job, instance.c.job_id == job.c.id)
        .outerjoin(
            attempt,
            (attempt.c.instance_id == instance.c.id) & (attempt.c.attempt == instance.c.attempt),
        )
        .outerjoin(node, attempt.c.node_id == node.c.id)
        .outerjoin(site, node.c.site_id == site.c.id)
    )


def running_instances() -> Any:  # noqa: ANN401 - a select of rows
    """What runs now, as ``happening`` reads it."""
    return _instances().where(instance.c.state == JobState.RUNNING.value)


def _of_instances(rows: Sequence[AnyRow], now_s: float) -> Iterator[Happening]:
    for row in rows:
        for occasion in _occasions(row, now_s):
            yield happening(row, occasion)


def _occasions(row: AnyRow, now_s: float) -> Iterator[Occasion]:
    if row.attempt_started_at_s == now_s:
        yield Occasion.BEGAN
    if row.finished_at_s == now_s:
        yield Occasion.ENDED
    elif row.attempt_started_at_s is not None and row.attempt_ended_at_s == now_s:
        if row.state == JobState.QUEUED:
            yield Occasion.REQUEUED
        elif row.state == JobState.HELD:
            yield Occasion.HELD


def happening(row: AnyRow, occasion: Occasion) -> Happening:
    """What happened to one instance, as it is told."""
    return Happening(
        occasion=occasion,
        job_id=row.job_id,
        tenant_id=row.tenant_id,
        is_element=row.array_index is not None,
        is_whole=False,
        attempt=row.attempt,
        facts={
            "occasion": occasion.value,
            "job_id": row.id,
            "ref": element_ref(row.job_id, row.array_index),
            "name": row.name,
            "project": row.project,
            "state": row.state,
            "reason": row.reason,
            "exit_code": row.exit_code,
            "attempt": row.attempt,
            "node": row.node,
            "site": row.site,
            "started_at_s": row.started_at_s,
            "finished_at_s": row.finished_at_s,
        },
    )


def _of_arrays(tx: Transaction, rows: Sequence[AnyRow]) -> Iterator[Happening]:
    """What happened to arrays as wholes; a beginning is told once, however often it comes."""
    elements = [row for row in rows if row.array_index is not None]
    for row in {
        row.job_id: row for row in elements if row.attempt_started_at_s == tx.now_s
    }.values():
        whole = {"name": row.name, "project": row.project, "state": JobState.RUNNING.value}
        whole |= {"started_at_s": tx.now_s, "finished_at_s": None}
        yield _of_array(Occasion.BEGAN, row, whole)
    ended = [row for row in elements if row.finished_at_s == tx.now_s]
    for row in {row.job_id: row for row in ended}.values():
        state = array_state(tx.connection, row.job_id)
        if state in FINAL_STATES:
            counts = count_by_state(tx.connection, row.job_id, row.array_count)
            whole = {"name": row.name, "project": row.project, "state": state.value}
            whole |= {"counts": counts, **array_span(tx.connection, row.job_id)}
            yield _of_array(Occasion.ENDED, row, whole)


def _of_array(occasion: Occasion, row: AnyRow, whole: Mapping[str, Any]) -> Happening:
    return Happening(
        occasion=occasion,
        job_id=row.job_id,
        tenant_id=row.tenant_id,
        is_element=False,
        is_whole=True,
        attempt=0,
        facts={
            "occasion": occasion.value,
            "job_id": row.job_id,
            "ref": str(row.job_id),
            **whole,
        },
    )


def write(tx: Transaction, happenings: Sequence[Happening], wishes: Wishes) -> None:
    """Write these down for whoever wants to hear of them; what was written before stays."""
    values = [
        _notice_values(tx, item, wish)
        for item in happenings
        for wish in wishes.about(item.job_id, item.tenant_id)
        if _is_for(wish, item)
    ]
    if values:
        dialect = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
        tx.connection.execute(dialect.insert(notice).on_conflict_do_nothing(), values)
    over = [
        item.job_id
        for item in happenings
        if item.occasion is Occasion.ENDED and not item.is_element and item.job_id in wishes.mails
    ]
    if over:
        tx.connection.execute(delete(mail_wish).where(mail_wish.c.job_id.in_(over)))


def _is_for(wish: Wish, item: Happening) -> bool:
    if wish.project is not None and item.facts["project"] != wish.project:
        return False
    wants_elements = NoticeType.ARRAY_TASKS in wish.types
    if item.is_whole if wants_elements else item.is_element:
        return False
    state = JobState(item.facts["state"])
    return is_wanted(wish.types, item.occasion, state, item.facts.get("reason"))


def _notice_values(tx: Transaction, item: Happening, wish: Wish) -> dict[str, object]:
    facts = item.facts
    return {
        "name": f"{facts['ref']}-{item.occasion.value}-{item.attempt}-{wish.name}",
        "job_id": item.job_id,
        "payload": json.dumps({**facts, "at_s": tx.now_s}, separators=(",", ":")),
        "webhook_id": wish.webhook_id,
        "mail_to": wish.mail_to,
        "created_at_s": tx.now_s,
        "due_at_s": tx.now_s,
        "tries": 0,
    }


def types_of(text: str) -> frozenset[NoticeType]:
    """As they are stored: words with commas between."""
    return frozenset(map(NoticeType, text.split(",")))


def wishes_about(tx: Transaction, rows: Sequence[AnyRow]) -> Wishes:
    """Who wants to hear of the jobs of these instances.

    Where the end of an array may be told, the wishes are locked: of two transactions that end its
    last two elements at once, the later one sees what the earlier one did.
    """
    mails = select(mail_wish).where(mail_wish.c.job_id.in_({row.job_id for row in rows}))
    hooks = select(webhook).where(
        webhook.c.tenant_id.in_({row.tenant_id for row in rows}), webhook.c.removed_at_s.is_(None)
    )
    if tx.locks_rows and any(row.array_index is not None for row in rows):
        mails = mails.order_by(mail_wish.c.job_id).with_for_update()
        hooks = hooks.order_by(webhook.c.id).with_for_update()
    of_jobs = {
        row.job_id: Wish(types=types_of(row.types), mail_to=row.addresses)
        for row in tx.connection.execute(mails)
    }
    of_tenants: dict[int, list[Wish]] = {}
    for row in tx.connection.execute(hooks):
        wish = Wish(types=types_of(row.types), webhook_id=row.id, project=row.project)
        of_tenants.setdefault(row.tenant_id, []).append(wish)
    return Wishes(mails=of_jobs, hooks=of_tenants)

"""The outbox of notices: what is due, who sends it now, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S
from domain.notices.notice import GIVEN_UP_AFTER_S, TIME_FRACS, Occasion, retry_after_s
from store.notices.notice_tables import mail_wish, notice, webhook
from store.notices.noting import Wishes, happening, running_instances, wishes_about, write
from store.rounds import LARGEST_STEP_ROWS
from store.tables.jobs import job
from store.transaction import Transaction

#: Whoever took a notice has so long to send it; then another may try [s].
TAKEN_FOR_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notice to send now."""

    id: int
    name: str  #: The same at every try: by it a receiver knows a repeat.
    payload: Mapping[str, Any]
    created_at_s: float
    tries: int  #: This one included.
    mail_to: str | None
    webhook_id: int | None
    url: str | None
    secret: bytes | None


def take_due(tx: Transaction, limit: int) -> list[Due]:
    """The oldest notices that are due, for the caller to send; nobody else has them meanwhile.

    Should the caller die, they are due again later: a notice may come twice, and never not at all.
    """
    due = (
        select(notice.c.id)
        .where(notice.c.due_at_s <= tx.now_s)
        .order_by(notice.c.due_at_s, notice.c.id)
        .limit(limit)
    )
    if tx.locks_rows:
        due = due.with_for_update(skip_locked=True)
    ids = tx.connection.execute(due).scalars().all()
    if not ids:
        return []
    tx.connection.execute(
        update(notice)
        .where(notice.c.id.in_(ids))
        .values(due_at_s=tx.now_s + TAKEN_FOR_S, tries=notice.c.tries + 1)
    )
    statement = (
        select(notice, webhook.c.url, webhook.c.secret)
        .select_from(notice.outerjoin(webhook, notice.c.webhook_id == webhook.c.id))
        .where(notice.c.id.in_(ids))
        .order_by(notice.c.id)
    )
    return [
        Due(
            id=row.id,
            name=row.name,
            payload=json.loads(row.payload),
            created_at_s=row.created_at_s,
            tries=row.tries,
            mail_to=row.mail_to,
            webhook_id=row.webhook_id,
            url=row.url,
            secret=None if row.secret is None else bytes(row.secret),
        )
        for row in tx.connection.execute(statement)
    ]


def mark_sent(tx: Transaction, sent: Sequence[Due]) -> None:
    """Note that these got through."""
    if not sent:
        return
    tx.connection.execute(
        update(notice)
        .where(notice.c.id.in_([item.id for item in sent]))
        .values(due_at_s=None, sent_at_s=tx.now_s, error=None)
    )
    _count(tx, sent, {"sent": 1, "given_up": 0}, error=None)


def mark_failed(tx: Transaction, item: Due, error: str, *, is_hopeless: bool = False) -> None:
    """Try one that did not get through later, or give it up where that is of no use."""
    is_over = is_hopeless or tx.now_s - item.created_at_s >= GIVEN_UP_AFTER_S
    due_at_s = None if is_over else tx.now_s + retry_after_s(item.tries)
    tx.connection.execute(
        update(notice).where(notice.c.id == item.id).values(due_at_s=due_at_s, error=error)
    )
    _count(tx, [item], {"sent": 0, "given_up": int(is_over)}, error=error)


def _count(
    tx: Transaction, items: Sequence[Due], more: Mapping[str, int], *, error: str | None
) -> None:
    of_hooks: dict[int, int] = {}
    for item in items:
        if item.webhook_id is not None:
            of_hooks[item.webhook_id] = of_hooks.get(item.webhook_id, 0) + 1
    if not of_hooks:
        return
    last = {"last_sent_at_s": tx.now_s} if error is None else {"last_error_at_s": tx.now_s}
    tx.connection.execute(
        update(webhook)
        .where(webhook.c.id == bindparam("of_id"))
        .values(
            sent=webhook.c.sent + bindparam("of_count") * more["sent"],
            given_up=webhook.c.given_up + bindparam("of_count") * more["given_up"],
            last_error=error,
            **last,
        ),
        [{"of_id": hook, "of_count": of_hooks[hook]} for hook in sorted(of_hooks)],
    )


def note_passing_time(tx: Transaction) -> None:
    """Write to those who want to hear when so much of a job's time limit has passed."""
    wished = mail_wish.c.types.like("%time_limit\\_%", escape="\\")
    job_ids = tx.connection.execute(select(mail_wish.c.job_id).where(wished)).scalars().all()
    for job_id in job_ids:
        text = tx.connection.execute(select(job.c.spec).where(job.c.id == job_id)).scalar_one()
        limit_s = json.loads(text)["resources"]["time_limit_s"] or DEFAULT_TIME_LIMIT_S
        rows = tx.connection.execute(running_instances().where(job.c.id == job_id)).all()
        wishes = wishes_about(tx, rows)
        told = [
            happening(row, occasion)
            for row in rows
            for occasion in _last_passed(wishes, job_id, (tx.now_s - row.started_at_s) / limit_s)
        ]
        write(tx, told, wishes)


def _last_passed(wishes: Wishes, job_id: int, passed_frac: float) -> list[Occasion]:
    """The highest share of the time limit that has passed, of those that are wished for."""
    types = wishes.mails[job_id].types if job_id in wishes.mails else frozenset()
    passed = [
        (frac, occasion)
        for kind, (occasion, frac) in TIME_FRACS.items()
        if kind in types and passed_frac >= frac
    ]
    return [occasion for _, occasion in sorted(passed)[-1:]]


def drop_old(tx: Transaction, older_than_s: float) -> bool:
    """Forget some notices that were sent or given up; whether there may be more to do."""
    old = (
        select(notice.c.id)
        .where(notice.c.due_at_s.is_(None), notice.c.created_at_s < tx.now_s - older_than_s)
        .limit(LARGEST_STEP_ROWS)
    )
    gone = tx.connection.execute(delete(notice).where(notice.c.id.in_(old))).rowcount
    return bool(gone == LARGEST_STEP_ROWS)

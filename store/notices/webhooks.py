"""Webhooks: addresses that a tenant has told of its jobs, each with a secret of its own."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from domain.notices.notice import NoticeType, Occasion
from domain.refusal import Refused
from store.notices.notice_tables import notice, webhook
from store.tables.access import tenant
from store.transaction import Transaction

MOST_WEBHOOKS = 20
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """One that was just made: the only time its secret is shown."""

    webhook_id: int
    secret: bytes


def add_webhook(
    tx: Transaction,
    *,
    tenant_id: int,
    url: str,
    types: Collection[NoticeType],
    project: str | None,
    actor: str,
) -> NewWebhook | Refused:
    """Tell this address of the tenant's jobs from now on."""
    owner = select(tenant.c.id).where(tenant.c.id == tenant_id)
    if tx.locks_rows:  # so that two at once cannot both be the last that is allowed
        owner = owner.with_for_update()
    tx.connection.execute(owner)
    there = select(func.count()).where(
        webhook.c.tenant_id == tenant_id, webhook.c.removed_at_s.is_(None)
    )
    if tx.connection.execute(there).scalar_one() >= MOST_WEBHOOKS:
        sentence = f"There are {MOST_WEBHOOKS} webhooks, and no more may be; remove one first."
        return Refused(code="webhook.too_many", sentence=sentence)
    secret = secrets.token_bytes(_SECRET_BYTES)
    values = {
        "tenant_id": tenant_id,
        "url": url,
        "project": project,
        "types": ",".join(sorted(types)),
        "secret": secret,
        "created_at_s": tx.now_s,
    }
    statement = insert(webhook).values(values).returning(webhook.c.id)
    made = tx.connection.execute(statement).scalar_one()
    tx.audited(actor=actor, action="webhook.add", subject=f"webhook/{made}")
    return NewWebhook(webhook_id=made, secret=secret)


def remove_webhook(tx: Transaction, webhook_id: int, tenant_id: int | None, actor: str) -> bool:
    """Tell it no more, not even what waits to be told; whether there was one."""
    statement = update(webhook).where(webhook.c.id == webhook_id, webhook.c.removed_at_s.is_(None))
    if tenant_id is not None:
        statement = statement.where(webhook.c.tenant_id == tenant_id)
    # Its secret has signed its last notice, and its address may name a person.
    values = {"removed_at_s": tx.now_s, "secret": b"", "url": "", "last_error": None}
    if tx.connection.execute(statement.values(values)).rowcount == 0:
        return False
    tx.connection.execute(
        update(notice)
        .where(notice.c.webhook_id == webhook_id, notice.c.due_at_s.is_not(None))
        .values(due_at_s=None, error="its webhook was removed")
    )
    tx.audited(actor=actor, action="webhook.remove", subject=f"webhook/{webhook_id}")
    return True


def ping(tx: Transaction, webhook_id: int, tenant_id: int | None) -> str | None:
    """Send it a notice of nothing; the name of the notice, or None where there is no such."""
    found = next((item for item in webhooks(tx.connection, tenant_id, webhook_id)), None)
    if found is None:
        return None
    name = f"{Occasion.PING.value}-{secrets.token_hex(8)}-webhook{webhook_id}"
    tx.connection.execute(
        insert(notice),
        {
            "name": name,
            "payload": f'{{"occasion":"{Occasion.PING.value}","at_s":{tx.now_s!r}}}',
            "webhook_id": webhook_id,
            "created_at_s": tx.now_s,
            "due_at_s": tx.now_s,
            "tries": 0,
        },
    )
    return name


def webhooks(
    connection: Connection, tenant_id: int | None, webhook_id: int | None = None
) -> list[dict[str, Any]]:
    """Those of a tenant, or of every tenant (None), with what became of their notices."""
    waiting = (
        select(func.count())
        .where(notice.c.webhook_id == webhook.c.id, notice.c.due_at_s.is_not(None))
        .correlate(webhook)
        .scalar_subquery()
    )
    statement = (
        select(
            webhook.c.id.label("webhook_id"),
            tenant.c.name.label("tenant"),
            webhook.c.url,
            webhook.c.project,
            webhook.c.types,
            webhook.c.created_at_s,
            waiting.label("waiting"),
            webhook.c.sent,
            webhook.c.given_up,
            webhook.c.last_sent_at_s,
            webhook.c.last_error,
            webhook.c.last_error_at_s,
        )
        .select_from(webhook.join(tenant, webhook.c.tenant_id == tenant.c.id))
        .where(webhook.c.removed_at_s.is_(None))
        .order_by(webhook.c.id)
    )
    if tenant_id is not None:
        statement = statement.where(webhook.c.tenant_id == tenant_id)
    if webhook_id is not None:
        statement = statement.where(webhook.c.id == webhook_id)
    rows = connection.execute(statement)
    return [{**row._mapping, "types": row.types.split(",")} for row in rows]

"""Webhooks: addresses outside that are told of a tenant's jobs."""

import base64
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.names import Name, Number
from api.problems import Problem, not_found
from api.security import JobsReader, PersonWriter, ServicesOf, tenant_id_of, tenant_seen_by
from domain.notices.notice import WEBHOOK_TYPES, parse_notice_types
from domain.notices.webhook_target import LONGEST_URL
from domain.refusal import Refused
from store.notices import webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks, and no secret


class WebhookIn(BaseModel):
    """An address, and what it is told of."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=LONGEST_URL)
    types: str = Field(default="end", max_length=200, examples=["end", "begin,fail"])
    project: Name | None = None


@router.get("")
async def show_webhooks(services: ServicesOf, principal: JobsReader) -> dict[str, Any]:
    """The webhooks of the tenant, or everybody's for operators; what became of their notices."""
    visible = tenant_seen_by(principal)
    rows = await services.read(lambda connection: webhooks.webhooks(connection, visible))
    return {"webhooks": rows}


@router.post("", status_code=201)
async def add_webhook(
    body: WebhookIn, services: ServicesOf, principal: PersonWriter
) -> dict[str, Any]:
    """Tell an address of the tenant's jobs; the answer holds its secret, this once."""
    target = services.notice_rules.origins.check(body.url)
    if isinstance(target, Refused):
        raise Problem(422, target)
    types = parse_notice_types(body.types)
    if not types or not types <= WEBHOOK_TYPES:
        wanted = ", ".join(sorted(WEBHOOK_TYPES))
        sentence = f"types are words with commas between, of: all, {wanted}."
        raise Problem(422, Refused(code="webhook.types", sentence=sentence))
    made = await services.write(
        lambda tx: webhooks.add_webhook(
            tx,
            tenant_id=tenant_id_of(principal),
            url=body.url,
            types=types,
            project=body.project,
            actor=principal.actor,
        )
    )
    if isinstance(made, Refused):
        raise Problem(422, made)
    secret = SECRET_PREFIX + base64.b64encode(made.secret).decode()
    return {"webhook_id": made.webhook_id, "secret": secret}


@router.delete("/{webhook_id}")
async def remove_webhook(
    webhook_id: Number, services: ServicesOf, principal: PersonWriter
) -> dict[str, int]:
    """Tell it no more, not even what waits to be told."""
    visible = tenant_seen_by(principal)
    was_there = await services.write(
        lambda tx: webhooks.remove_webhook(tx, webhook_id, visible, principal.actor)
    )
    if not was_there:
        raise not_found("webhook")
    return {"webhook_id": webhook_id}


@router.post("/{webhook_id}/ping", status_code=202)
async def ping(webhook_id: Number, services: ServicesOf, principal: PersonWriter) -> dict[str, Any]:
    """Send it a notice of nothing, to see whether it arrives."""
    visible = tenant_seen_by(principal)
    name = await services.write(lambda tx: webhooks.ping(tx, webhook_id, visible))
    if name is None:
        raise not_found("webhook")
    return {"webhook_id": webhook_id, "notice": name}

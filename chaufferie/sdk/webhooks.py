"""Webhooks: addresses that are told of a tenant's jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chaufferie.sdk.transport import Transport

_PATH = "/v1/webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address, and what became of the notices to it."""

    webhook_id: int
    tenant: str
    url: str
    types: tuple[str, ...]
    project: str | None  #: Of whose jobs it is told; None = of all.
    created_at_s: float
    waiting: int  #: Notices that are still to be sent.
    sent: int
    given_up: int  #: That could not be sent for a day.
    last_sent_at_s: float | None
    last_error: str | None  #: None where the last try got through.
    last_error_at_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """One that was just made: nobody is shown its secret again."""

    webhook_id: int
    secret: str  #: As receivers by Standard Webhooks take it: ``whsec_...``.


class Webhooks:
    """The webhooks of the key's tenant."""

    def __init__(self, transport: Transport) -> None:
        """Made by ``Client.webhooks``."""
        self._transport = transport

    def list(self) -> tuple[Webhook, ...]:
        """All of them; every tenant's for operators."""
        return tuple(_read(item) for item in self._transport.get(_PATH)["webhooks"])

    def add(self, url: str, *, types: str = "end", project: str | None = None) -> NewWebhook:
        """Tell this address of jobs: ``types`` are words such as ``"begin,fail"`` or ``"all"``."""
        body = {"url": url, "types": types, "project": project}
        answer = self._transport.post_once(_PATH, body)
        return NewWebhook(webhook_id=answer["webhook_id"], secret=answer["secret"])

    def remove(self, webhook_id: int) -> None:
        """Tell it no more, not even what waits to be told."""
        self._transport.delete(f"{_PATH}/{webhook_id}")

    def ping(self, webhook_id: int) -> str:
        """Send it a notice of nothing; the name of the notice."""
        return str(self._transport.post_once(f"{_PATH}/{webhook_id}/ping", {})["notice"])


def _read(document: Mapping[str, Any]) -> Webhook:
    values = {item.name: document[item.name] for item in fields(Webhook)}
    return Webhook(**{**values, "types": tuple(document["types"])})

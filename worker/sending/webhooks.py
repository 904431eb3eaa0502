"""Sending notices to webhooks: to the address that was looked up, and to no other."""

import asyncio
import json
import socket
import ssl
from collections.abc import Sequence

import httpx2

from domain.notices.webhook_target import AllowedOrigins, Origin, WebhookTarget
from domain.refusal import Refused
from store.notices.sending import Due
from worker.sending.signing import signed_headers
from worker.sending.trust import why_unsafe

#: All of one delivery: looking the name up, connecting, sending, and the status of the answer [s].
LONGEST_DELIVERY_S = 10.0
_AT_ONCE = 16


async def deliver_all(
    items: Sequence[Due], allowed: AllowedOrigins, at_s: float, context: ssl.SSLContext
) -> list[tuple[Due, Refused | None]]:
    """Send these; beside each, why it did not get through.

    What the operator does not allow any more has the code ``webhook.host``.
    """
    room = asyncio.Semaphore(_AT_ONCE)

    async def deliver(item: Due) -> tuple[Due, Refused | None]:
        async with room:
            return item, await _deliver(item, allowed, at_s, context)

    return await asyncio.gather(*map(deliver, items))


async def _deliver(
    item: Due, allowed: AllowedOrigins, at_s: float, context: ssl.SSLContext
) -> Refused | None:
    target = allowed.check(item.url or "")
    if isinstance(target, Refused):
        return target
    try:
        async with asyncio.timeout(LONGEST_DELIVERY_S):
            address = await _look_up(target.origin, allowed)
            if address is None:
                return _failed("its name stands for no address that it may have")
            status = await _post(target, address, item, at_s, context)
    except TimeoutError:
        return _failed(f"it took longer than {LONGEST_DELIVERY_S:.0f} s")
    except (httpx2.HTTPError, OSError, ssl.SSLError, UnicodeError) as error:
        return _failed(why_unsafe(error) or f"{type(error).__name__}: {str(error)[:200]}")
    if 200 <= status < 300:  # noqa: PLR2004 - as HTTP has it
        return None
    return _failed(f"it answered with status {status}")


async def _look_up(origin: Origin, allowed: AllowedOrigins) -> str | None:
    """An address to connect to; looked up once, so that it cannot change after it was judged."""
    host = origin.host.strip("[]")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, origin.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not all(allowed.may_connect(origin, address) for address in addresses):
        return None
    return next(iter(addresses), None)


async def _post(
    target: WebhookTarget, address: str, item: Due, at_s: float, context: ssl.SSLContext
) -> int:
    """The status of the answer, whose body nobody reads."""
    origin = target.origin
    body = json.dumps({"notice": item.name, **item.payload}, separators=(",", ":")).encode()
    shown = f"[{address}]" if ":" in address else address
    headers = {
        "Host": origin.host if origin.is_usual_port else f"{origin.host}:{origin.port}",
        "Content-Type": "application/json",
        "User-Agent": "chaufferie",
        **signed_headers(name=item.name, at_s=int(at_s), body=body, secret=item.secret or b""),
    }
    async with (
        httpx2.AsyncClient(verify=context, trust_env=False, follow_redirects=False) as http,
        http.stream(
            "POST",
            f"{origin.scheme}://{shown}:{origin.port}{target.path}",
            content=body,
            headers=headers,
            # The certificate must be that of the name, though the line leads to the address.
            extensions={"sni_hostname": origin.host.strip("[]")},
        ) as answer,
    ):
        return answer.status_code


def _failed(why: str) -> Refused:
    return Refused(code="webhook.failed", sentence=why)

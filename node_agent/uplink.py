"""The agent's one outgoing connection: HTTP to the API, with the node's own key."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

_log = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_POLL_S = 25.0
_CHUNK_BYTES = 1 << 20


class UplinkError(Exception):
    """The API could not be reached, or failed; try again later."""


class RefusedByServerError(Exception):
    """The API understood and refused; trying again will not help."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        """What it said."""
        super().__init__(sentence)
        self.status = status
        self.code = code


class Uplink:
    """The calls of ``api.routes.agent``; every one may be repeated."""

    def __init__(self, url: str, token: str | None) -> None:
        """Talk to this API; the token is missing only before enrolment."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx2.AsyncClient(
            base_url=url, headers=headers, timeout=httpx2.Timeout(_TIMEOUT_S)
        )

    async def enrol(self, token: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Turn a one-time token into a node and its key."""
        return await self._json("POST", "/v1/agent/enrol", {"token": token, "spec": spec})

    async def declare(self, spec: dict[str, Any]) -> None:
        """Declare the inventory."""
        await self._json("PUT", "/v1/agent/spec", spec)

    async def offers(self, since: str) -> dict[str, Any]:
        """Wait until something is offered to this node; the answer carries no truth."""
        return await self._json(
            "GET",
            f"/v1/agent/offers?since={since}&wait_s={_POLL_S:.0f}",
            None,
            timeout_s=_POLL_S + _TIMEOUT_S,
        )

    async def exchange(self, body: dict[str, Any]) -> dict[str, Any]:
        """Report what ended and claim what is offered."""
        return await self._json("POST", "/v1/agent/exchange", body)

    async def heartbeat(self, body: dict[str, Any]) -> dict[str, Any]:
        """Renew leases."""
        return await self._json("POST", "/v1/agent/heartbeat", body)

    async def readings(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Hand over readings."""
        return await self._json("POST", "/v1/agent/readings", list(items))

    async def output(self, key: tuple[int, int], stream: str, offset: int, data: bytes) -> int:
        """Append live output; from where to go on."""
        body = {
            "key": key,
            "stream": stream,
            "offset": offset,
            "data_base64": base64.b64encode(data).decode(),
        }
        return int((await self._json("POST", "/v1/agent/output", body))["size_bytes"])

    async def put_file(self, path: Path, sha256: str) -> None:
        """Hand over a file, unless the server has it."""
        if (await self._send("HEAD", f"/v1/agent/files/{sha256}")).status_code == 200:  # noqa: PLR2004
            return

        async def content() -> AsyncIterator[bytes]:
            with path.open("rb") as file:
                while data := file.read(_CHUNK_BYTES):
                    yield data

        _raise_refused(await self._send("PUT", f"/v1/agent/files/{sha256}", content=content()))

    async def get_file(self, sha256: str, path: Path) -> None:
        """Fetch an input; ``UplinkError`` where its content is not what was promised."""
        digest = hashlib.sha256()
        try:
            async with self._client.stream("GET", f"/v1/agent/files/{sha256}") as answer:
                if answer.status_code != 200:  # noqa: PLR2004
                    await answer.aread()
                    _raise_refused(answer)
                with path.open("wb") as file:
                    async for data in answer.aiter_bytes(_CHUNK_BYTES):
                        digest.update(data)
                        file.write(data)
        except httpx2.HTTPError as error:
            raise UplinkError(str(error)) from error
        if digest.hexdigest() != sha256:
            message = f"the input {sha256} arrived damaged"
            raise UplinkError(message)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _json(
        self, method: str, path: str, body: object, *, timeout_s: float = _TIMEOUT_S
    ) -> dict[str, Any]:
        answer = await self._send(method, path, json=body, timeout=timeout_s)
        _raise_refused(answer)
        found: dict[str, Any] = answer.json()
        return found

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:  # noqa: ANN401
        try:
            answer = await self._client.request(method, path, **arguments)
        except httpx2.HTTPError as error:
            raise UplinkError(str(error) or type(error).__name__) from error
        if answer.status_code >= 500:  # noqa: PLR2004
            message = f"the API answered {answer.status_code}"
            raise UplinkError(message)
        return answer


def _raise_refused(answer: httpx2.Response) -> None:
    if answer.status_code < 400:  # noqa: PLR2004
        return
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise RefusedByServerError(
        answer.status_code, str(problem.get("code", "http")), str(problem.get("title", ""))
    )


#: Pauses between tries [s]; the last one repeats.
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


async def insist(call: Callable[[], Awaitable[None]]) -> None:
    """Repeat a call until the API answers; every call of ours may be repeated."""
    tries = 0
    while True:
        try:
            await call()
        except UplinkError as error:
            pause_s = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
            _log.warning("the API is out of reach (%s); again in %.1f s", error, pause_s)
            tries += 1
            await asyncio.sleep(pause_s)
        else:
            return

"""The agent's one outgoing connection: HTTP to the API, with the node's own key."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from io import BufferedRandom
from pathlib import Path
from typing import Any

import httpx2

_log = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_POLL_S = 25.0
#: For one part of a file; after the last, the server reads the whole file again.
_TRANSFER_TIMEOUT_S = 600.0
_CHUNK_BYTES = 1 << 20
_TUS = {"Tus-Resumable": "1.0.0"}
_PART_TYPE = "application/offset+octet-stream"
#: Another offset than that of the server; or the server is not done with the part before.
_COME_BACK = frozenset({409, 423})

Key = tuple[int, int]


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
    """The calls of ``api.routes.agents.agent``; every one may be repeated."""

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

    async def output(self, key: Key, stream: str, offset: int, data: bytes) -> int:
        """Append live output; from where to go on."""
        body = {
            "key": key,
            "stream": stream,
            "offset": offset,
            "data_base64": base64.b64encode(data).decode(),
        }
        return int((await self._json("POST", "/v1/agent/output", body))["size_bytes"])

    async def missing(self, key: Key, digests: Sequence[str]) -> list[str]:
        """Which of these contents the attempt's tenant has not."""
        body = {"sha256s": list(digests)}
        answer = await self._json("POST", f"{_attempt(key)}/missing", body)
        return list(answer["missing"])

    async def put_whole(self, key: Key, sha256: str, data: bytes) -> None:
        """Hand over a file in one request."""
        address = f"{_attempt(key)}/files/{sha256}"
        _raise_refused(await self._send("PUT", address, content=data, timeout=_TRANSFER_TIMEOUT_S))

    async def begin_upload(self, key: Key, sha256: str, size_bytes: int) -> tuple[str, int]:
        """Begin to hand over a file in parts, or go on: its address, and how much is there."""
        promise = base64.b64encode(sha256.encode()).decode()
        headers = {"Upload-Length": str(size_bytes), "Upload-Metadata": f"sha256 {promise}"}
        answer = await self._send("POST", f"{_attempt(key)}/uploads", headers={**_TUS, **headers})
        _raise_refused(answer)
        return answer.headers["Location"], int(answer.headers["Upload-Offset"])

    async def send_part(self, address: str, offset: int, data: bytes) -> int:
        """Hand over the next part; how much is there then.

        A part whose answer was lost is no error: ``begin_upload`` says from where to go on.
        """
        headers = {"Upload-Offset": str(offset), "Content-Type": _PART_TYPE}
        answer = await self._send(
            "PATCH",
            address,
            headers={**_TUS, **headers},
            content=data,
            timeout=_TRANSFER_TIMEOUT_S,
        )
        if answer.status_code in _COME_BACK:
            message = "an earlier part of the same file is still on its way"
            raise UplinkError(message)
        _raise_refused(answer)
        return int(answer.headers["Upload-Offset"])

    async def copy_results(self, key: Key, files: Sequence[dict[str, Any]]) -> None:
        """List what a running job has written so far."""
        await self._json("PUT", f"{_attempt(key)}/results", {"files": list(files)})

    async def checkpoint(self, key: Key) -> list[dict[str, Any]]:
        """The files that an attempt goes on from."""
        answer = await self._json("GET", f"{_attempt(key)}/checkpoint", None)
        return list(answer["files"])

    async def save_checkpoint(self, key: Key, files: Sequence[dict[str, Any]]) -> None:
        """Keep these files for the next attempt."""
        await self._json("PUT", f"{_attempt(key)}/checkpoint", {"files": list(files)})

    async def get_file(self, key: Key, sha256: str, size_bytes: int, path: Path) -> None:
        """Fetch a file that an attempt needs, on from what is there of it already.

        ``UplinkError`` where the connection broke or the content is not what was promised: then
        nothing is left of it.
        """
        with path.open("ab+") as file:
            have_bytes = file.seek(0, 2)
            if have_bytes < size_bytes or size_bytes == 0:
                await self._fetch(f"{_attempt(key)}/files/{sha256}", size_bytes, file)
            if await asyncio.to_thread(_digest_of, file) == sha256:
                return
            file.truncate(0)
        message = f"the input {sha256} arrived damaged"
        raise UplinkError(message)

    async def _fetch(self, address: str, size_bytes: int, file: BufferedRandom) -> None:
        """Append what is missing; never more than was promised, however it is packed."""
        headers = {"Accept-Encoding": "identity"}
        if file.tell():
            headers["Range"] = f"bytes={file.tell()}-"
        try:
            async with self._client.stream(
                "GET", address, headers=headers, timeout=_TRANSFER_TIMEOUT_S
            ) as answer:
                if answer.status_code >= 400:  # noqa: PLR2004
                    await answer.aread()
                    _raise_failed(answer)
                    _raise_refused(answer)
                if answer.status_code == 200:  # noqa: PLR2004
                    file.truncate(0)
                left = size_bytes - file.seek(0, 2)
                async for data in answer.aiter_raw(_CHUNK_BYTES):
                    file.write(data[:left])
                    left -= len(data)
                    if left < 0:
                        return
        except httpx2.HTTPError as error:
            raise UplinkError(str(error) or type(error).__name__) from error

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
        _raise_failed(answer)
        return answer


def _digest_of(file: BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _attempt(key: Key) -> str:
    return f"/v1/agent/attempts/{key[0]}/{key[1]}"


def _raise_failed(answer: httpx2.Response) -> None:
    if answer.status_code >= 500:  # noqa: PLR2004
        message = f"the API answered {answer.status_code}"
        raise UplinkError(message)


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

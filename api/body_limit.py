"""No request body may fill the memory: what is longer is refused while it arrives.

The framework has such a limit too; it answers a promised length in plain text, not as a problem.
"""

import re
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Told
from domain.refusal import Refused

LARGEST_BODY_BYTES = 1 << 20
#: One report of a node may name the ten thousand files of each of several jobs; a file of indexes
#: may hold some years of them.
LARGEST_REPORT_BYTES = 16 << 20
#: Routes that stream a file to disk and count for themselves.
_FILE_ROUTE = re.compile(
    r"/v1/files/|/v1/uploads/|/v1/agent/uploads/|/v1/agent/attempts/\d+/\d+/files/"
)
_REPORT_ROUTE = re.compile(
    r"/v1/agent/(exchange|readings|attempts/\d+/\d+/(missing|results|checkpoint))"
    r"|/v1/meters/readings"
)


class BodyLimit:
    """Counts the bytes that come, whatever ``Content-Length`` promised."""

    def __init__(
        self, app: ASGIApp, answer: Callable[[Request, Told], Awaitable[Response]]
    ) -> None:
        """Guard this application; ``answer`` says in which form a body is refused."""
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http" or _FILE_ROUTE.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        is_report = _REPORT_ROUTE.fullmatch(scope["path"]) is not None
        limit = LARGEST_REPORT_BYTES if is_report else LARGEST_BODY_BYTES
        if _promised_bytes(scope) > limit:
            refusal = Refused(code="http.413", sentence=_sentence(limit))
            told = Told(status=413, refusal=refusal, headers={"Connection": "close"})
            refused = await self._answer(Request(scope, receive), told)
            await refused(scope, receive, send)
            return
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # The framework hands this kind on to our own handler, from wherever it reads.
                raise HTTPException(413, _sentence(limit), headers={"Connection": "close"})
            return message

        await self._app(scope, counting, send)


def _promised_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _sentence(limit: int) -> str:
    return f"The request is larger than {limit >> 20} MiB; send less, or files by /v1/files."

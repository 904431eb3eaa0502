"""Errors as RFC 9457 problem documents: one plain sentence and a stable code."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain.refusal import Refused

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Ends a request with this status and refusal."""

    def __init__(
        self, status: int, refusal: Refused, *, headers: dict[str, str] | None = None
    ) -> None:
        """Answer with this HTTP status."""
        super().__init__(refusal.sentence)
        self.status = status
        self.refusal = refusal
        self.headers = headers


def problem_document(status: int, refusal: Refused) -> dict[str, Any]:
    """The body of the answer."""
    document: dict[str, Any] = {
        "type": f"urn:chaufferie:{refusal.code}",
        "title": refusal.sentence,
        "status": status,
        "code": refusal.code,
    }
    if refusal.line is not None:
        document["line"] = refusal.line
    return document


def not_found(what: str) -> Problem:
    """The same answer for what does not exist and for what is not yours."""
    return Problem(404, Refused(code="not_found", sentence=f"There is no such {what}."))


async def on_problem(_request: Request, error: Exception) -> JSONResponse:
    """Answer a refused request."""
    assert isinstance(error, Problem)  # noqa: S101 - what it is registered for
    return JSONResponse(
        problem_document(error.status, error.refusal),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=error.headers,
    )


async def on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses (unknown route, wrong method)."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    refusal = Refused(code=f"http.{error.status_code}", sentence=str(error.detail))
    return JSONResponse(
        problem_document(error.status_code, refusal),
        status_code=error.status_code,
        media_type=MEDIA_TYPE,
        headers=getattr(error, "headers", None),
    )


async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Answer a body or parameter of the wrong form, naming the first wrong field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    refusal = Refused(code="request.invalid", sentence=f"{where}: {first['msg']}.")
    return JSONResponse(problem_document(422, refusal), status_code=422, media_type=MEDIA_TYPE)


async def on_bug(_request: Request, _error: Exception) -> JSONResponse:
    """Answer what nobody foresaw; the traceback goes to the log, not to the caller."""
    refusal = Refused(
        code="internal", sentence="The server failed on this request; its log says why."
    )
    return JSONResponse(problem_document(500, refusal), status_code=500, media_type=MEDIA_TYPE)

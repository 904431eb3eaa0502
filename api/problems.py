"""Errors as RFC 9457 problem documents: one plain sentence and a stable code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.mistakes import MOST_NAMED, in_one_sentence, mistakes_in
from domain.refusal import Refused

MEDIA_TYPE = "application/problem+json"
#: What the framework says, and what people read instead.
_SENTENCES = {
    "There was an error parsing the body": "The body cannot be read; send JSON in UTF-8, of "
    "ordinary depth and with ordinary numbers.",
    "Not Found": "There is nothing at this address; /v1/openapi.json lists what there is.",
    "Method Not Allowed": "This address does not take that method; /v1/openapi.json lists them.",
}
_NO_JSON = "Send the body as JSON, with Content-Type: application/json."
_NO_SUCH_BODY = {
    "missing": _NO_JSON,
    "model_attributes_type": "The body must be a JSON object.",
    "list_type": "The body must be a JSON list.",
}


#: Something that a request names is not there, or not the caller's: 404, whichever route says so.
UNKNOWN_NAMES = frozenset(
    {
        "collectivity.unknown",
        "contract.unknown",
        "decision.unknown",
        "declaration.unknown",
        "dependency.no_element",
        "dependency.unknown_job",
        "job.no_such_node",
        "job.no_such_profile",
        "meter.unknown",
        "node.unknown",
        "project.unknown",
        "quarantine.unknown",
        "reservation.unknown",
        "site.unknown",
        "statement.unknown",
        "tenant.unknown",
        "user.unknown",
    }
)


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Ends a request with this status and refusal."""

    def __init__(
        self,
        status: int,
        refusal: Refused,
        *,
        headers: dict[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with this HTTP status, or 404 where the refusal is of an unknown name.

        ``fields`` says what is wrong with each part of what was sent.
        """
        super().__init__(refusal.sentence)
        self.status = status_of(refusal, status)
        self.refusal = refusal
        self.headers = headers
        self.fields = fields or {}


def status_of(refusal: Refused, otherwise: int) -> int:
    """The HTTP status of a refusal."""
    return 404 if refusal.code in UNKNOWN_NAMES else otherwise


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a refused or failed request is answered, in whatever form."""

    status: int
    refusal: Refused
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What is wrong with each field or line, where the form of the request was wrong.
    fields: Mapping[str, str] = field(default_factory=dict)


def document(told: Told) -> JSONResponse:
    """As a problem document."""
    body = problem_document(told.status, told.refusal)
    if told.fields:
        body["fields"] = dict(told.fields)
    return JSONResponse(
        body,
        status_code=told.status,
        media_type=MEDIA_TYPE,
        headers=dict(told.headers),
    )


def told(request: Request, error: Exception) -> Told:
    """What an error says; of what nobody foresaw the traceback goes to the log alone."""
    match error:
        case Problem():
            return Told(
                status=error.status,
                refusal=error.refusal,
                headers=error.headers or {},
                fields=error.fields,
            )
        case HTTPException():  # the framework: an unknown route, a wrong method
            sentence = _SENTENCES.get(str(error.detail), str(error.detail))
            refusal = Refused(code=f"http.{error.status_code}", sentence=sentence)
            return Told(
                status=error.status_code, refusal=refusal, headers=dict(error.headers or {})
            )
        case RequestValidationError():
            return _invalid(request, error)
    return Told(
        status=500,
        refusal=Refused(
            code="internal", sentence="The server failed on this request; its log says why."
        ),
    )


def _invalid(request: Request, error: RequestValidationError) -> Told:
    """A body or parameter of the wrong form, with every wrong field."""
    errors = error.errors()
    unread = _unread(request, errors[0])
    found = {} if unread is not None else mistakes_in(errors)
    sentence = in_one_sentence(found) if unread is None else unread
    named = [(name, what) for name, what in found.items() if name]
    refusal = Refused(code="request.invalid", sentence=sentence)
    return Told(status=422, refusal=refusal, fields=dict(named[:MOST_NAMED]))


def _unread(request: Request, mistake: Mapping[str, Any]) -> str | None:
    """What is wrong with the body as a whole; None where it could be read."""
    if mistake["loc"] == ("body",) and mistake["type"] in _NO_SUCH_BODY:
        is_json = "json" in request.headers.get("content-type", "")
        return _NO_SUCH_BODY[mistake["type"]] if is_json else _NO_JSON
    if mistake["type"] == "json_invalid":
        where = mistake["loc"][-1]
        return f"The body is no JSON: {mistake['ctx']['error']} at character {where}."
    return None

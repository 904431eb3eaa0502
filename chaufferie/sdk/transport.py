"""Requests to the server: retried where that is safe, refused in typed errors."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2

from chaufferie.sdk.endpoint import Endpoint
from chaufferie.sdk.errors import (
    ChaufferieError,
    NotAllowedError,
    NotConfiguredError,
    NotFoundError,
    RefusedByServerError,
    ServerFailedError,
    ServerUnreachableError,
)

#: How long an answer may take beyond the time that the request itself asks the server to wait.
_ANSWER_TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
_NO_CONTENT = 204
_EVENTS = "text/event-stream"
_UNAUTHORIZED, _FORBIDDEN, _SERVER_ERROR, _BUSY = 401, 403, 500, 503
#: It is not there, or not any more.
_NOT_THERE = frozenset({404, 410})
#: Of a proxy before the server, while the server starts again.
TRY_AGAIN = frozenset({_BUSY, 502, 504})

Params = Mapping[str, str | int | float | list[str]]


class Transport:
    """One server, one key; connections are kept open between requests."""

    def __init__(self, endpoint: Endpoint, patience_s: float) -> None:
        """Keep trying for ``patience_s`` while nobody answers."""
        self.endpoint = endpoint
        self.url = endpoint.url.rstrip("/")
        self.patience_s = patience_s
        try:
            self._http = httpx2.Client(
                base_url=self.url,
                headers=self._headers(),
                timeout=timeout_for(0.0),
                trust_env=not _is_this_machine(self.url),
            )
        except (httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise NotConfiguredError(
                f"{self.url!r} with this key is no server to talk to: check both."
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def open_async(self) -> httpx2.AsyncClient:
        """The same server for an event loop, without repeats; the caller closes it."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers=self._headers(),
            timeout=timeout_for(0.0),
            trust_env=not _is_this_machine(self.url),
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.endpoint.token}"}

    def get(self, path: str, params: Params | None = None, *, wait_s: float = 0.0) -> Any:  # noqa: ANN401 - JSON
        """The document at this path."""
        answer = self._send(
            lambda: self._http.get(path, params=params, timeout=timeout_for(wait_s))
        )
        return document_of(answer)

    def post(
        self, path: str, body: object = None, *, key: str | None = None, wait_s: float = 0.0
    ) -> Any:  # noqa: ANN401 - JSON
        """What the server answers to this; with an idempotency key it is done once at most."""
        headers = {"Idempotency-Key": key} if key is not None else {}

        def send() -> httpx2.Response:
            return self._http.post(path, json=body, headers=headers, timeout=timeout_for(wait_s))

        return document_of(self._send(send))

    def post_once(self, path: str, body: object, *, wait_s: float = 0.0) -> Any:  # noqa: ANN401 - JSON
        """As ``post``, for what must not be done twice: sent again only if it never arrived."""

        def send() -> httpx2.Response:
            return self._http.post(path, json=body, timeout=timeout_for(wait_s))

        return document_of(self._send(send, is_repeatable=False))

    def put(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Make what is at this path so; may be repeated."""
        return document_of(self._send(lambda: self._http.put(path, json=body)))

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Delete what is at this path."""
        return document_of(self._send(lambda: self._http.delete(path)))

    def has(self, path: str) -> bool:
        """Whether there is something at this path."""
        try:
            self._send(lambda: self._http.head(path))
        except NotFoundError:
            return False
        return True

    def put_file(self, path: str, file: Path) -> None:
        """Send the bytes of a file."""

        def send() -> httpx2.Response:
            with file.open("rb") as content:
                return self._http.put(path, content=content, timeout=timeout_for(None))

        self._send(send)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        wait_s: float = 0.0,
        patience_s: float | None = None,
    ) -> httpx2.Response:
        """The answer to a request that may be repeated; for what its headers say."""

        def send() -> httpx2.Response:
            return self._http.request(
                method, path, headers=headers, content=content, timeout=timeout_for(wait_s)
            )

        return self._send(send, patience_s=patience_s)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """What is at this path, to be read as it arrives."""
        try:
            with self._http.stream("GET", path, headers=headers) as answer:
                if answer.is_error:
                    answer.read()
                    raise error_of(answer)
                yield answer
        except httpx2.TransportError as error:
            raise self.unreachable() from error

    def events(
        self, path: str, params: Params, *, silence_s: float
    ) -> Iterator[httpx2.ServerSentEvent]:
        """Server-sent events as they come, over as many connections as it takes.

        A line that breaks, says nothing for ``silence_s`` or is closed is opened anew behind the
        last event that came. It ends where the server says 204; whoever reads stops at the event
        that is the last.
        """
        last_id, pause_s = "", FIRST_PAUSE_S
        give_up_s: float | None = None
        timeout = httpx2.Timeout(_ANSWER_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S, read=silence_s)
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with self._http.sse(
                    path, params=params, headers=headers, timeout=timeout
                ) as source:
                    answer = source.response
                    if answer.status_code == _NO_CONTENT:
                        return
                    if answer.is_error:
                        answer.read()
                        raise error_of(answer)
                    if not answer.headers.get("Content-Type", "").startswith(_EVENTS):
                        raise _stranger(answer)
                    give_up_s = None
                    for event in source:
                        if event.id:
                            last_id, pause_s = event.id, FIRST_PAUSE_S
                        yield event
            except (httpx2.TransportError, ServerUnreachableError) as error:
                give_up_s = give_up_s or time.monotonic() + self.patience_s
                if time.monotonic() > give_up_s:
                    raise self.unreachable() from error
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _send(
        self,
        send: Callable[[], httpx2.Response],
        *,
        is_repeatable: bool = True,
        patience_s: float | None = None,
    ) -> httpx2.Response:
        patience_s = self.patience_s if patience_s is None else max(patience_s, self.patience_s)
        give_up_s = time.monotonic() + patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            left_s = give_up_s - time.monotonic()
            try:
                answer = send()
            except httpx2.TransportError as error:
                was_sent = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if isinstance(error, httpx2.UnsupportedProtocol):
                    raise NotConfiguredError(
                        f"{self.url!r} is no address: it starts with http:// or https://."
                    ) from error
                if left_s <= 0 or (was_sent and not is_repeatable):
                    raise self.unreachable() from error
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in TRY_AGAIN or left_s <= 0 or not is_repeatable:
                    raise error_of(answer)
            time.sleep(min(pause_s, max(left_s, 0.0)))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def unreachable(self) -> ServerUnreachableError:
        """What to say when nobody answered."""
        return ServerUnreachableError(
            f"The server at {self.url} does not answer: check that it runs "
            "(on this machine, start it with `chaufferie up`)."
        )


def timeout_for(wait_s: float | None) -> httpx2.Timeout:
    """How long to wait for an answer that the server may hold back for so long; None = for ever."""
    read_s = None if wait_s is None else wait_s + _ANSWER_TIMEOUT_S
    return httpx2.Timeout(_ANSWER_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S, read=read_s)


def _is_this_machine(url: str) -> bool:
    """Whether a proxy named in the environment could never be the way to this host."""
    host = httpx2.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def document_of(answer: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    """The JSON that the server answered."""
    try:
        return answer.json()
    except ValueError as error:
        raise _stranger(answer) from error


def _stranger(answer: httpx2.Response) -> ServerFailedError:
    return ServerFailedError(
        f"{answer.url} answers, but not as a Chaufferie server; check the address."
    )


def error_of(answer: httpx2.Response) -> ChaufferieError:
    """What the server said went wrong."""
    status = answer.status_code
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {}
    code = str(document.get("code", f"http.{status}"))
    sentence = str(document.get("title") or f"The server answered with status {status}.")
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return NotAllowedError(sentence, status=status, code=code)
    if status in TRY_AGAIN:
        return ServerUnreachableError(f"The server cannot answer now: {sentence}")
    if status >= _SERVER_ERROR:
        return ServerFailedError(f"The server failed: {sentence} Its log says why.")
    line = document.get("line")
    line = line if isinstance(line, int) else None
    refusal = _refusal(sentence, status, code, line)
    fields = document.get("fields")
    if isinstance(fields, dict):
        refusal.fields = {str(name): str(what) for name, what in fields.items()}
    return refusal


def refused_document(document: Mapping[str, Any]) -> RefusedByServerError | None:
    """The refusal that an item of a batch's answer holds, if it is one."""
    if "job_id" in document:
        return None
    return _refusal(
        str(document.get("title")),
        int(document.get("status", 0)),
        str(document.get("code")),
        document.get("line"),
    )


def _refusal(sentence: str, status: int, code: str, line: int | None) -> RefusedByServerError:
    kind = NotFoundError if status in _NOT_THERE else RefusedByServerError
    return kind(sentence, status=status, code=code, line=line)

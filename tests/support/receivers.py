"""Who receives notices: a real SMTP server, and an HTTP server that answers as its paths say."""

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

#: The longest a receiver holds its answer back [s].
SLOW_S = 30.0


@dataclass(slots=True)
class Mailbox:
    """Every mail that a relay took; those for ``nobody`` it refuses for good."""

    messages: list[EmailMessage] = field(default_factory=list)
    sealed: list[bool] = field(default_factory=list)  #: Of each, whether STARTTLS went before it.
    takes_nothing: bool = False  #: It listens to the end, and lets whoever sends wait.
    heard: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self,
        _server: Any,  # noqa: ANN401 - its own types
        _session: Any,  # noqa: ANN401 - likewise
        envelope: Any,  # noqa: ANN401 - likewise
        address: str,
        _options: list[str],
    ) -> str:
        if address.startswith("nobody@"):
            return "550 there is nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as aiosmtpd calls it
        self,
        _server: Any,  # noqa: ANN401 - its own types
        session: Any,  # noqa: ANN401 - likewise
        envelope: Any,  # noqa: ANN401 - likewise
    ) -> str:
        if self.takes_nothing:
            self.heard.set()
            await asyncio.to_thread(self.go_on.wait, SLOW_S)
            return "451 not now"
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.sealed.append(session.ssl is not None)
        return "250 OK"

    def about(self, job_id: str) -> list[EmailMessage]:
        """Those whose subject names this job."""
        return [one for one in self.messages if f" job {job_id} " in str(one["Subject"])]


@contextmanager
def running_relay(
    port: int, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[Mailbox]:
    """A relay on this port of this machine; it takes open mail, too, where it offers STARTTLS."""
    mailbox = Mailbox()
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, ssl_context=tls, tls_context=starttls
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """The requests that came; ``/flaky`` fails twice, ``/moved`` leads on, ``/slow`` hangs."""

    url: str
    requests: list[Received] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str) -> list[Received]:
        """Those to one path."""
        return [one for one in self.requests if one.path == path]

    def status(self, path: str) -> int:
        """What to answer, to a request that has just come."""
        if path == "/flaky" and len(self.at(path)) <= 2:
            return 503
        if path == "/slow" and not self.let_go.is_set():
            self.let_go.wait(SLOW_S)
        return 302 if path == "/moved" else 200


@contextmanager
def running_receiver(port: int, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on this port of this machine."""
    receiver = Receiver(f"{'https' if tls else 'http'}://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): text for name, text in self.headers.items()}
            receiver.requests.append(Received(self.path, headers, body))
            self.send_response(receiver.status(self.path))
            self.send_header("Location", f"{receiver.url}/stolen")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - likewise: a redirect that is followed comes as GET

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield receiver
        finally:
            receiver.let_go.set()
            server.shutdown()
            serving.join()

"""An HTTP server that answers as it is told: for what a real one does only on a bad day."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say to one request; ``is_cut`` breaks the connection instead."""

    status: int = 200
    document: object = None
    text: str | None = None
    is_cut: bool = False


@dataclass(slots=True)
class ScriptedServer:
    """The answers still to give, the last one again and again; the requests that came."""

    answers: list[Answer]
    url: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def next_answer(self) -> Answer:
        """The answer to the request that has just come."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted_server(answers: Sequence[Answer]) -> Iterator[ScriptedServer]:
    """A server on a free port for as long as the block runs."""
    script = ScriptedServer(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            key = self.headers.get("Idempotency-Key")
            script.requests.append((self.command, self.path, key))
            answer = script.next_answer()
            if answer.is_cut:
                self.close_connection = True
                return
            body = json.dumps(answer.document) if answer.text is None else answer.text
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the server's own names

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield script
        finally:
            server.shutdown()
            serving.join()

"""A line to a server that breaks: connections are cut after so many bytes."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

_PIECE_BYTES = 1 << 16
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """After how many bytes one connection breaks, each way; None = never."""

    up_bytes: int | None = None
    down_bytes: int | None = None


@dataclass(slots=True)
class CuttingProxy:
    """The cuts still to make, one a connection; what has passed."""

    server: tuple[str, int]
    cuts: list[Cut]
    pause_s: float = 0.0  #: After each piece on its way up: a slow line.
    url: str = ""
    up_bytes: int = 0
    down_bytes: int = 0
    connections: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listener: socket.socket, is_over: threading.Event) -> None:
        """Take connections until it is over."""
        listener.settimeout(_LOOK_EVERY_S)
        while not is_over.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listener.accept()
                self._carry(client, is_over)

    def _carry(self, client: socket.socket, is_over: threading.Event) -> None:
        self.connections += 1
        try:
            server = socket.create_connection(self.server)
        except OSError:
            client.close()
            return
        cut = self.cuts.pop(0) if self.cuts else Cut()
        for source, sink, is_up in ((client, server, True), (server, client, False)):
            limit = cut.up_bytes if is_up else cut.down_bytes
            arguments = (source, sink, limit, is_up, is_over)
            threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(
        self,
        source: socket.socket,
        sink: socket.socket,
        limit: int | None,
        is_up: bool,  # noqa: FBT001 - for a thread
        is_over: threading.Event,
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            source.settimeout(_LOOK_EVERY_S)
            while not is_over.is_set() and (limit is None or passed < limit):
                try:
                    data = source.recv(_PIECE_BYTES)
                except TimeoutError:
                    continue
                if not data:
                    break
                sink.sendall(data)
                passed += len(data)
                with self._lock:
                    if is_up:
                        self.up_bytes += len(data)
                    else:
                        self.down_bytes += len(data)
                if is_up and self.pause_s:
                    time.sleep(self.pause_s)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def cutting_proxy(
    port: int, cuts: Sequence[Cut] = (), *, pause_s: float = 0.0
) -> Iterator[CuttingProxy]:
    """A proxy before this port of this machine, for as long as the block runs."""
    proxy = CuttingProxy(("127.0.0.1", port), list(cuts), pause_s)
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = threading.Thread(target=proxy.serve, args=(listener, is_over))
        serving.start()
        try:
            yield proxy
        finally:
            is_over.set()
            serving.join()

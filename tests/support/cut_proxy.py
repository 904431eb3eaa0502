"""A line to a server that can be cut: after a request has arrived, or for a while."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE_BYTES = 1 << 16


class CutProxy:
    """Passes bytes on to a port of this machine, until it is told to cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cuts = 0
        self._first_words = b""
        self.is_dead = False  #: Whoever connects is turned away.
        self.cut = 0  #: Answers that were cut off.
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut_answers(self, first_words: bytes, times: int) -> None:
        """Cut the line where the answer to such a request would come, so many times."""
        with self._lock:
            self._first_words, self._cuts = first_words, times

    def kill(self) -> None:
        """Cut every line, and let nobody in."""
        self.is_dead = True
        with self._lock:
            lines = list(self._open)
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Take in whoever connects, until closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_dead:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def close(self) -> None:
        self.kill()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            with self._lock:
                self._open |= {client, server}
            doomed = threading.Event()
            back = threading.Thread(target=self._answer, args=(server, client, doomed))
            back.start()
            with suppress(OSError):
                while piece := client.recv(_PIECE_BYTES):
                    if self._first_words and piece.startswith(self._first_words):
                        doomed.set()
                    server.sendall(piece)
                server.shutdown(socket.SHUT_WR)
            back.join()
            with self._lock:
                self._open -= {client, server}

    def _answer(
        self, server: socket.socket, client: socket.socket, doomed: threading.Event
    ) -> None:
        with suppress(OSError):
            while piece := server.recv(_PIECE_BYTES):
                if doomed.is_set() and self._may_cut():
                    client.shutdown(socket.SHUT_RDWR)
                    return
                doomed.clear()
                client.sendall(piece)

    def _may_cut(self) -> bool:
        with self._lock:
            if self._cuts == 0:
                return False
            self._cuts -= 1
            self.cut += 1
            return True


@contextmanager
def cut_proxy(port: int) -> Iterator[CutProxy]:
    """A line for as long as the block runs."""
    proxy = CutProxy(port)
    serving = threading.Thread(target=proxy.serve)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.close()
        serving.join()

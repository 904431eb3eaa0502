"""A process that gives licences out, as far as a network sees: it answers who asks."""

import subprocess
import sys
from types import TracebackType
from typing import Self

_SERVER = """
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
print(listener.getsockname()[1], flush=True)
count = most = 0
lock = threading.Lock()
def serve(stream):
    global count, most
    with lock:
        count += 1
        most = max(most, count)
    with stream:
        while data := stream.recv(4096):
            stream.sendall(b"%d " % most + data)
    with lock:
        count -= 1
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class LicenceServer:
    """It says to everybody how many asked at the same time, at the most, and what they said."""

    def __init__(self, port: int = 0) -> None:
        """Start it; on any port, unless one is named."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

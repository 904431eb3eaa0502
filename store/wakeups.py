"""Wake-ups between programs: they carry no truth, only "look now".

On SQLite all programs share a host, so a datagram on a local socket will do; on PostgreSQL it is
``NOTIFY``. A lost wake-up costs time, never work: every waiter also looks by itself now and then.
"""

import contextlib
import os
import select
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psycopg

_LARGEST_PAYLOAD_BYTES = 6000
_SCHEDULER = "scheduler"
_API = "api"
URGENT = "!"


class Wakeups(Protocol):
    """Sends and receives wake-ups."""

    def wake_scheduler(self, *, urgent: bool) -> None:
        """There are new events; urgent where a decision may follow from them at once."""
        ...

    def wake_api(self, nodes: Sequence[int], jobs: Sequence[int]) -> None:
        """These nodes have something to fetch; these jobs changed."""
        ...

    def listen(self, name: str) -> "Listener":
        """A mailbox for ``scheduler`` or ``api``; one listener a name on SQLite."""
        ...

    def close(self) -> None:
        """Send no more."""
        ...


class Listener(Protocol):
    """A mailbox."""

    def wait(self, timeout_s: float) -> list[str]:
        """The messages that came; empty after the time-out."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


def encode_changes(nodes: Sequence[int], jobs: Sequence[int]) -> str:
    """One line of text; too long a line becomes ``*``: everything may have changed."""
    parts = [f"n{node}" for node in dict.fromkeys(nodes)]
    parts += [f"j{job}" for job in dict.fromkeys(jobs)]
    line = ",".join(parts)
    return line if len(line) <= _LARGEST_PAYLOAD_BYTES else "*"


def decode_changes(line: str) -> tuple[list[int], list[int]] | None:
    """The nodes and jobs of a line; None = everything may have changed."""
    if line == "*":
        return None
    parts = line.split(",") if line else []
    nodes = [int(part[1:]) for part in parts if part.startswith("n")]
    jobs = [int(part[1:]) for part in parts if part.startswith("j")]
    return nodes, jobs


class DatagramWakeups:
    """Wake-ups as datagrams on Unix sockets in a private directory."""

    def __init__(self, directory: Path) -> None:
        """Use sockets in this directory, which is created private."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sender.settimeout(0)

    def wake_scheduler(self, *, urgent: bool) -> None:
        """There are new events."""
        self._send(_SCHEDULER, URGENT if urgent else "")

    def wake_api(self, nodes: Sequence[int], jobs: Sequence[int]) -> None:
        """These nodes have something to fetch; these jobs changed."""
        self._send(_API, encode_changes(nodes, jobs))

    def listen(self, name: str) -> "DatagramListener":
        """Bind the mailbox, taking it over from a process that died."""
        return DatagramListener(self._directory / f"{name}.wake")

    def close(self) -> None:
        """Send no more."""
        self._sender.close()

    def _send(self, name: str, message: str) -> None:
        # Nobody listening, or a full mailbox: the reader will look by itself.
        with contextlib.suppress(OSError):
            self._sender.sendto(message.encode(), os.fspath(self._directory / f"{name}.wake"))


class DatagramListener:
    """The receiving end of one datagram socket."""

    def __init__(self, path: Path) -> None:
        """Bind at this path."""
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(path))
        self._socket.settimeout(0)

    def fileno(self) -> int:
        """For an event loop that waits on many things."""
        return self._socket.fileno()

    def wait(self, timeout_s: float) -> list[str]:
        """The messages that came; empty after the time-out."""
        select.select([self._socket], [], [], timeout_s)
        messages = []
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self._socket.recv(65536).decode())
        return messages

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


class NotifyWakeups:
    """Wake-ups by PostgreSQL ``NOTIFY``; works across hosts."""

    def __init__(self, conninfo: str) -> None:
        """Use this libpq connection string; connect on first use."""
        self._conninfo = conninfo
        self._sender: psycopg.Connection | None = None

    def wake_scheduler(self, *, urgent: bool) -> None:
        """There are new events."""
        self._notify(_SCHEDULER, URGENT if urgent else "")

    def wake_api(self, nodes: Sequence[int], jobs: Sequence[int]) -> None:
        """These nodes have something to fetch; these jobs changed."""
        self._notify(_API, encode_changes(nodes, jobs))

    def listen(self, name: str) -> "NotifyListener":
        """Subscribe on a connection of its own."""
        return NotifyListener(self._conninfo, f"chaufferie_{name}")

    def close(self) -> None:
        """Send no more."""
        if self._sender is not None:
            self._sender.close()

    def _notify(self, name: str, message: str) -> None:
        try:
            if self._sender is None or self._sender.closed:
                self._sender = psycopg.connect(self._conninfo, autocommit=True)
            self._sender.execute("SELECT pg_notify(%s, %s)", (f"chaufferie_{name}", message))
        except psycopg.OperationalError:
            self._sender = None  # The reader will look by itself.


class NotifyListener:
    """The receiving end of one notification channel."""

    def __init__(self, conninfo: str, channel: str) -> None:
        """Listen on this channel."""
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._connection.execute(f'LISTEN "{channel}"')

    def wait(self, timeout_s: float) -> list[str]:
        """The messages that came; empty after the time-out."""
        found = self._connection.notifies(timeout=timeout_s, stop_after=1)
        return [notice.payload for notice in found]

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()

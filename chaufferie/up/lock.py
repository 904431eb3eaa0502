"""One ``up`` on a data directory at a time.

The lock is the kernel's and ends with its process, so a lock file that was left behind by a
process that died hinders nobody; the text inside only tells people who it is.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the lock, as far as the file says."""

    pid: int | None = None
    url: str | None = None

    def sentence(self, data: Path) -> str:
        """What a person who starts a second one should know and do."""
        who = "another process" if self.pid is None else f"process {self.pid}"
        where = "" if self.url is None else f" and answers at {self.url}"
        stop = "stop it" if self.pid is None else f"stop it with `kill {self.pid}`"
        return (
            f"Chaufferie already runs on {data}: {who} holds it{where}; "
            f"{stop}, or name another directory with --data."
        )


class UpLock:
    """The lock of a data directory, held until closed or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        """Made by `take`."""
        self._descriptor = descriptor

    def tell(self, *, pid: int, url: str | None = None) -> None:
        """Write down who we are."""
        text = json.dumps({"pid": pid, "url": url}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def close(self) -> None:
        """Let the next one in."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def take(path: Path) -> UpLock | Holder:
    """The lock, or who has it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 4096, 0)
        os.close(descriptor)
        return read_holder(text)
    return UpLock(descriptor)


def read_holder(text: bytes) -> Holder:
    """Who a lock file names; nobody where it says nothing that can be read."""
    try:
        plain: Any = json.loads(text)
        url = plain["url"]
        return Holder(pid=int(plain["pid"]), url=None if url is None else str(url))
    except (ValueError, KeyError, TypeError):
        return Holder()

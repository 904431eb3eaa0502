"""What agent and warden say to each other: one JSON object a line on a Unix socket."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Names of files in a node's directory.
SOCKET_NAME = "warden.sock"
LOCK_NAME = "warden.lock"
JOURNAL_NAME = "warden.jsonl"

#: Marks every process of this warden, so that a new warden can find what an old one left.
WARDEN_VARIABLE = "CHAUFFERIE_WARDEN"
ATTEMPT_VARIABLE = "CHAUFFERIE_ATTEMPT"

Key = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOrder:
    """All that the warden needs to start one attempt."""

    key: Key
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    stdout: str
    stderr: str | None  #: None = the same file as stdout.
    append: bool
    stdin: str | None = None  #: None = nothing to read.
    cpus: tuple[int, ...]  #: The operating system's numbers of the cores it is pinned to.
    mem_limit_bytes: int
    wall_limit_s: float
    lease_until_boot_s: float
    grace_s: float = 30.0
    file_limit_bytes: int | None = None
    output_limit_bytes: int | None = None  #: Of stdout, and of stderr.
    disk_limit_bytes: int | None = None  #: Of all that lies in ``folders``.
    folders: tuple[str, ...] = ()
    warning_signal: int | None = None  #: Sent ``warning_lead_s`` before a stop.
    warning_lead_s: float = 0.0
    warns_leader: bool = False  #: The process that was started itself.
    warns_others: bool = False  #: Every process that came of it.


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """How an attempt ended, kept until the agent says that it has it."""

    key: Key
    reason: str
    exit_code: int | None
    detail: str | None
    wall_s: float
    cpu_s: float
    max_rss_bytes: int


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def start_message(order: StartOrder) -> dict[str, Any]:
    """The order as a message."""
    return {"do": "start", **_plain(order)}


def load_start(message: dict[str, Any]) -> StartOrder:
    """The order of a message."""
    values = {name: value for name, value in message.items() if name != "do"}
    values["key"] = load_key(values["key"])
    values["argv"] = tuple(values["argv"])
    values["cpus"] = tuple(values["cpus"])
    values["folders"] = tuple(values["folders"])
    return StartOrder(**values)


def plain_end(record: EndRecord) -> dict[str, Any]:
    """The record as it stands in a message or in the journal."""
    return _plain(record)


def _plain(value: StartOrder | EndRecord) -> dict[str, Any]:
    # Not `asdict`, which copies everything below as well and takes ten times as long.
    return {name: getattr(value, name) for name in value.__slots__}


def load_end(plain: dict[str, Any]) -> EndRecord:
    """The record of a message or of the journal."""
    return EndRecord(**{**plain, "key": load_key(plain["key"])})


def load_key(pair: list[int]) -> Key:
    """Instance and attempt."""
    return int(pair[0]), int(pair[1])


class Lines:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The messages completed by these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


def boot_now_s() -> float:
    """Seconds since the machine started, suspended time included; no wall clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def socket_path(directory: Path) -> str:
    """The warden's socket in a node's directory."""
    return os.fspath(directory / SOCKET_NAME)

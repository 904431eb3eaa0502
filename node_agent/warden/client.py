"""The agent's side of the warden's socket."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from domain.jobs.job import EndReason
from node_agent.warden.protocol import (
    EndRecord,
    Key,
    StartOrder,
    encode,
    load_end,
    load_key,
    socket_path,
    start_message,
)

_LINE_LIMIT_BYTES = 1 << 24


async def tell(directory: Path, orders: Sequence[dict[str, Any]]) -> None:
    """Give the warden some orders and leave; ``OSError`` where it does not answer."""
    _, writer = await asyncio.open_unix_connection(socket_path(directory))
    try:
        for order in orders:
            writer.write(encode(order))
        await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


class WardenGoneError(Exception):
    """The warden does not answer; it is being restarted."""


class WardenLink:
    """A connection to the warden; what it says arrives through the two callbacks."""

    def __init__(
        self,
        directory: Path,
        on_hello: Callable[[dict[Key, tuple[int, ...]], list[EndRecord]], None],
        on_ended: Callable[[EndRecord], None],
    ) -> None:
        """Watch over this node's directory."""
        self._path = socket_path(directory)
        self._on_hello = on_hello
        self._on_ended = on_ended
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Stay connected; return when the connection ends. ``WardenGoneError`` where none is."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=_LINE_LIMIT_BYTES)
        except OSError as error:
            raise WardenGoneError from error
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if message["is"] == "hello":
                    # Only now: an order sent before the greeting is read would seem lost.
                    self._writer = writer
                    running = {
                        load_key(item["key"]): tuple(item["cpus"]) for item in message["running"]
                    }
                    self._on_hello(running, [load_end(item) for item in message["ended"]])
                else:
                    self._on_ended(load_end(message["record"]))
        finally:
            self._writer = None
            writer.close()

    @property
    def is_connected(self) -> bool:
        """Whether orders would arrive."""
        return self._writer is not None

    def start(self, order: StartOrder) -> None:
        """Start an attempt."""
        self._send(start_message(order))

    def stop(self, key: Key, reason: EndReason, grace_s: float | None = None) -> None:
        """Stop an attempt for this reason."""
        message: dict[str, Any] = {"do": "stop", "key": key, "reason": reason.value}
        if grace_s is not None:
            message["grace_s"] = grace_s
        self._send(message)

    def renew(self, key: Key, lease_until_boot_s: float) -> None:
        """Let an attempt go on until then."""
        self._send({"do": "renew", "key": key, "lease_until_boot_s": lease_until_boot_s})

    def shorten(self, key: Key, wall_limit_s: float) -> None:
        """Let an attempt run no longer than so from its start on."""
        self._send({"do": "shorten", "key": key, "wall_limit_s": wall_limit_s})

    def forget(self, keys: Iterable[Key]) -> None:
        """The ends of these attempts are in our own journal, or told."""
        self._send(*({"do": "forget", "key": key} for key in keys))

    def _send(self, *messages: dict[str, Any]) -> None:
        if self._writer is None:
            raise WardenGoneError
        self._writer.write(b"".join(encode(message) for message in messages))

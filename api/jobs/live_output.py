"""What a job wrote and writes, as server-sent events: a follower that lost its line goes on."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from api.hub import job_topic, output_topic
from api.services import Services
from domain.jobs.job import FINAL_STATES
from store.files.outputs import OutputStore, output_name
from store.jobs import job_queries

Stream = Literal["stdout", "stderr"]
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")

#: Output that came through another API process is looked for this often [s].
LOOK_AGAIN_S = 2.0
#: Something is said this often, so that no one between takes the line for dead [s].
HEARTBEAT_S = 15.0
#: After how long a browser that lost its line asks again [ms].
_RETRY_MS = 1000
#: In base64 this is well below the 1 MiB that clients take in one event.
_EVENT_BYTES = 1 << 18
_FINAL = frozenset(state.value for state in FINAL_STATES)
_EVENT_ID = re.compile(r"([0-9]{1,9})-([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a follower has come: in which attempt, and behind which byte of each stream."""

    attempt: int
    stdout: int = 0
    stderr: int = 0

    @property
    def event_id(self) -> str:
        """As it travels in ``id`` and ``Last-Event-ID``."""
        return f"{self.attempt}-{self.stdout}-{self.stderr}"

    def of(self, stream: Stream) -> int:
        """The offset in one stream."""
        return self.stdout if stream == "stdout" else self.stderr

    def behind(self, stream: Stream, size_bytes: int) -> "Position":
        """So many bytes of one stream further."""
        return replace(self, **{stream: self.of(stream) + size_bytes})


def position_of(event_id: str) -> Position | None:
    """What ``Position.event_id`` wrote; None for any other text."""
    found = _EVENT_ID.fullmatch(event_id)
    if found is None:
        return None
    return Position(attempt=int(found[1]), stdout=int(found[2]), stderr=int(found[3]))


def latest_attempt(outputs: OutputStore, row: Mapping[str, Any]) -> int:
    """The last attempt that wrote something; where none did, the current one."""
    current = int(row["attempt"])
    for number in range(current, 0, -1):
        names = (output_name(row["id"], number, stream) for stream in STREAMS)
        if any(outputs.size_bytes(name) for name in names):
            return number
    return current


def writes_no_more(row: Mapping[str, Any], attempt: int) -> bool:
    """Whether this attempt of the instance has ended."""
    return row["state"] in _FINAL or attempt < int(row["attempt"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Who follows what, from where."""

    instance_id: int
    streams: Sequence[Stream]
    position: Position
    waits: bool  #: Until the job has ended, and not only for what there is.
    is_admitted: Callable[[], Awaitable[bool]]  #: Whether the key still opens this.


def is_over(outputs: OutputStore, row: Mapping[str, Any], follower: Follower) -> bool:
    """Whether there is nothing to follow any more from where the follower is."""
    is_last = row["state"] in _FINAL and follower.position.attempt >= int(row["attempt"])
    return is_last and not _pieces(outputs, follower, follower.position)


async def events(services: Services, follower: Follower) -> AsyncIterator[bytes]:
    """Everything behind a position as it is written, then how the job ended.

    The next piece is read when the one before was taken, so a slow reader costs no memory. The
    stream ends without ``end`` where the server stops or the key does: the reader asks again.
    """
    yield format_sse_event(retry=_RETRY_MS)
    one, position = follower.instance_id, follower.position
    loop = asyncio.get_running_loop()
    quiet_since_s = loop.time()
    with services.hub.subscribe([job_topic(one), output_topic(one)]) as change:
        while not services.hub.is_ending:
            row = await services.read(lambda connection: job_queries.one(connection, one, None))
            if row is None:
                return
            pieces = await asyncio.to_thread(_pieces, services.outputs, follower, position)
            for stream, data in pieces:
                start, position = position, position.behind(stream, len(data))
                yield _piece_event(stream, start, position, data)
            if pieces:
                quiet_since_s = loop.time()
                continue
            if writes_no_more(row, position.attempt):
                if position.attempt >= int(row["attempt"]):
                    yield _end_event(row, position)
                    return
                position = Position(attempt=position.attempt + 1)
                continue
            if not follower.waits:
                return
            await change.wait(LOOK_AGAIN_S)
            if loop.time() - quiet_since_s >= HEARTBEAT_S:
                if not await follower.is_admitted():
                    return
                yield KEEPALIVE_COMMENT
                quiet_since_s = loop.time()


def _pieces(
    outputs: OutputStore, follower: Follower, position: Position
) -> list[tuple[Stream, bytes]]:
    """What stands behind a position, a piece of each stream that has some."""
    read = (
        (
            stream,
            outputs.read(
                output_name(follower.instance_id, position.attempt, stream),
                position.of(stream),
                _EVENT_BYTES,
            ),
        )
        for stream in follower.streams
    )
    return [(stream, data) for stream, data in read if data]


def _piece_event(stream: Stream, start: Position, behind: Position, data: bytes) -> bytes:
    document = {
        "attempt": start.attempt,
        "offset": start.of(stream),
        "data_base64": base64.b64encode(data).decode(),
    }
    return format_sse_event(event=stream, data_str=json.dumps(document), id=behind.event_id)


def _end_event(row: Mapping[str, Any], position: Position) -> bytes:
    document = {name: row[name] for name in ("attempt", "state", "reason", "exit_code")}
    return format_sse_event(event="end", data_str=json.dumps(document), id=position.event_id)

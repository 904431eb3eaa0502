"""Handing over what attempts leave: live output, files, and how they ended."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.jobs.job import EndReason
from node_agent.executors.process import Place, remove_place, working_directory
from node_agent.jobs.book import Book, Held, Phase
from node_agent.jobs.checkpoints import Checkpoints
from node_agent.jobs.copying import collect_of
from node_agent.jobs.journal import Journal
from node_agent.jobs.results import Found, open_regular
from node_agent.jobs.sending import FileSender
from node_agent.uplink.connection import RefusedByServerError, Uplink, UplinkError
from node_agent.warden.protocol import EndRecord, boot_now_s

#: Live output is sent this often, from jobs that run at least this long [s].
OUTPUT_EVERY_S = 0.5
_PIECE_BYTES = 256 * 1024
#: After these there is nothing to go on from.
_LAST_ENDS = frozenset({EndReason.COMPLETED.value, EndReason.CANCELLED.value})


class Delivery:
    """Everything that leaves the node about an attempt."""

    def __init__(self, *, uplink: Uplink, journal: Journal, book: Book) -> None:
        """Hand over through this uplink."""
        self._uplink = uplink
        self._sender = FileSender(uplink)
        self._checkpoints = Checkpoints(uplink)
        self._journal = journal
        self._book = book

    def end(self, held: Held, record: EndRecord, boot_id: str) -> bool:
        """Take in an end; whether it left nothing and is ready to be told at once."""
        self._book.free(held)
        if held.outputs is None or record.wall_s == 0.0 or not _left_something(held):
            held.completion = _completion(record, boot_id, None)
            self._book.move(held, Phase.ENDED)
            return True
        self._book.move(held, Phase.ENDING)
        return False

    async def hand_over(self, held: Held, record: EndRecord, boot_id: str) -> None:
        """Send the last output and every file; afterwards the end may be told."""
        with contextlib.suppress(RefusedByServerError):
            await self._send_output(held)
            found = await collect_of(held)
            await self._sender.send(held.key, held.place.work, found)
            remark = found.remarks() if found.left_behind else ""
            if held.spec.can_resume and record.reason not in _LAST_ENDS:
                wrong = await self._checkpoints.save(held)
                remark += f" Its checkpoint was not kept: {wrong}" if wrong is not None else ""
            held.completion = _completion(record, boot_id, found, remark)
            self._book.move(held, Phase.ENDED)
            return
        # The attempt was fenced while it handed over: only its end is told, and refused.
        held.completion = _completion(record, boot_id, None)
        self._book.move(held, Phase.ENDED)

    async def clear_away(self, told: Sequence[Held]) -> None:
        """Remove what the server has."""
        if told:
            await asyncio.to_thread(_remove, [held.place for held in told])

    async def keep_output_flowing(self) -> None:
        """Send what running jobs write, a little later than they write it."""
        while True:
            await asyncio.sleep(OUTPUT_EVERY_S)
            now_boot_s = boot_now_s()
            for held in self._book.in_phase(Phase.RUNNING):
                if now_boot_s - held.started_boot_s >= OUTPUT_EVERY_S:
                    with contextlib.suppress(UplinkError, RefusedByServerError):
                        await self._send_output(held)

    async def _send_output(self, held: Held) -> None:
        for stream, name in _output_names(held).items():
            while data := _read_piece(held.place.work, name, held.sent_bytes.get(stream, 0)):
                offset = held.sent_bytes.get(stream, 0)
                held.sent_bytes[stream] = await self._uplink.output(held.key, stream, offset, data)


def _remove(places: Sequence[Place]) -> None:
    for place in places:
        remove_place(place)


def _output_names(held: Held) -> dict[str, str]:
    """Where each stream goes, relative to the working directory."""
    if held.outputs is None:
        return {}
    folder = working_directory(held.spec, held.place)
    names = {"stdout": held.outputs.stdout, "stderr": held.outputs.stderr}
    return {
        stream: os.path.relpath(folder / name, held.place.work)
        for stream, name in names.items()
        if name is not None and name != os.devnull
    }


def _read_piece(work: Path, name: str, offset: int) -> bytes:
    """Some of what was written; nothing of a link or a pipe that the job put in its place."""
    file = open_regular(work, name)
    if file is None:
        return b""
    with file:
        file.seek(offset)
        return file.read(_PIECE_BYTES)


def _left_something(held: Held) -> bool:
    """Whether there is anything beside inputs as they came and an empty output file."""
    outputs = set(_output_names(held).values())
    try:
        with os.scandir(held.place.work) as entries:
            return any(_is_left(entry, outputs, held) for entry in entries)
    except OSError:
        return False  # The job removed its own directory.


def _is_left(entry: "os.DirEntry[str]", outputs: set[str], held: Held) -> bool:
    found = entry.stat(follow_symlinks=False)
    if entry.name in outputs:
        return found.st_size > 0
    return held.inputs.get(entry.name) != (found.st_size, found.st_mtime_ns)


def _completion(
    record: EndRecord, boot_id: str, found: Found | None, remark: str = ""
) -> dict[str, Any]:
    detail = f"{record.detail or ''} {remark}".strip() or None
    return {
        "key": record.key,
        "boot_id": boot_id,
        "reason": record.reason,
        "exit_code": record.exit_code,
        "detail": detail,
        "wall_s": record.wall_s,
        "cpu_s": record.cpu_s,
        "max_rss_bytes": record.max_rss_bytes,
        "files": [
            {"path": item.path, "sha256": item.sha256, "size_bytes": item.size_bytes}
            for item in (found.files.values() if found is not None else ())
        ],
    }

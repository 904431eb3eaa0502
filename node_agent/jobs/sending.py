"""Files of attempts on their way to the server, large ones in parts."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from domain.files.job_files import ResultFile
from node_agent.jobs.results import Found, Stamp, open_unchanged
from node_agent.uplink.connection import Key, RefusedByServerError, Uplink, UplinkError
from node_agent.warden.protocol import boot_now_s

#: Up to this size a file travels in one request; beyond it, in parts of this size.
PART_BYTES = 4 << 20
#: Why a file stays behind, as ``Found`` says it.
CHANGED = "they changed while they were read"
_NO_ROOM = "their tenant's quota has no room for them"
_MOST_ROUNDS = 4
#: An answer about what the server has is good for so long [s].
_BELIEVED_S = 600.0
#: The key is not valid any more, or the attempt has lost its job: nothing more can be sent.
_OVER = frozenset({401, 403, 410})
_NOT_FOUND = 404


class FileSender:
    """Sends what attempts leave, each content once."""

    def __init__(self, uplink: Uplink) -> None:
        """Send through this uplink."""
        self._uplink = uplink

    async def send(self, key: Key, work: Path, found: Found) -> None:
        """Send what the server has not; of ``found`` stays what the server has afterwards.

        What the server has it keeps for an hour at least, so it is asked again only where sending
        took long.
        Raises ``UplinkError`` to be repeated, ``RefusedByServerError`` where the attempt is over.
        """
        for _ in range(_MOST_ROUNDS):
            asked_boot_s = boot_now_s()
            wanted = dict.fromkeys(item.sha256 for item in found.files.values())
            missing = set(await self._uplink.missing(key, list(wanted))) if wanted else set()
            if not missing:
                return
            by_content: dict[str, list[ResultFile]] = {}
            for item in found.files.values():
                if item.sha256 in missing:
                    by_content.setdefault(item.sha256, []).append(item)
            for items in by_content.values():
                await self._send_content(key, work, found, items)
            if boot_now_s() - asked_boot_s < _BELIEVED_S:
                return
        message = "what was sent is still missing"
        raise UplinkError(message)

    async def _send_content(
        self, key: Key, work: Path, found: Found, items: Sequence[ResultFile]
    ) -> None:
        """Send one content from the first of these files that still holds it."""
        for position, item in enumerate(items):
            wrong = await self._send_file(key, work, item, found.stamps[item.path])
            if wrong is None:
                return
            gone = [item] if wrong == CHANGED else items[position:]
            for one in gone:
                del found.files[one.path]
            found.left_behind[wrong] += len(gone)
            if wrong != CHANGED:
                return

    async def _send_file(self, key: Key, work: Path, item: ResultFile, stamp: Stamp) -> str | None:
        """Why the file could not be sent; None where it was."""
        file = await asyncio.to_thread(open_unchanged, work, item.path, stamp)
        if file is None:
            return CHANGED
        with file:
            try:
                if item.size_bytes <= PART_BYTES:
                    return await self._send_whole(key, file, item)
                return await self._send_parts(key, file, item)
            except RefusedByServerError as error:
                if error.status in _OVER:
                    raise
                if error.code in {"file.digest", "upload.too_long"}:
                    return CHANGED
                if error.status == _NOT_FOUND:  # It was complete, and the answer was lost.
                    raise UplinkError(str(error)) from error
                return _NO_ROOM if error.code.startswith("quota.") else str(error).rstrip(".")

    async def _send_whole(self, key: Key, file: BinaryIO, item: ResultFile) -> str | None:
        data = await asyncio.to_thread(file.read, PART_BYTES)
        if hashlib.sha256(data).hexdigest() != item.sha256:
            return CHANGED
        await self._uplink.put_whole(key, item.sha256, data)
        return None

    async def _send_parts(self, key: Key, file: BinaryIO, item: ResultFile) -> str | None:
        address, offset = await self._uplink.begin_upload(key, item.sha256, item.size_bytes)
        while True:
            data = await asyncio.to_thread(_read, file, offset)
            if not data and offset < item.size_bytes:
                return CHANGED
            offset = await self._uplink.send_part(address, offset, data[: item.size_bytes - offset])
            if offset >= item.size_bytes:
                return None


def _read(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(PART_BYTES)

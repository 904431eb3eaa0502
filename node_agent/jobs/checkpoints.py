"""The directory ``checkpoint/`` of a job: copied off its node, and put back on the next one.

A copy is one state of the whole directory: it counts only if nothing in it changed from before it
was read until after it was sent. Otherwise the copy before stays.
"""

import asyncio
from functools import partial

from domain.files.job_files import CHECKPOINT_FOLDER, ResultFile, check_relative_path
from node_agent.jobs.book import Held
from node_agent.jobs.results import Found, collect
from node_agent.jobs.sending import CHANGED, FileSender
from node_agent.uplink.connection import Uplink

_TRIES = 3


class Checkpoints:
    """Saves and restores what attempts go on from."""

    def __init__(self, uplink: Uplink) -> None:
        """Keep them behind this uplink."""
        self._uplink = uplink
        self._sender = FileSender(uplink)

    async def save(self, held: Held) -> str | None:
        """Save the directory as it is, where it has changed; why it could not be, in words.

        Raises ``UplinkError`` to be repeated, ``RefusedByServerError`` where the attempt is over.
        """
        for _ in range(_TRIES):
            found = await self._look(held)
            stamps = dict(found.stamps)
            if not stamps or stamps == held.saved:
                return None
            if not found.left_behind:
                await self._sender.send(held.key, held.place.work, found)
            if set(found.left_behind) - {CHANGED}:
                return found.remarks()
            if not found.left_behind and (await self._look(held)).stamps == stamps:
                files = [_document(item) for item in found.files.values()]
                await self._uplink.save_checkpoint(held.key, files)
                held.saved = stamps
                return None
        return "It was being written all the time."

    async def restore(self, held: Held) -> bool:
        """Put the newest checkpoint into the working directory; whether there is one."""
        if not held.may_resume:
            return False
        files = await self._uplink.checkpoint(held.key)
        for item in files:
            relative = check_relative_path(str(item["path"]))
            if not isinstance(relative, str) or not relative.startswith(f"{CHECKPOINT_FOLDER}/"):
                continue  # The API keeps no such checkpoint.
            path = held.place.work / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            await self._uplink.get_file(held.key, item["sha256"], item["size_bytes"], path)
        return bool(files)

    async def _look(self, held: Held) -> Found:
        held.checkpoint = await asyncio.to_thread(
            partial(
                collect, held.place.work, {}, before=held.checkpoint, start=(CHECKPOINT_FOLDER,)
            )
        )
        return held.checkpoint


def _document(item: ResultFile) -> dict[str, object]:
    return {"path": item.path, "sha256": item.sha256, "size_bytes": item.size_bytes}

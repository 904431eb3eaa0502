"""Results of jobs that still run, copied now and then, each file whole as it was at one instant."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from domain.files.globs import Selection
from node_agent.jobs.book import Book, Held, Phase
from node_agent.jobs.checkpoints import Checkpoints
from node_agent.jobs.results import Found, collect
from node_agent.jobs.sending import FileSender
from node_agent.uplink.connection import RefusedByServerError, Uplink, UplinkError
from node_agent.warden.protocol import boot_now_s

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


async def collect_of(held: Held) -> Found:
    """What the attempt has written that comes back; what has not changed is not read again."""
    spec = held.claim["spec"]
    selection = Selection(
        wanted=tuple(spec.get("results", ())), excluded=tuple(spec.get("excluded_results", ()))
    )
    held.found = await asyncio.to_thread(
        collect, held.place.work, held.inputs, selection, held.found
    )
    return held.found


class Copier:
    """Copies what running jobs write, as often as each asks for."""

    def __init__(self, uplink: Uplink, book: Book) -> None:
        """Copy for what is in this book."""
        self._uplink = uplink
        self._sender = FileSender(uplink)
        self._checkpoints = Checkpoints(uplink)
        self._book = book
        self._busy: set[asyncio.Task[None]] = set()

    async def keep_copying(self) -> None:
        """Begin each copy when it is due; a slow one does not keep the others waiting."""
        kinds = {
            "copy_results_every_s": self._copy_results,
            "checkpoint_every_s": self._save_checkpoint,
        }
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now_s = boot_now_s()
            for held in self._book.in_phase(Phase.RUNNING):
                for option, copy in kinds.items():
                    every_s = held.claim["spec"].get(option)
                    if every_s is None or held.is_share:
                        continue
                    due_s = held.next_copy_boot_s.setdefault(option, now_s + every_s)
                    if now_s >= due_s:
                        held.next_copy_boot_s[option] = float("inf")
                        self._begin(copy(held), held, option, every_s)

    def _begin(
        self, copy: Coroutine[Any, Any, None], held: Held, option: str, every_s: float
    ) -> None:
        task = asyncio.create_task(_guarded(copy, held, option, every_s))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _save_checkpoint(self, held: Held) -> None:
        wrong = await self._checkpoints.save(held)
        if wrong is not None:
            _log.warning("the checkpoint of %s was not copied: %s", held.key, wrong)

    async def _copy_results(self, held: Held) -> None:
        found = await collect_of(held)
        present = set(found.files)
        await self._sender.send(held.key, held.place.work, found)
        # Of a file that was being written, the copy before stays.
        kept = {path: held.listed[path] for path in present if path in held.listed}
        files = {**kept, **found.files}
        await self._uplink.copy_results(
            held.key,
            [
                {"path": item.path, "sha256": item.sha256, "size_bytes": item.size_bytes}
                for item in files.values()
            ],
        )
        held.listed = files


async def _guarded(
    copy: Coroutine[Any, Any, None], held: Held, option: str, every_s: float
) -> None:
    """Copy once; what goes wrong is no harm, for the next copy is whole again."""
    try:
        with contextlib.suppress(UplinkError, RefusedByServerError):
            await copy
    except OSError as error:
        _log.warning("the files of %s cannot be copied: %s", held.key, error)
    finally:
        held.next_copy_boot_s[option] = boot_now_s() + every_s

"""Removing what this node may still have of jobs whose owner had them forgotten."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from node_agent.executors.process import Place, place_of, remove_place
from node_agent.jobs.book import Book
from node_agent.jobs.journal import Journal, Key


class Eraser:
    """Removes local copies, and remembers which until the server has been told."""

    def __init__(
        self, directory: Path, book: Book, journal: Journal, nudge: Callable[[], None]
    ) -> None:
        """Erase in this node's directory; ``nudge`` when there is something to tell."""
        self._directory = directory
        self._book = book
        self._journal = journal
        self._nudge = nudge
        self._gone: dict[Key, None] = {}
        self._task: asyncio.Task[None] | None = None

    def gone(self) -> list[Key]:
        """What was removed and not told yet."""
        return list(self._gone)

    def told(self, keys: Iterable[Key]) -> None:
        """The server knows of these."""
        for key in keys:
            self._gone.pop(key, None)

    def erase(self, keys: Iterable[Key]) -> None:
        """Remove what is here of these attempts, beside other work.

        What is held at this moment is left: the server asks again when it has ended.
        """
        fresh = [key for key in keys if key not in self._gone and key not in self._book]
        if fresh and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._erase(fresh))

    async def _erase(self, keys: Sequence[Key]) -> None:
        self._journal.commit(handed_over=keys)
        removed = await asyncio.to_thread(_remove, self._directory, keys)
        self._gone |= dict.fromkeys(removed)
        if removed:
            self._nudge()


def _remove(directory: Path, keys: Sequence[Key]) -> list[Key]:
    """The keys of which nothing is left."""
    gone = []
    for key in keys:
        place = place_of(directory, key)
        remove_place(place)
        if not _is_anything_left(place):
            gone.append(key)
    return gone


def _is_anything_left(place: Place) -> bool:
    return any(os.path.lexists(path) for path in (place.work, place.private, place.script))

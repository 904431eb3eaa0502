"""Learning which of many jobs have ended, in one thread, however many they are.

The server is asked about many jobs in one request and holds it open until one of them has ended.
A request that is on its way cannot be told of further jobs, so these are asked about in another
one; requests that have come back are joined. So few are open at any time, most of the jobs are in
those that are held open long, and one that was added late is not kept waiting by them.
"""

import asyncio
import atexit
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import httpx2

from chaufferie.sdk.errors import ChaufferieError, ServerFailedError
from chaufferie.sdk.transport import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    TRY_AGAIN,
    Transport,
    document_of,
    error_of,
    timeout_for,
)

_LARGEST_REQUEST = 5000
_LONGEST_POLL_S = 50.0
#: A request about jobs that were just added is held open so long at first, then twice as long.
_SHORTEST_POLL_S = 0.25
#: Requests that may be held open for long, beside those that there must be for their size, and
#: further ones that come back soon.
_LONG_POLLS = _SHORT_POLLS = 4
#: Asking anew about many jobs costs the server the more, the more they are [s for each].
_PAUSE_FOR_EACH_S = 2e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Jobs that are asked about together."""

    ids: tuple[int, ...]
    wait_s: float = _SHORTEST_POLL_S  #: How long the server may hold the request.


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What came of one request."""

    ended: frozenset[int] = frozenset()
    error: ChaufferieError | None = None


def plan(held: Sequence[Group], loose: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """Which requests to send beside those that are held open, and what is left for later.

    Groups of about the same size are joined, others where there is no room for all.
    """
    n_jobs = sum(len(group.ids) for group in (*held, *loose))
    # Two groups that cannot be joined have more jobs together than one request takes.
    most_long = _LONG_POLLS + 2 * n_jobs // _LARGEST_REQUEST
    n_long = sum(group.wait_s > _SHORTEST_POLL_S for group in held)
    room = _SHORT_POLLS + max(most_long, n_long) - len(held)
    start: list[Group] = []
    later = _joined(loose, room)
    while later and len(start) < room:
        group = later.pop()
        if n_long >= most_long:
            group = Group(ids=group.ids)
        n_long += group.wait_s > _SHORTEST_POLL_S
        start.append(group)
    return start, later


def _joined(loose: Sequence[Group], room: int) -> list[Group]:
    """The same jobs in few groups, the smallest last."""
    groups = sorted(loose, key=lambda group: len(group.ids), reverse=True)
    joined: list[Group] = []
    while groups:
        small = groups.pop()
        if not groups or len(small.ids) + len(groups[-1].ids) > _LARGEST_REQUEST:
            joined.append(small)
        elif len(joined) + len(groups) + 1 > room or 2 * len(small.ids) >= len(groups[-1].ids):
            big = groups.pop()
            wait_s = min(small.wait_s, big.wait_s)
            groups.append(Group(ids=(*big.ids, *small.ids), wait_s=wait_s))
            groups.sort(key=lambda group: len(group.ids), reverse=True)
        else:
            joined.append(small)
    return joined[::-1]


class Watch:
    """Says of each job that was added, once, that it has ended or cannot be watched any more."""

    def __init__(
        self,
        transport: Transport,
        *,
        on_end: Callable[[int], None],
        on_error: Callable[[int, ChaufferieError], None],
        patience_s: float,
    ) -> None:
        """Watch nothing yet; the two are called in the watching thread, and must not take long."""
        self._transport = transport
        self._on_end = on_end
        self._on_error = on_error
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._added: list[int] = []
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._news = asyncio.Event()

    def add(self, ids: Iterable[int]) -> None:
        """Watch these jobs too."""
        with self._lock:
            self._added += ids
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # The jobs go on without us, so the program need not stay for them.
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="watch of jobs", daemon=True
                )
                self._thread.start()
                atexit.register(self.stop)
            self._loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """End the thread; nothing more is said."""
        with self._lock:
            loop, thread = self._loop, self._thread
            if self._is_stopping or loop is None or thread is None:
                return
            self._is_stopping = True
            loop.call_soon_threadsafe(self._news.set)
        atexit.unregister(self.stop)
        thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._watch())

    async def _watch(self) -> None:
        held: dict[asyncio.Task[_News], Group] = {}
        loose: list[Group] = []
        async with self._transport.open_async() as http:
            while not self._is_stopping:
                self._news.clear()
                loose += self._take_added()
                for poll in [poll for poll in held if poll.done()]:
                    loose += self._tell(held.pop(poll), poll.result())
                start, loose = plan(list(held.values()), loose)
                for group in start:
                    poll = asyncio.create_task(self._ask(http, group))
                    poll.add_done_callback(lambda _: self._news.set())
                    held[poll] = group
                await self._news.wait()
            for poll in held:
                poll.cancel()
            await asyncio.gather(*held, return_exceptions=True)

    def _take_added(self) -> list[Group]:
        with self._lock:
            added, self._added = self._added, []
        return [
            Group(ids=tuple(added[first : first + _LARGEST_REQUEST]))
            for first in range(0, len(added), _LARGEST_REQUEST)
        ]

    def _tell(self, group: Group, news: _News) -> list[Group]:
        """Say what came of a request; what there is to ask about again."""
        if news.error is not None:
            for job_id in group.ids:
                self._on_error(job_id, news.error)
            return []
        for job_id in news.ended:
            self._on_end(job_id)
        left = tuple(job_id for job_id in group.ids if job_id not in news.ended)
        wait_s = group.wait_s if news.ended else min(2 * group.wait_s, _LONGEST_POLL_S)
        return [Group(ids=left, wait_s=wait_s)] if left else []

    async def _ask(self, http: httpx2.AsyncClient, group: Group) -> _News:
        body = {"job_ids": group.ids, "until": "any", "wait_s": group.wait_s}
        await asyncio.sleep(len(group.ids) * _PAUSE_FOR_EACH_S)
        give_up_s = time.monotonic() + group.wait_s + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            error: ChaufferieError = self._transport.unreachable()
            try:
                answer = await http.post(
                    "/v1/jobs/wait", json=body, timeout=timeout_for(group.wait_s)
                )
            except httpx2.TransportError:
                may_repeat = True
            else:
                if answer.is_success:
                    return _read(answer)
                error, may_repeat = error_of(answer), answer.status_code in TRY_AGAIN
            if not may_repeat or time.monotonic() > give_up_s:
                return _News(error=error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _read(answer: httpx2.Response) -> _News:
    try:
        document = document_of(answer)
        return _News(ended=frozenset(map(int, (*document["states"], *document["unknown"]))))
    except ChaufferieError as error:
        return _News(error=error)
    except (KeyError, TypeError, ValueError):
        return _News(error=ServerFailedError(f"{answer.url} gives an answer of another version."))

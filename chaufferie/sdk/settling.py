"""Bringing home the answers of jobs that have ended: one thread watches, a few fetch."""

import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chaufferie.sdk.answers import Answer, fetch_answer
from chaufferie.sdk.endpoint import Endpoint
from chaufferie.sdk.errors import ChaufferieError
from chaufferie.sdk.futures import JobFuture
from chaufferie.sdk.transport import Transport
from chaufferie.sdk.watch import Watch

#: So many answers are fetched at a time, whatever the number of jobs.
_FETCHERS = 4

Find = Callable[[int], JobFuture[Any] | None]


class Settling:
    """Settles the futures of jobs, as these end."""

    def __init__(self, endpoint: Endpoint, folder: Path, find: Find, patience_s: float) -> None:
        """Answers pass through ``folder``; a job whose future is not found is passed over."""
        self._transport = Transport(endpoint, patience_s)
        self._folder = folder
        self._find = find
        self._ended: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._fetchers: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._watch = Watch(
            self._transport,
            on_end=self._ended.put,
            on_error=self._give_up,
            patience_s=patience_s,
        )

    def add(self, ids: Iterable[int]) -> None:
        """Settle the futures of these jobs too."""
        with self._lock:
            if not self._fetchers:
                self._fetchers = [
                    threading.Thread(target=self._fetch, name="answers of jobs", daemon=True)
                    for _ in range(_FETCHERS)
                ]
                for thread in self._fetchers:
                    thread.start()
        self._watch.add(ids)

    def stop(self) -> None:
        """End the threads; no future may be open."""
        self._watch.stop()
        for _ in self._fetchers:
            self._ended.put(None)
        for thread in self._fetchers:
            # The last future may have been settled, and this been called, by one of them.
            if thread is not threading.current_thread():
                thread.join()
        self._transport.close()

    def _fetch(self) -> None:
        while (job_id := self._ended.get()) is not None:
            future = self._find(job_id)
            if future is not None:
                self._settle(future)

    def _settle(self, future: JobFuture[Any]) -> None:
        try:
            answer = fetch_answer(self._transport, future.job.id, self._folder)
        except BaseException as error:  # noqa: BLE001 - the caller's pickles may raise anything
            answer = Answer(error=error)
        if answer is None:
            future.withdraw()
        else:
            future.settle(answer)

    def _give_up(self, job_id: int, error: ChaufferieError) -> None:
        future = self._find(job_id)
        if future is not None:
            future.settle(Answer(error=error))

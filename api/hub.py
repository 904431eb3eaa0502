"""Who waits for what inside the API: a change wakes the waiters of its nodes and jobs."""

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

NODE_PREFIX = "n"


class Hub:
    """Wakes waiting requests; carries no truth, so every woken request looks for itself."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiters: dict[str, set[Subscription]] = {}
        self._life = secrets.token_hex(4)
        self._counts: dict[str, int] = {}
        self.is_ending = False

    def mark(self, topic: str) -> str:
        """Changes with every change of the topic, and with every start of this process."""
        return f"{self._life}.{self._counts.get(topic, 0)}"

    def woken(self, topics: Iterable[str]) -> None:
        """Wake whoever waits for one of these topics."""
        for topic in topics:
            if topic.startswith(NODE_PREFIX):
                self._counts[topic] = self._counts.get(topic, 0) + 1
            for waiter in self._waiters.get(topic, ()):
                waiter.wake(topic)

    def end(self) -> None:
        """The process is stopping: let those who may ask again do so elsewhere."""
        self.is_ending = True
        self.wake_all()

    def wake_all(self) -> None:
        """Everything may have changed."""
        self.woken({*self._waiters, *self._counts})

    def subscribe(self, topics: Iterable[str]) -> "Subscription":
        """Start to wait; do it before looking, so that no change falls between."""
        return Subscription(self._waiters, list(topics))


class Subscription:
    """One waiter for some topics; use it as a context."""

    def __init__(self, waiters: "dict[str, set[Subscription]]", topics: list[str]) -> None:
        """Made by ``Hub.subscribe``."""
        self._waiters = waiters
        self._topics = topics
        self._event = asyncio.Event()
        self._woken: set[str] = set()

    def __enter__(self) -> Self:
        """Join the waiters."""
        for topic in self._topics:
            self._waiters.setdefault(topic, set()).add(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the waiters."""
        for topic in self._topics:
            waiters = self._waiters.get(topic)
            if waiters is not None:
                waiters.discard(self)
                if not waiters:
                    del self._waiters[topic]

    def wake(self, topic: str) -> None:
        """Called by the hub."""
        self._woken.add(topic)
        self._event.set()

    async def wait(self, timeout_s: float) -> set[str]:
        """The topics that changed; empty after the time-out."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), timeout_s)
        self._event.clear()
        woken, self._woken = self._woken, set()
        return woken


def node_topic(node_id: int) -> str:
    """Something waits for this node."""
    return f"{NODE_PREFIX}{node_id}"


def job_topic(job_id: int) -> str:
    """Something changed in this job."""
    return f"j{job_id}"


def output_topic(job_id: int) -> str:
    """The job wrote something."""
    return f"o{job_id}"


ALL_JOBS = "jobs"

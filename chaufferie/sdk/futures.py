"""The future of a call that became a job."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from chaufferie.sdk.answers import Answer
from chaufferie.sdk.job import Job
from domain.jobs.job import JobState

T = TypeVar("T")


class JobFuture(Future[T]):
    """A call on some node; works wherever a future of the standard library does.

    ``running()`` is never true, for a call that runs can still be cancelled; ``job`` knows where
    it is.
    """

    def __init__(
        self, job: Job, array_id: int, on_settled: Callable[["JobFuture[Any]"], None]
    ) -> None:
        """Made by the executor that sent the call."""
        super().__init__()
        self.job = job  #: Its job: in a ``map`` one element of an array.
        self.array_id = array_id  #: The job by whose number all of its array are cancelled.
        self._on_settled = on_settled
        self._claim = threading.Lock()

    def cancel(self) -> bool:
        """Stop the job, whether it waits or runs; False where it has ended already.

        Raises ``ServerUnreachableError`` where nobody could be told; the call then goes on.
        """
        if self.done():
            return self.cancelled()
        if self.job.cancel() not in {JobState.CANCELLED, JobState.CANCELLING}:
            return False
        return self.withdraw()

    def withdraw(self) -> bool:
        """Be cancelled, now that the job is; False where its end was known before."""
        if not self._claim.acquire(blocking=False):
            return self.cancelled()
        super().cancel()
        # Those who wait for several futures are told of it by this alone.
        self.set_running_or_notify_cancel()
        self._on_settled(self)
        return True

    def settle(self, answer: Answer) -> None:
        """Be done with this answer, unless it was cancelled meanwhile."""
        if not self._claim.acquire(blocking=False):
            return
        self.set_running_or_notify_cancel()
        if answer.error is not None:
            self.set_exception(answer.error)
        else:
            self.set_result(answer.value)
        self._on_settled(self)

"""Group commit: many small operations, one transaction, one flush to disk."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from store.transaction import Store, Transaction

T = TypeVar("T")
Operation = Callable[[Transaction], T]

_LARGEST_GROUP = 256


class GroupCommitWriter:
    """Runs operations on one thread; whatever waits together commits together.

    An operation that raises is rolled back to its savepoint alone; its neighbours commit.
    """

    def __init__(self, store: Store) -> None:
        """Start the thread."""
        self._store = store
        self._queue: queue.SimpleQueue[tuple[Any, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, operation: "Operation[Any]") -> Future[Any]:
        """A future that is done when the operation's effects are durable."""
        future: Future[Any] = Future()
        self._queue.put((operation, future))
        return future

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            stop = False
            while len(group) < _LARGEST_GROUP:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    stop = True
                    break
                group.append(item)
            self._commit(group)
            if stop:
                return

    def _commit(self, group: list[tuple[Any, Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._store.transaction() as current:
                for operation, future in group:
                    outcomes.append(
                        (future, *self._run_one(current, operation, is_shared=len(group) > 1))
                    )
        except Exception as error:  # noqa: BLE001 - handed to every waiter, not swallowed
            for _, future in group:
                future.set_exception(error)
            return
        for future, result, failure in outcomes:
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(result)

    @staticmethod
    def _run_one(
        current: Transaction, operation: "Operation[Any]", *, is_shared: bool
    ) -> tuple[Any, BaseException | None]:
        if not is_shared:
            return operation(current), None
        mark = current.mark()
        savepoint = current.connection.begin_nested()
        try:
            result = operation(current)
            savepoint.commit()
        except Exception as error:  # noqa: BLE001 - handed to its own waiter
            savepoint.rollback()
            current.rewind(mark)
            return None, error
        return result, None

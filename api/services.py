"""What the routes share: the store behind a group-commit writer, and the hub of waiters."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from api.billing.operator_file import OperatorFile
from api.hub import ALL_JOBS, Hub, job_topic, node_topic
from domain.access import Principal
from domain.billing.retention import Keeping
from domain.disclosure import Disclosure
from domain.jobs.delivery import AttemptKey
from domain.jobs.job import SchedulingType
from domain.notices.rules import NoticeRules
from domain.refusal import Refused
from store.access.keys import USE_NOTED_EVERY_S, find_principal, note_use
from store.attempts.job_keys import JOB_KEY_PREFIX, find_job, gang_secret, job_key, job_key_secret
from store.files.content import ContentStore
from store.files.outputs import OutputStore
from store.quotas.budgets import remember_prices
from store.rows import Connection
from store.transaction import Store, Transaction
from store.wakeups import Listener, decode_changes
from store.writer import GroupCommitWriter

if TYPE_CHECKING:
    from concurrent.futures import Future

_log = logging.getLogger(__name__)
T = TypeVar("T")

#: A key that was found valid is believed for this long [s]: revocation acts within it.
_KEY_CACHE_S = 2.0


class Services:
    """One per API process."""

    def __init__(
        self,
        *,
        store: Store,
        content: ContentStore,
        outputs: OutputStore,
        keeping: Keeping,
        known_names: Mapping[str, SchedulingType] | None = None,
        operator_file: OperatorFile | None = None,
        notice_rules: NoticeRules | None = None,
        disclosure: Disclosure | None = None,
    ) -> None:
        """Serve this store, with these files and this output.

        ``known_names`` says which scheduling type a partition or QOS stands for; without an
        ``operator_file`` nothing has a price, without ``notice_rules`` nothing leaves the house.
        """
        self.notice_rules = notice_rules or NoticeRules()
        self.disclosure = disclosure or Disclosure()
        self.operator_file = operator_file or OperatorFile()
        remember_prices(store, self.operator_file.prices)
        self.known_names = known_names or {}
        self.store = store
        self.content = content
        self.outputs = outputs
        self.keeping = keeping
        self.hub = Hub()
        self._writer = GroupCommitWriter(store)
        self._keys: dict[str, tuple[float, Principal]] = {}
        self._noted_s: dict[int, float] = {}
        self._job_key_secret = job_key_secret(store)

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        """Run an operation in the next group commit; its effects are durable when it returns."""

        def noting_changes(tx: Transaction) -> tuple[T, list[int], list[int]]:
            nodes_before, jobs_before = len(tx.changed_nodes), len(tx.changed_jobs)
            result = operation(tx)
            return result, tx.changed_nodes[nodes_before:], tx.changed_jobs[jobs_before:]

        future: Future[tuple[T, list[int], list[int]]] = self._writer.submit(noting_changes)
        result, nodes, jobs = await asyncio.wrap_future(future)
        self._wake(nodes, jobs)
        return result

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a thread of its own."""

        def run() -> T:
            with self.store.database.read() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run work of some seconds, with transactions of its own, on a thread of its own."""
        return await asyncio.to_thread(work)

    async def principal(self, token: str) -> Principal | Refused:
        """Whose key this is."""
        if token.startswith(f"{JOB_KEY_PREFIX}_"):
            # Not remembered: every attempt has one, and it ends when the attempt does.
            return await self.read(
                lambda connection: find_job(
                    connection, self._job_key_secret, token, self.store.database.now_s(connection)
                )
            )
        now_s = time.monotonic()
        known = self._keys.get(token)
        if known is not None and now_s - known[0] < _KEY_CACHE_S:
            return known[1]

        def find(connection: Connection) -> Principal | Refused:
            return find_principal(connection, token, self.store.database.now_s(connection))

        found = await self.read(find)
        if isinstance(found, Principal):
            self._keys[token] = (now_s, found)
            self._note_use(found.key_id, now_s)
        else:
            self._keys.pop(token, None)
        return found

    def job_key(self, key: AttemptKey) -> str:
        """The key that a claimed attempt finds on its node."""
        return job_key(self._job_key_secret, key)

    def gang_secret(self, key: AttemptKey) -> str:
        """By which the nodes of a claimed attempt know one another."""
        return gang_secret(self._job_key_secret, key)

    def forget_keys(self) -> None:
        """Look every key up anew: one of them was revoked."""
        self._keys.clear()

    def listen(self, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        """Pass wake-ups from other programs to the hub; runs on a thread until it is closed."""
        with suppress(OSError):
            while True:
                for line in listener.wait(1.0):
                    loop.call_soon_threadsafe(self._wake_line, line)

    def _note_use(self, key_id: int, now_s: float) -> None:
        """Remember now and then that a key is used; nobody waits for it."""
        if now_s - self._noted_s.get(key_id, -USE_NOTED_EVERY_S) >= USE_NOTED_EVERY_S:
            self._noted_s[key_id] = now_s
            self._writer.submit(lambda tx: note_use(tx, key_id))

    def _wake_line(self, line: str) -> None:
        changes = decode_changes(line)
        if changes is None:
            self.hub.wake_all()
        else:
            self._wake(*changes)

    def _wake(self, nodes: list[int], jobs: list[int]) -> None:
        topics = [node_topic(node) for node in nodes] + [job_topic(job) for job in jobs]
        if jobs:
            topics.append(ALL_JOBS)
        self.hub.woken(topics)

    def close(self) -> None:
        """Finish pending writes."""
        self._writer.close()

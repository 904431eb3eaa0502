"""One unit of work: guarded changes, the events they cause, and who must be woken after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert

from domain import wire
from domain.events import Event, JobArrayQueued, JobQueued, NodeJoined
from store.database import Database
from store.tables.engine import event
from store.tables.installation import audit
from store.wakeups import Wakeups

#: Facts after which work may start that could not before. The others only free what the next
#: decision uses, and may wait a moment for company.
_URGENT = (JobQueued, JobArrayQueued, NodeJoined)


@dataclass(slots=True)
class Transaction:
    """What a store operation receives: the connection, its one time, and two outgoing lists."""

    connection: Connection
    now_s: float
    locks_rows: bool  #: True where ``FOR UPDATE`` is needed and understood.
    events: list[Event] = field(default_factory=list)
    changed_nodes: list[int] = field(default_factory=list)
    changed_jobs: list[int] = field(default_factory=list)

    def record(self, fact: Event) -> None:
        """Append an event to the log in this same transaction."""
        self.events.append(fact)

    def touched(self, instance_id: int, job_id: int) -> None:
        """An instance changed: whoever waits for it, or for its array, looks again."""
        self.changed_jobs.append(instance_id)
        if job_id != instance_id:
            self.changed_jobs.append(job_id)

    def audited(self, *, actor: str, action: str, subject: str, detail: str | None = None) -> None:
        """Append a line to the audit trail in this same transaction."""
        self.connection.execute(
            insert(audit),
            {
                "at_s": self.now_s,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": detail,
            },
        )

    def mark(self) -> tuple[int, int, int]:
        """How much was collected so far; see ``rewind``."""
        return len(self.events), len(self.changed_nodes), len(self.changed_jobs)

    def rewind(self, mark: tuple[int, int, int]) -> None:
        """Forget what was collected after the mark: its savepoint was rolled back."""
        del self.events[mark[0] :]
        del self.changed_nodes[mark[1] :]
        del self.changed_jobs[mark[2] :]

    def flush_events(self) -> None:
        """Write the collected events to the log."""
        if self.events:
            self.connection.execute(
                insert(event), [event_values(fact, self.now_s) for fact in self.events]
            )


def event_values(fact: Event, at_s: float) -> dict[str, object]:
    """A fact as a row of the log."""
    return {"at_s": at_s, "kind": wire.event_kind(fact), "payload": wire.dumps(fact)}


class Store:
    """The database together with the wake-ups that follow a commit."""

    def __init__(
        self, database: Database, wakeups: Wakeups, before_commit: Callable[[Transaction], None]
    ) -> None:
        """Use this database; announce changes through these wake-ups.

        ``before_commit`` sees what a transaction did, and may write more in it.
        """
        self.database = database
        self.wakeups = wakeups
        self._before_commit = before_commit

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit what happens inside, events included, then wake whoever waits for it."""
        with self.database.write() as connection:
            current = Transaction(
                connection=connection,
                now_s=self.database.now_s(connection),
                locks_rows=not self.database.is_sqlite,
            )
            yield current
            self._before_commit(current)
            current.flush_events()
        if current.events:
            urgent = any(isinstance(fact, _URGENT) for fact in current.events)
            self.wakeups.wake_scheduler(urgent=urgent)
        if current.changed_nodes or current.changed_jobs:
            self.wakeups.wake_api(current.changed_nodes, current.changed_jobs)

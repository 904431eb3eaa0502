"""The cluster as the scheduler sees it, rebuilt from the store for whoever asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.events import JobQueued
from scheduler.engine import Engine
from scheduler.placement.policy import Placement, View
from store import job_queries
from store.database import Database
from store.engine_facts import job_facts, node_facts
from store.rows import Connection
from store.transaction import Transaction

#: So many of the oldest waiting jobs are looked at for one that is too wide to start.
_FIRST_WAITING = 50
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class OnlyLooking:
    """A policy that starts nothing."""

    name: str = "only-looking"

    def plan(self, view: View) -> Sequence[Placement]:  # noqa: ARG002 - the port's signature
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """What a policy would look at now, and the first jobs that wait."""

    view: View
    waiting: Sequence[JobQueued]


def believe(database: Database, connection: Connection) -> Beliefs:
    """What the store says now, as the engine would learn it after a restart."""
    now_s = database.now_s(connection)
    reader = Transaction(connection=connection, now_s=now_s, locks_rows=False)
    engine = Engine(OnlyLooking())
    engine.handle([*node_facts(reader), *job_facts(reader, only=_NOBODY)], now_s)
    return Beliefs(
        view=View(state=engine.state, durations=engine.durations, now_s=now_s),
        waiting=job_queries.oldest_waiting(connection, _FIRST_WAITING),
    )

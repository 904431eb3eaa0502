"""The cluster as the scheduler sees it, rebuilt from the store for whoever asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.events import Event, JobQueued
from scheduler.engine import Engine
from scheduler.placement.heat_aware import HeatAware
from scheduler.placement.heat_rule import HeatRule
from scheduler.placement.only_looking import OnlyLooking
from scheduler.placement.policy import View
from scheduler.placement.registry import policy_named
from scheduler.ports import ROLE
from store.database import Database
from store.engine import event_log, knowledge
from store.engine.engine_facts import job_facts, node_facts
from store.fleet.weather import forecast_facts
from store.jobs import job_queries
from store.quotas import quotas
from store.rows import Connection
from store.transaction import Transaction

#: So many of the oldest waiting jobs are looked at for one that is too wide to start.
_FIRST_WAITING = 50
_NOBODY = 0
#: What a policy that never waits for heat asks of it: nothing.
_IMPATIENT = HeatAware("impatient", HeatRule(bar=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """What a policy would look at now, and the first jobs that wait."""

    view: View
    policy: HeatAware  #: How long the policy that decides lets jobs wait for heat.
    waiting: Sequence[JobQueued]


def believe(database: Database, connection: Connection) -> Beliefs:
    """What the store says now, as the engine would learn it after a restart."""
    now_s = database.now_s(connection)
    reader = Transaction(connection=connection, now_s=now_s, locks_rows=False)
    engine = Engine(OnlyLooking())
    learned = knowledge.restored(connection, role=ROLE)
    facts: list[Event] = [
        *(() if learned is None else (learned,)),
        *node_facts(reader),
        *forecast_facts(reader),
        *quotas.facts(connection),
        *job_facts(reader, only=_NOBODY),
    ]
    engine.handle(facts, now_s)
    return Beliefs(
        view=View(state=engine.state, now_s=now_s),
        policy=_deciding(connection),
        waiting=job_queries.oldest_waiting(connection, _FIRST_WAITING),
    )


def _deciding(connection: Connection) -> HeatAware:
    """The policy of the newest run, as far as it waits for heat."""
    text = event_log.deciding_policy(connection)
    policy = None if text is None else policy_named(text)
    return policy if isinstance(policy, HeatAware) else _IMPATIENT

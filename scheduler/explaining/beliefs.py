"""The cluster as the scheduler sees it, rebuilt from the store for whoever asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.events import Event, JobQueued
from scheduler.engine import Engine
from scheduler.explaining.turns import Turn, turn_of
from scheduler.explaining.waiting import Line
from scheduler.learned import what_was_learned
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.plan.policy import View
from scheduler.placement.policies.heat_aware import HeatAware
from scheduler.placement.policies.only_looking import OnlyLooking
from scheduler.placement.policies.registry import policy_named
from store.database import Database
from store.engine import event_log
from store.engine.engine_facts import job_facts, node_facts
from store.engine.licence_facts import licences_in_force
from store.engine.order_facts import order_in_force
from store.fleet.weather import forecast_facts
from store.jobs import job_queries
from store.quotas import quotas
from store.reservations import reservations
from store.rows import Connection
from store.transaction import Transaction

#: So many of the oldest waiting jobs are looked at for those whose turn comes first.
_MOST_LOOKED_AT = 1000
_NOBODY = 0
#: What a policy that never waits for heat asks of it: nothing.
_IMPATIENT = HeatAware("impatient", HeatRule(bar=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """What a policy would look at now, and the first jobs that wait."""

    view: View
    policy: HeatAware  #: How long the policy that decides lets jobs wait for heat.
    waiting: Sequence[JobQueued]  #: In the order of their turns.
    is_all: bool  #: Whether nobody else waits.

    def line_before(self, job: JobQueued) -> Line:
        """Who waits before a job."""
        turn = self._turn(job)
        before = [
            other
            for other in self.waiting
            if other.instance_id != job.instance_id and self._turn(other) < turn
        ]
        return Line(n_ahead=len(before), is_counted_out=self.is_all, first=before)

    def _turn(self, job: JobQueued) -> Turn:
        return turn_of(self.view.state, self.policy, job, self.view.now_s)


def believe(database: Database, connection: Connection) -> Beliefs:
    """What the store says now, as the engine would learn it after a restart."""
    now_s = database.now_s(connection)
    reader = Transaction(connection=connection, now_s=now_s, locks_rows=False)
    engine = Engine(OnlyLooking())
    order = order_in_force(connection)
    facts: list[Event] = [
        *(() if order is None else (order,)),
        licences_in_force(connection),
        *what_was_learned(connection, now_s),
        *node_facts(reader),
        *forecast_facts(reader),
        *quotas.facts(connection, now_s),
        *reservations.facts(connection, now_s),
        *job_facts(reader, only=_NOBODY),
    ]
    engine.handle(facts, now_s)
    state, policy = engine.state, _deciding(connection)
    state.rank(now_s)
    waiting = job_queries.oldest_waiting(connection, _MOST_LOOKED_AT)
    return Beliefs(
        view=View(state=state, now_s=now_s),
        policy=policy,
        waiting=sorted(waiting, key=lambda job: turn_of(state, policy, job, now_s)),
        is_all=len(waiting) < _MOST_LOOKED_AT,
    )


def _deciding(connection: Connection) -> HeatAware:
    """The policy of the newest run, as far as it waits for heat."""
    text = event_log.deciding_policy(connection)
    policy = None if text is None else policy_named(text)
    return policy if isinstance(policy, HeatAware) else _IMPATIENT

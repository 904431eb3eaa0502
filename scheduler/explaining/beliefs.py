"""The cluster as the scheduler sees it, rebuilt from the store for whoever asks why."""

from collections.abc import Sequence

from domain.events import Event, JobQueued
from domain.refusal import Refused
from scheduler.engine import Engine
from scheduler.explaining.next_plan import NextPlan
from scheduler.explaining.waiting import Line
from scheduler.learned import what_was_learned
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.plan.limits import close_lines
from scheduler.placement.plan.policy import Policy, Turn, View
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
#: Where nobody decided yet: what never waits for heat.
_IMPATIENT = HeatAware("impatient", HeatRule(bar=0.0))


class Beliefs:
    """What the policy that decides would look at now, and the first jobs that wait."""

    def __init__(
        self, view: View, policy: Policy, waiting: Sequence[JobQueued], *, is_all: bool
    ) -> None:
        """Put those that wait in the order of their turns; ``is_all`` = nobody else waits."""
        self.view, self.policy = view, policy
        close_lines(view, policy)
        self.waiting = sorted(waiting, key=lambda job: policy.turn(view, job).place)
        self._is_all = is_all
        self._next_plan = NextPlan(view, policy)

    def line_before(self, job: JobQueued) -> Line:
        """Who waits before a job."""
        place = self._turn(job).place
        before = [
            other
            for other in self.waiting
            if other.instance_id != job.instance_id and self._turn(other).place < place
        ]
        return self._line(job, before, len(before))

    def line_at(self, position: int, most_before: int) -> Line:
        """Who waits before one of those that wait, so many of them at most."""
        return self._line(
            self.waiting[position], self.waiting[: min(position, most_before)], position
        )

    def _line(self, job: JobQueued, before: Sequence[JobQueued], n_ahead: int) -> Line:
        return Line(
            n_ahead=n_ahead,
            is_counted_out=self._is_all,
            first=before,
            rule=self._turn(job).words,
            starts_now=self._next_plan.starts(job),
        )

    def _turn(self, job: JobQueued) -> Turn:
        return self.policy.turn(self.view, job)


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
    waiting = job_queries.oldest_waiting(connection, _MOST_LOOKED_AT)
    engine.handle([*facts, *waiting], now_s)
    engine.state.rank(now_s)
    return Beliefs(
        View(state=engine.state, now_s=now_s),
        _deciding(connection),
        waiting,
        is_all=len(waiting) < _MOST_LOOKED_AT,
    )


def _deciding(connection: Connection) -> Policy:
    """The policy of the newest run."""
    text = event_log.deciding_policy(connection)
    policy = _IMPATIENT if text is None else policy_named(text)
    return _IMPATIENT if isinstance(policy, Refused) else policy

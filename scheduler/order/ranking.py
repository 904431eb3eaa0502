"""How jobs are ordered: a sum of terms in points, as time by which a job goes before others.

An hour of waiting is worth a fixed number of points, for ever. So the order of two jobs of one
account never changes while they wait, and a line once sorted stays sorted; what differs between
accounts and sizes is added for a whole line at a time. And whoever waits long enough goes before
everybody who comes later: no term can hold a job back for more than its points' worth of hours.
"""

from dataclasses import dataclass
from typing import Protocol

from domain.events import JobQueued, OrderSet
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_FLEX_WAIT_S
from domain.units import DAY_S, HOUR_S
from scheduler.order.fair_share import Account, FairShare, Standing

#: How often it is worked out anew who took how much [s].
_RENEW_S = 10.0
AGE, PRIORITY, SIZE = "age", "priority", "size"
TENANT_SHARE, PROJECT_SHARE = "tenant_share", "project_share"
#: Where nothing is said jobs go by age, and by what persons said.
BY_AGE = OrderSet(
    age=100.0,
    priority=1.0,
    tenant_share=0.0,
    project_share=0.0,
    size=0.0,
    half_life_s=7 * DAY_S,
    shares={},
)


class Sized(Protocol):
    """Jobs of one size."""

    @property
    def cores(self) -> int:
        """Cores it runs on; the fewest, where it wants the whole node."""
        ...

    @property
    def whole_node(self) -> bool:
        """Whether it runs alone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of a job's priority."""

    name: str
    value: float
    weight: float  #: Points for a value of 1.

    @property
    def points(self) -> float:
        """What it adds."""
        return self.value * self.weight


def waits_since_s(job: JobQueued) -> float:
    """From when its age counts: a patient job ages as if it had queued a day before it is due."""
    if job.scheduling_type == SchedulingType.FLEX and job.start_before_s is not None:
        return job.start_before_s - DEFAULT_FLEX_WAIT_S
    return job.queued_at_s


def account_of(job: JobQueued) -> Account:
    """Against whom its core time counts."""
    return job.tenant_id, job.project


class Ranking:
    """The rule in force, and where everybody stands by it."""

    def __init__(self) -> None:
        """Order by age."""
        self.rule = BY_AGE
        self.shares = FairShare()
        self._standing = Standing(tenant_frac={}, project_frac={})
        self._renewed_s = float("-inf")
        self._largest_cores = 1

    @property
    def tells_accounts_apart(self) -> bool:
        """Whether anything but its age and a person's word moves a job."""
        return bool(self.rule.tenant_share or self.rule.project_share or self.rule.size)

    def set_rule(self, rule: OrderSet) -> None:
        """Order by this from now on."""
        self.rule = rule
        self._renewed_s = float("-inf")

    def renew(self, now_s: float, fleet_cores: int, largest_cores: int) -> None:
        """Work out who took how much, if that is due."""
        if not self.tells_accounts_apart or now_s < self._renewed_s + _RENEW_S:
            return
        self._renewed_s = now_s
        self._largest_cores = max(largest_cores, 1)
        rule = self.rule
        least_core_s = fleet_cores * HOUR_S
        self._standing = self.shares.standing(now_s, rule.half_life_s, rule.shares, least_core_s)

    def said_s(self, job: JobQueued) -> float:
        """Time by which a person moved a job before others."""
        return self._as_time_s(self.rule.priority * job.priority) if job.priority else 0.0

    def ahead_s(self, sized: Sized, account: Account) -> float:
        """Time by which all jobs of this size and account go before others."""
        if not self.tells_accounts_apart:
            return 0.0
        return self._as_time_s(sum(term.points for term in self._common_terms(sized, account)))

    def terms(self, job: JobQueued, now_s: float) -> tuple[Term, ...]:
        """All that makes up a job's priority."""
        waited_h = (now_s - waits_since_s(job)) / HOUR_S
        return (
            Term(name=AGE, value=waited_h, weight=self.rule.age),
            *self._common_terms(job, account_of(job)),
            Term(name=PRIORITY, value=float(job.priority), weight=self.rule.priority),
        )

    def _common_terms(self, sized: Sized, account: Account) -> tuple[Term, ...]:
        tenant_frac = self._standing.tenant_frac.get(account[0], 1.0)
        project_frac = self._standing.project_frac.get(account, 1.0)
        size_frac = 1.0 if sized.whole_node else min(sized.cores / self._largest_cores, 1.0)
        return (
            Term(name=TENANT_SHARE, value=tenant_frac, weight=self.rule.tenant_share),
            Term(name=PROJECT_SHARE, value=project_frac, weight=self.rule.project_share),
            Term(name=SIZE, value=size_frac, weight=self.rule.size),
        )

    def _as_time_s(self, points: float) -> float:
        return points / self.rule.age * HOUR_S

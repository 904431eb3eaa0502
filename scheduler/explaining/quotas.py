"""Why quotas and budgets keep a job waiting, in words."""

from decimal import ROUND_HALF_UP, Decimal

from domain.billing.quota import Measure, Quota
from domain.events import JobQueued
from domain.jobs.sizing import core_need, fits
from scheduler.placement.plan.draft import Draft
from scheduler.placement.state.accounts import accounts_of
from scheduler.placement.state.budgets import ROUNDING, most_on

BUDGET_USED_UP = "budget_used_up"


def why_over_quota(draft: Draft, job: JobQueued) -> tuple[str, str] | None:
    """Which quota keeps a job from starting, and how much of it is in use."""
    nodes = [facts for facts in draft.fleet.facts if fits(job, facts)]
    needs = job.nodes * min((core_need(job, facts) for facts in nodes), default=job.cores)
    for limit, jobs, cores_held in draft.state.quotas.held(job):
        if limit.is_spent:
            whose = f"project {limit.project!r}" if limit.project else "its tenant"
            sentence = (
                f"A budget of {whose} is used up (chaufferie quotas list shows which); it waits "
                "until the budget is renewed or raised."
            )
            return BUDGET_USED_UP, sentence
        for measure, most, used, more in (
            (Measure.RUNNING_JOBS, limit.jobs, jobs, 1),
            (Measure.CORES, limit.cores, cores_held, needs),
        ):
            if most is None:
                continue
            quota = Quota(measure=measure, limit=Decimal(most), project=limit.project)
            why = quota.why_it_waits(used, more)
            if why is not None:
                return quota.code, why
    return _not_covered(draft, job)


def _not_covered(draft: Draft, job: JobQueued) -> tuple[str, str] | None:
    """Which safe budget would not cover it up to its time limit, wherever it ran."""
    state = draft.state
    rows = [row for row, facts in enumerate(draft.fleet.facts) if fits(job, facts)]
    for account, budget, room in state.quotas.budgets.rooms(*accounts_of(job)):
        needs = min(
            (most_on(job, [row] * job.nodes, state.fleet).of(budget) for row in rows), default=0.0
        )
        if needs <= room + ROUNDING:
            continue
        quota = Quota(
            measure=Measure(budget.measure),
            limit=Decimal(0),
            project=account[1],
            currency=budget.currency,
        )
        left, free, asked = (quota.say(_shown(item)) for item in (budget.left, room, needs))
        sentence = (
            f"The budget of {quota.name} is safe, so that nothing starts which it might not cover "
            f"to the end: {left} of it are left, {free} when what runs has reached its time "
            f"limits, and this job may take {asked} within its own; it starts when enough is "
            "left, or with a shorter --time."
        )
        return quota.code, sentence
    return None


def _shown(amount: float) -> Decimal:
    return Decimal(repr(max(amount, 0.0))).quantize(Decimal("0.001"), ROUND_HALF_UP)

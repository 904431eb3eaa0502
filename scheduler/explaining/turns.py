"""Whose turn comes before whose, as the policy that decides takes waiting jobs: pure."""

from domain.events import JobQueued
from domain.jobs.job import SchedulingType
from scheduler.order.ranking import account_of
from scheduler.placement.policies.heat_aware import HeatAware
from scheduler.placement.state.cluster import ClusterState

#: A stage of the plan, and the place within it.
Turn = tuple[int, float, float, int]
_PRESSING, _URGENT, _DUE, _PATIENT = range(4)


def turn_of(state: ClusterState, policy: HeatAware, job: JobQueued, now_s: float) -> Turn:
    """First what presses, then what somebody waits for, then what is due, then the rest."""
    ahead_s = state.ranking.ahead_s(job, account_of(job)) + state.ranking.said_s(job)
    last_s = job.start_before_s
    if job.scheduling_type != SchedulingType.FLEX or last_s is None:
        return _URGENT, job.queued_at_s - ahead_s, job.queued_at_s, job.instance_id
    if last_s <= now_s + policy.rule.pressing_s:
        return _PRESSING, last_s, job.queued_at_s, job.instance_id
    if is_due(policy, job, now_s):
        return _DUE, last_s, job.queued_at_s, job.instance_id
    return _PATIENT, last_s - ahead_s, job.queued_at_s, job.instance_id


def is_due(policy: HeatAware, job: JobQueued, now_s: float) -> bool:
    """Whether a job starts whatever the water says; one too wide for any node keeps one then."""
    is_patient = job.scheduling_type == SchedulingType.FLEX
    return not is_patient or policy.last_start_s(job) <= now_s

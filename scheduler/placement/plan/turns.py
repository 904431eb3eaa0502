"""Places of waiting jobs in the orders in which policies take them, as the queue has them."""

import math

from domain.events import JobQueued
from domain.jobs.job import SchedulingType
from scheduler.order.ranking import account_of
from scheduler.placement.plan.policy import Keeps, Turn, View

Place = tuple[int, float, float, int]

OLDEST_FIRST = "the oldest go first"


def is_patient(job: JobQueued) -> bool:
    """Whether it may wait for heat."""
    return job.scheduling_type == SchedulingType.FLEX


def oldest_first(view: View, job: JobQueued, keeps: Keeps) -> Turn:
    """The turn of a job with a policy that takes all by age, whatever their type."""
    place = by_age(view, job)
    return Turn(place=place, words=OLDEST_FIRST, is_due=True, keeps=keeps)


def by_age(view: View, job: JobQueued, stage: int = 0) -> Place:
    """Its place by age, as its account's standing and persons moved it."""
    ranking = view.state.ranking
    first_s = job.queued_at_s - ranking.said_s(job) - ranking.ahead_s(job, account_of(job))
    return stage, first_s, job.queued_at_s, job.instance_id


def by_last_moment(job: JobQueued, stage: int) -> Place:
    """Its place by the last moment at which it may start, which nobody moves."""
    last_s = job.queued_at_s if job.start_before_s is None else job.start_before_s
    return stage, last_s, job.queued_at_s, job.instance_id


def by_rank(view: View, job: JobQueued, stage: int) -> Place:
    """The same as its account's standing and persons moved it; those that have none come last."""
    ranking = view.state.ranking
    last_s = math.inf if job.start_before_s is None else job.start_before_s
    first_s = last_s - ranking.said_s(job) - ranking.ahead_s(job, account_of(job))
    return stage, first_s, job.queued_at_s, job.instance_id

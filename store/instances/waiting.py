"""How long a job waits: not before one moment, and not after another."""

from typing import Any

from domain.jobs.job import JobState
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec

#: A job in one of these is nowhere yet.
WAITING_STATES = (JobState.QUEUED.value, JobState.HELD.value, JobState.BLOCKED.value)


def give_up_at_s(spec: JobSpec, *, queued_at_s: float | None) -> float | None:
    """When a job that still waits ends; None = never.

    ``queued_at_s`` is since when it could start, None while it is held or blocked: only its
    deadline runs on then.
    """
    ends_at_s = [] if spec.deadline_s is None else [spec.deadline_s]
    if spec.max_queue_s is not None and queued_at_s is not None:
        ends_at_s.append(max(queued_at_s, spec.not_before_s or 0.0) + spec.max_queue_s)
    return min(ends_at_s, default=None)


def cut_to_deadline(spec: dict[str, Any], now_s: float) -> dict[str, Any]:
    """The specification for a run that starts now: shorter, where it allowed that to end in time.

    The server's clock decides: those of nodes are not compared with it.
    """
    resources = spec["resources"]
    least_s, deadline_s = resources.get("time_min_s"), spec.get("deadline_s")
    if least_s is None or deadline_s is None:
        return spec
    limit_s = resources["time_limit_s"] or DEFAULT_TIME_LIMIT_S
    cut_s = min(limit_s, max(least_s, int(deadline_s - now_s)))
    return {**spec, "resources": {**resources, "time_limit_s": cut_s}}

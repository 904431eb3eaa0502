"""What the policy that decides would start if it looked now."""

from dataclasses import replace

from domain.events import JobQueued
from scheduler.placement.plan.limits import close_lines
from scheduler.placement.plan.policy import Placement, Policy, View


class NextPlan:
    """The next plan of a policy over a cluster that is only believed, and so may be used up."""

    def __init__(self, view: View, policy: Policy) -> None:
        """Make it when somebody asks."""
        self._view, self._policy = replace(view, is_refresh=True), policy
        self._started: frozenset[int] | None = None

    def starts(self, job: JobQueued) -> bool:
        """Whether it starts this job; one that does not wait is asked as if it had just come."""
        state = self._view.state
        if job.instance_id in state.queue or job.instance_id in state.arrays:
            if self._started is None:
                self._started = self._plan()
            return job.instance_id in self._started
        state.enqueue(job, self._view.now_s)
        started = self._plan()
        state.dequeue(job.instance_id)
        return job.instance_id in started

    def _plan(self) -> frozenset[int]:
        policy = self._policy.fresh()
        close_lines(self._view, policy)
        steps = policy.plan(self._view)
        return frozenset(step.job.instance_id for step in steps if isinstance(step, Placement))

"""Which nodes are kept for jobs that are too wide for any now, and from when they have room."""

from collections.abc import Sequence

from domain.events import JobQueued
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.earliest_room import keep_for
from scheduler.placement.plan.policy import Keeps, Policy
from scheduler.placement.state.job_shape import kind_of


class Keeping:
    """What the policy keeps for the jobs before one, as its next plan would."""

    def __init__(self, draft: Draft, policy: Policy, before: Sequence[JobQueued]) -> None:
        """Let each in turn keep a node, if it finds none; ``draft`` is used up by this."""
        self._draft, self._policy = draft, policy
        self._seen: set[object] = set()
        now_s = draft.view.now_s
        for job in before:
            if job.not_before_s is None or job.not_before_s <= now_s:
                self.keep_for(job)

    def keep_for(self, job: JobQueued) -> list[int]:
        """The nodes that are kept for a job; none where it fits now, or the policy keeps none."""
        state, keeps = self._draft.state, self._policy.turn(self._draft.view, job).keeps
        length, spread = state.length_of(state.expect(job))
        kind = kind_of(
            job, length, spread, state.quotas.account_of(job), state.quotas.budgets.limit_of(job)
        )
        is_kept_already = bool(self._draft.kept.job_of)
        if keeps is Keeps.NOBODY or kind in self._seen:
            return []
        if keeps is Keeps.THE_FIRST and is_kept_already:
            return []
        self._seen.add(kind)
        if self.fits(job):
            return []
        return keep_for(self._draft, job)

    def fits(self, job: JobQueued) -> bool:
        """Whether a node has room for a job which delays nobody for whom it is kept."""
        return bool(self._draft.fitting(job).any())

    def kept_for(self, row: int) -> JobQueued | None:
        """The job for which a node is kept."""
        return self._draft.kept.job_of.get(row)

    def room_from_s(self, rows: Sequence[int]) -> float:
        """When these have room if all that runs there runs to its limit [Unix time]."""
        return float(self._draft.kept.from_s[list(rows)].max())

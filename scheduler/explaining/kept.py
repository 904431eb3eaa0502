"""Which nodes are kept for jobs that are too wide for any now, and from when they have room."""

from collections.abc import Sequence

import numpy as np

from domain.events import JobQueued
from domain.gpus import overlap
from domain.sizing import core_need, gpu_need, mem_need_mib
from scheduler.explaining.turns import is_due
from scheduler.placement.draft import Draft
from scheduler.placement.heat_aware import HeatAware
from scheduler.placement.shape import kind_of


class Keeping:
    """What the policy keeps for the jobs before one, as its next plan would."""

    def __init__(self, draft: Draft, policy: HeatAware, before: Sequence[JobQueued]) -> None:
        """Let each in turn keep a node, if it finds none; ``draft`` is used up by this."""
        self._draft, self._policy = draft, policy
        self.kept_for: dict[int, JobQueued] = {}  #: By the row of the node.
        self._seen: set[object] = set()
        now_s = draft.view.now_s
        for job in before:
            if job.not_before_s is None or job.not_before_s <= now_s:
                self.keep_for(job)

    def keep_for(self, job: JobQueued) -> list[int]:
        """The nodes that are kept for a job; none where it fits now, or need not be started yet.

        They are kept for the first job of a kind alone.
        """
        now_s = self._draft.view.now_s
        state = self._draft.state
        length, spread = state.length_of(state.expect(job))
        kind = kind_of(job, length, spread, state.quotas.account_of(job))
        if not is_due(self._policy, job, now_s) or kind in self._seen:
            return []
        self._seen.add(kind)
        if self.fits(job):
            return []
        rows = self._draft.keep_for(job)
        self.kept_for |= dict.fromkeys(rows, job)
        return rows

    def fits(self, job: JobQueued) -> bool:
        """Whether a node has room for a job that is kept for nobody before it."""
        return bool(self._draft.fitting(job).any())

    def room_from_s(self, job: JobQueued, rows: Sequence[int]) -> float | None:
        """When these have room for a job if all that runs there runs to its limit [Unix time]."""
        moments = [self._room_on_s(job, row) for row in rows]
        known = [at_s for at_s in moments if at_s is not None]
        return max(known) if len(known) == len(moments) else None

    def _room_on_s(self, job: JobQueued, row: int) -> float | None:
        draft = self._draft
        facts, at_s = draft.fleet.facts[row], draft.view.now_s
        need_gpus, gpu_kind = gpu_need(job, facts)
        need = np.array([core_need(job, facts), mem_need_mib(job, facts), need_gpus])
        free = np.array(
            [
                draft.free_cores[row],
                draft.free_mem_mib[row],
                draft.free_gpus(gpu_kind)[row] if need_gpus else 0,
            ]
        )
        held = sorted(
            draft.state.held_on(row), key=lambda item: item.since_s + item.job.time_limit_s
        )
        for item in held:
            if (free >= need).all():
                return at_s
            at_s = max(item.since_s + item.job.time_limit_s, at_s)
            gpus, kind = gpu_need(item.job, facts)
            gpus = gpus if overlap(gpu_kind, kind) else 0
            free += (item.cores_on(row), mem_need_mib(item.job, facts), gpus)
        return at_s if (free >= need).all() else None

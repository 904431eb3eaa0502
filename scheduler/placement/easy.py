"""EASY backfilling, the usual rule of batch systems: no regard to heat, but to time limits.

The first job that does not fit gets a reservation: the node that will have room for it soonest,
reckoned by the time limits of what runs there. Jobs behind it may start before it where they end,
by their own limit, before the reserved moment, or on another node (Lifka 1995; Mu'alem and
Feitelson 2001, doi:10.1109/71.932708).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.commands import Why
from domain.events import JobQueued
from domain.sizing import core_need
from scheduler.placement.baselines import free_share
from scheduler.placement.draft import Draft, best_first
from scheduler.placement.policy import Placement, Step, View

FIRST_IN_LINE = "first_in_line"
BACKFILLED = "backfilled"
#: Jobs behind the first that are looked at for a hole; batch systems bound it alike.
BACKFILL_DEPTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reservation:
    """A node kept for the first job from a moment on."""

    row: int
    from_s: float
    spare_cores: int  #: That the first job will leave free then.


@dataclass(frozen=True, slots=True)
class EasyBackfill:
    """First come, first served, with holes filled; ``OnDemand`` before ``Flex`` if asked."""

    on_demand_first: bool = False

    @property
    def name(self) -> str:
        """As batch systems call it."""
        return "easy-on-demand-first" if self.on_demand_first else "easy"

    def fresh(self) -> "EasyBackfill":
        """It has no memory."""
        return self

    def plan(self, view: View) -> Sequence[Step]:
        """The first jobs in line, then those that delay none of them."""
        draft = Draft(view)
        if not draft.has_room:
            return []
        reservation: _Reservation | None = None
        looked = 0
        for job in self._line(view):
            if reservation is None:
                if not _start(draft, job, None, FIRST_IN_LINE):
                    reservation = _reserve(draft, job)
                    if reservation is None and not draft.able(job).any():
                        continue  # no open node could ever take it: it holds up nobody
                continue
            looked += 1
            if looked > BACKFILL_DEPTH or not draft.has_room:
                break
            if _start(draft, job, reservation, BACKFILLED):
                reservation = _less_what_lasts(draft, reservation)
        return draft.steps

    def _line(self, view: View) -> Iterator[JobQueued]:
        queue = view.state.queue
        if self.on_demand_first:
            parts = [queue.urgent_shapes(), queue.patient_shapes()]
        else:
            parts = [queue.shapes()]
        for shapes in parts:
            for job, _ in queue.in_order(shapes, by_age=True):
                yield job


def _less_what_lasts(draft: Draft, kept: _Reservation) -> _Reservation:
    """The reservation after the newest start, which may take of the cores that are to spare."""
    started = draft.steps[-1]
    if not isinstance(started, Placement) or started.row != kept.row:
        return kept
    if draft.view.now_s + started.job.time_limit_s <= kept.from_s:
        return kept
    cores = core_need(started.job, draft.fleet.facts[kept.row])
    return replace(kept, spare_cores=kept.spare_cores - cores)


def _start(draft: Draft, job: JobQueued, kept: _Reservation | None, code: str) -> bool:
    fitting = draft.fitting(job)
    if kept is not None and fitting[kept.row]:
        is_late = draft.view.now_s + job.time_limit_s > kept.from_s
        if is_late and core_need(job, draft.fleet.facts[kept.row]) > kept.spare_cores:
            fitting[kept.row] = False
    if not fitting.any():
        return False
    scores = free_share(draft, job)
    rows = best_first(scores, fitting)
    waited_s = max(draft.view.now_s - job.queued_at_s, 0.0)
    why = Why(code=code, candidates=draft.candidates(rows, scores[rows]), waited_s=waited_s)
    draft.put(job, int(rows[0]), why)
    return True


def _reserve(draft: Draft, job: JobQueued) -> _Reservation | None:
    """The node that will have room soonest if all that runs there runs to its limit."""
    ends: dict[int, list[tuple[float, int]]] = {}
    for held in draft.state.occupations.values():
        ends.setdefault(held.row, []).append((held.since_s + held.job.time_limit_s, held.cores))
    for step in draft.steps:
        if isinstance(step, Placement):
            cores = core_need(step.job, draft.fleet.facts[step.row])
            until_s = draft.view.now_s + step.job.time_limit_s
            ends.setdefault(step.row, []).append((until_s, cores))
    need = draft.fleet.need_cores(job)
    best: _Reservation | None = None
    for row in np.flatnonzero(draft.able(job)).tolist():
        free, from_s = int(draft.free_cores[row]), draft.view.now_s
        for end_s, cores in sorted(ends.get(row, [])):
            if free >= need[row]:
                break
            free, from_s = free + cores, end_s
        if free >= need[row] and (best is None or from_s < best.from_s):
            best = _Reservation(row=row, from_s=from_s, spare_cores=free - int(need[row]))
    return best

"""EASY backfilling, the usual rule of batch systems: no regard to heat, but to time limits.

The first job that does not fit gets a reservation: the node that will have room for it soonest,
or the nodes of one site, reckoned by the time limits of what runs there. Jobs behind it may start
before it where they end, by their own limit, before the reserved moment, or on another node (Lifka
1995; Mu'alem and Feitelson 2001, doi:10.1109/71.932708).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.commands import Why
from domain.events import JobQueued
from domain.sizing import core_need
from scheduler.placement.baselines import free_share
from scheduler.placement.draft import Draft, best_first
from scheduler.placement.gangs import whole_gangs
from scheduler.placement.policy import Placement, Step, View

FIRST_IN_LINE = "first_in_line"
BACKFILLED = "backfilled"
#: Jobs behind the first that are looked at for a hole; batch systems bound it alike.
BACKFILL_DEPTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reservation:
    """What is kept for the first job from a moment on."""

    from_s: float
    spare_cores: Mapping[int, int]  #: That it will leave free then, by row of its nodes.


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
    if not isinstance(started, Placement):
        return kept
    if draft.view.now_s + started.job.time_limit_s <= kept.from_s:
        return kept
    spare = dict(kept.spare_cores)
    for row in started.rows:
        if row in spare:
            spare[row] -= core_need(started.job, draft.fleet.facts[row])
    return replace(kept, spare_cores=spare)


def _start(draft: Draft, job: JobQueued, kept: _Reservation | None, code: str) -> bool:
    fitting = draft.fitting(job)
    if kept is not None and draft.view.now_s + job.time_limit_s > kept.from_s:
        for row, spare in kept.spare_cores.items():
            if core_need(job, draft.fleet.facts[row]) > spare:
                fitting[row] = False
        fitting = whole_gangs(draft.fleet, fitting, job.nodes)
    if not fitting.any():
        return False
    scores = free_share(draft, job)
    rows = best_first(scores, fitting)
    waited_s = max(draft.view.now_s - job.queued_at_s, 0.0)
    why = Why(code=code, candidates=draft.candidates(rows, scores[rows]), waited_s=waited_s)
    draft.put(job, int(rows[0]), why, fitting)
    return True


def _reserve(draft: Draft, job: JobQueued) -> _Reservation | None:
    """The nodes that will have room soonest if all that runs there runs to its limit."""
    ends = _ends(draft)
    need = draft.fleet.need_cores(job)
    now_s = draft.view.now_s
    times: list[tuple[float, int]] = []
    for row in np.flatnonzero(draft.able(job)).tolist():
        free, from_s = _free_from(int(draft.free_cores[row]), int(need[row]), ends.get(row), now_s)
        if free >= need[row]:
            times.append((from_s, row))
    beside: dict[int, list[int]] = {}
    for from_s, row in sorted(times):
        rows = beside.setdefault(int(draft.fleet.nodes.site[row]), [])
        rows.append(row)
        if len(rows) == job.nodes:
            spare = {}
            for one in rows:
                free, least = int(draft.free_cores[one]), int(need[one])
                spare[one] = _free_from(free, least, ends.get(one), now_s, from_s)[0] - least
            return _Reservation(from_s=from_s, spare_cores=spare)
    return None


def _ends(draft: Draft) -> dict[int, list[tuple[float, int]]]:
    """When each node gets how many cores back at the latest, by its row."""
    ends: dict[int, list[tuple[float, int]]] = {}
    for held in draft.state.occupations.values():
        until_s = held.since_s + held.job.time_limit_s
        for share in held.shares:
            ends.setdefault(share.row, []).append((until_s, share.cores))
    for step in draft.steps:
        if isinstance(step, Placement):
            until_s = draft.view.now_s + step.job.time_limit_s
            for row in step.rows:
                cores = core_need(step.job, draft.fleet.facts[row])
                ends.setdefault(row, []).append((until_s, cores))
    return ends


def _free_from(
    free: int,
    need: int,
    ends: list[tuple[float, int]] | None,
    now_s: float,
    until_s: float = -math.inf,
) -> tuple[int, float]:
    """Cores free once there are as many as needed, not before ``until_s``; and from when on."""
    from_s = now_s
    for end_s, cores in sorted(ends or ()):
        if free >= need and end_s >= until_s:
            break
        free, from_s = free + cores, end_s
    return free, from_s

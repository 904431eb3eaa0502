"""Heat-aware placement: jobs run where, and when, their heat will be used.

Jobs that cannot wait start at once where the largest share of their heat will be used. Patient
ones start only where (nearly) all of it will be, under what is forecast and promised, and leave
room in each store for those that cannot wait; near their last moment they ask for less and less.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.heat.answers import ROUNDING, turn_of, why_it_waits
from scheduler.placement.heat.crowd import Crowd, crowd_of
from scheduler.placement.heat.give_way import give_way, make_room
from scheduler.placement.heat.power_caps import shape_power
from scheduler.placement.heat.rule import HeatRule, must_start_by
from scheduler.placement.heat.scores import Scores
from scheduler.placement.plan.draft import Draft, best_first
from scheduler.placement.plan.earliest_room import keep_for
from scheduler.placement.plan.policy import Step, Turn, View, WhyNot
from scheduler.placement.state.due_work import expected_core_h
from scheduler.placement.state.job_shape import Shape

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_HEAT_USED = "most_heat_used"  #: Somebody waits: where the most of its heat is used.
HEAT_WANTED = "heat_wanted"  #: A patient job whose heat is wanted here and now.
LAST_MOMENT = "deadline_reached"
CROWDED = "too_much_due"  #: Before its last moment: not all that is due then would find room.
_TIE = 1e-4
#: Of a crowd so many sites to a job start in one round.
_SITES_TO_A_JOB = 64


@dataclass(slots=True)
class HeatAware:
    """A heat-aware policy under one rule."""

    name: str
    rule: HeatRule
    _scores: Scores | None = field(default=None, init=False)

    def fresh(self) -> "HeatAware":
        """The same rule with no memory."""
        return HeatAware(self.name, self.rule)

    def plan(self, view: View) -> Sequence[Step]:
        """Pressing jobs, those who wait for somebody, those due, those whose heat is wanted."""
        scores = self._scores_for(view)
        arrived = {shape for shape in view.state.arrived if shape.is_patient}
        view.state.arrived.clear()
        draft = Draft(view)
        crowd = self._crowd(view)
        if view.is_refresh and self.rule.stop_lost_wh > 0 and crowd is None:
            draft.steps += give_way(view.state, scores.lost_soon_wh, self.rule, view.now_s)
        if view.is_refresh and self.rule.shapes_power:
            draft.steps += shape_power(view.state, scores.lost_soon_wh)
        queue = view.state.queue
        patient = queue.patient_shapes()
        self._start_due(draft, scores, patient, self.rule.pressing_s)
        self._start_urgent(draft, scores, queue.urgent_shapes())
        self._start_due(draft, scores, patient, self.rule.margin_s)
        if crowd is not None:
            self._start_crowd(draft, scores, patient, crowd)
        if draft.has_room:
            wanted = patient if view.is_refresh else [item for item in patient if item in arrived]
            self._start_wanted(draft, scores, wanted)
        return draft.steps

    def turn(self, view: View, job: JobQueued) -> Turn:
        """What presses, what somebody waits for, what is due, and the rest as heat is wanted."""
        return turn_of(self.rule, view, job)

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:
        """Its heat is not wanted enough at any node that it fits."""
        return why_it_waits(self.rule, view, job)

    def _scores_for(self, view: View) -> Scores:
        scores = self._scores
        if scores is None:
            scores = self._scores = Scores(view.state, self.rule)
            scores.refresh(view.now_s)
        elif view.is_refresh or scores.is_old:
            scores.refresh(view.now_s)
        else:
            scores.sync()
        return scores

    def _start_due(
        self, draft: Draft, scores: Scores, shapes: list[Shape], within_s: float
    ) -> None:
        """Start patient jobs whose last moment is as near as this; one too wide keeps a node."""
        until_s = draft.view.now_s + within_s
        if not draft.has_room or draft.state.queue.earliest_deadline_s() > until_s:
            return
        blocked: set[Shape] = set()
        for job, shape in draft.state.queue.in_order(shapes, blocked):
            if not must_start_by(job, until_s):
                return
            if job.instance_id in draft.placed:
                continue
            is_started = self._start_best(draft, scores, job, shape, LAST_MOMENT)
            if not is_started and draft.stand_back(job, shape, blocked) and draft.has_room:
                keep_for(draft, job)

    def _crowd(self, view: View) -> Crowd | None:
        """What is due too close together, where there is such a thing."""
        if not view.is_refresh or self.rule.crowd_frac <= 0:
            return None
        crowd = crowd_of(view.state, view.now_s, self.rule.crowd_frac)
        return crowd if crowd.surplus_core_h > 0 else None

    def _start_crowd(self, draft: Draft, scores: Scores, shapes: list[Shape], crowd: Crowd) -> None:
        """Start what is due first, in the room that those leave whom somebody waits for.

        In a large fleet round by round: in each, a site is given one job as long as there are
        others, so that the gains of a round are worked out together.
        """
        surplus_core_h, room_cores = crowd.surplus_core_h, crowd.room_cores
        n_round = max(len(draft.charge_frac) // _SITES_TO_A_JOB, 1)
        blocked: set[Shape] = set()
        line = draft.state.queue.in_order(shapes, blocked)
        waiting = (item for item in line if item[0].instance_id not in draft.placed)
        while some := list(islice(waiting, n_round)):
            scores.prepare(list(dict.fromkeys(shape for _, shape in some)))
            for job, shape in some:
                if surplus_core_h <= 0 or room_cores <= 0 or not draft.has_room:
                    return
                if self._start_best(draft, scores, job, shape, CROWDED, is_prepared=True):
                    surplus_core_h -= expected_core_h(job, shape)
                    room_cores -= job.cores * job.nodes
                else:
                    blocked.add(shape)

    def _start_urgent(self, draft: Draft, scores: Scores, shapes: list[Shape]) -> None:
        blocked: set[Shape] = set()
        for job, shape in draft.state.queue.in_order(shapes, blocked):
            is_started = self._start_best(draft, scores, job, shape, MOST_HEAT_USED)
            if not is_started and draft.stand_back(job, shape, blocked):
                if draft.view.is_refresh and self.rule.stop_lost_wh > 0:
                    draft.steps += make_room(draft, job, scores.gain(shape))
                if not draft.has_room:
                    return
                keep_for(draft, job)

    def _start_best(
        self,
        draft: Draft,
        scores: Scores,
        job: JobQueued,
        shape: Shape,
        code: str,
        *,
        is_prepared: bool = False,
    ) -> bool:
        """Start a job where the most of its heat is used; False where it fits nowhere.

        Of a shape that was prepared before others started, where its gain still holds, if it fits
        there.
        """
        fitting = draft.fitting(job)
        if not fitting.any():
            return False
        gain, holds = scores.prepared(shape) if is_prepared else (None, fitting)
        if gain is None or not (fitting & holds).any():
            gain = scores.gain(shape)
        else:
            fitting &= holds
        liking = gain + self.rule.coldness_weight * (1.0 - scores.charge_frac)
        rows = best_first(liking, fitting)
        self._put(draft, scores, job, shape, rows, gain, code)
        return True

    def _start_wanted(self, draft: Draft, scores: Scores, shapes: list[Shape]) -> None:
        """Start patient jobs round by round; in each, every site takes at most one job.

        The sites' gains do not depend on one another, so a round is as good as one job after the
        other, and its cost is that of arrays.
        """
        queue = draft.state.queue
        lines = {shape: queue.of_shape(shape) for shape in shapes}
        heads: dict[Shape, JobQueued] = {}
        for shape, line in lines.items():
            head = self._next_waiting(draft, line)
            if head is not None:
                heads[shape] = head
        while heads and draft.has_room:
            last_s = {
                shape: self.rule.last_start_s(job) - queue.ahead_s(job, shape)
                for shape, job in heads.items()
            }
            order = sorted(heads, key=lambda shape: last_s[shape])
            now_s = draft.view.now_s
            bars = np.array(
                [
                    self.rule.gain_asked(heads[shape], now_s, scores.heat_wh(shape, 0))
                    for shape in order
                ]
            )
            fits = draft.fitting_each([heads[shape] for shape in order])
            gain = scores.where_wanted(order, bars - ROUNDING, fits)
            wanted = gain >= 0.0
            heads = {order[index]: heads[order[index]] for index in np.flatnonzero(wanted.any(1))}
            first = _one_a_site(wanted, draft.fleet.nodes.site)
            for index, shape in enumerate(order):
                rows = np.flatnonzero(first == index)
                if len(rows):
                    liking = gain[index, rows] - _TIE * scores.charge_frac[rows]
                    rows = rows[np.argsort(-liking, kind="stable")]
                    self._serve(draft, scores, shape, rows, gain[index], heads, lines[shape])

    def _serve(  # noqa: PLR0917 - one step of the round above
        self,
        draft: Draft,
        scores: Scores,
        shape: Shape,
        rows: NDArray[np.int64],
        gain: Floats,
        heads: dict[Shape, JobQueued],
        line: Iterator[JobQueued],
    ) -> None:
        """Give these sites one job each of a shape, as long as there are any that ask no more.

        The nodes are those of the first. One behind it may be let run longer, and would delay a job
        for which a node is kept, or run into a reservation, where the first would not.
        """
        longest_s = math.inf if draft.is_alike_for_any_limit else heads[shape].time_limit_s
        for row in rows.tolist():
            job = heads[shape]
            bar = self.rule.gain_asked(job, draft.view.now_s, scores.heat_wh(shape, row))
            if gain[row] < bar - ROUNDING:
                return
            if not draft.has_quota(job, row):  # Another of this round took what was left.
                continue
            if job.time_limit_s > longest_s and not draft.fitting(job)[row]:
                continue
            self._put(draft, scores, job, shape, np.array([row]), gain, HEAT_WANTED)
            following = self._next_waiting(draft, line)
            if following is None:
                del heads[shape]
                return
            heads[shape] = following

    def _next_waiting(self, draft: Draft, line: Iterator[JobQueued]) -> JobQueued | None:
        for job in line:
            if job.instance_id not in draft.placed:
                return job
        return None

    def _put(  # noqa: PLR0917 - the last step of both ways to start a job
        self,
        draft: Draft,
        scores: Scores,
        job: JobQueued,
        shape: Shape,
        rows: NDArray[np.int64],
        gain: Floats,
        code: str,
    ) -> None:
        row = int(rows[0])
        now_s = draft.view.now_s
        last_s = self.rule.last_start_s(job)
        why = Why(
            code=code,
            candidates=draft.candidates(rows, gain[rows]),
            heat_wh=round(scores.heat_wh(shape, row), 1),
            waited_s=max(now_s - job.queued_at_s, 0.0),
            start_within_s=None if math.isinf(last_s) else max(last_s - now_s, 0.0),
            kept_for=draft.kept.instance_of(row),
        )
        draft.put(job, row, why)
        scores.count(shape, row)


def _one_a_site(wanted: Flags, site_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first shape that asks for each node, of which one a site is served; -1 elsewhere.

    ``wanted`` has shape (n_shapes, n_nodes).
    """
    is_asked = wanted.any(0)
    asked = np.flatnonzero(is_asked)
    one = asked[np.unique(site_of[asked], return_index=True)[1]]
    first = np.full(wanted.shape[1], -1, dtype=np.int64)
    first[one] = wanted[:, one].argmax(0)
    return first

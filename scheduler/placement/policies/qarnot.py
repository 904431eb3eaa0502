"""The published rule of Qarnot's platform for digital heaters, carried over to water.

From the GRECO simulator (Da Silva et al. 2020, doi:10.1109/SBAC-PAD49847.2020.00020, and the
public code of its scheduler), in our own words; thresholds are those of the code, in kelvin. A
heater's want of heat is its target less the air; of a store of water it is ``4 (0.5 - charge)``,
our adaptation. ``OnDemand`` and ``Reserved`` are its high priority, ``Flex`` its low one; nothing
is its background, and no useless computing heats an idle site.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.plan.draft import MOST_CANDIDATES, Draft
from scheduler.placement.plan.policy import Keeps, PowerCap, Step, Stop, Turn, View, WhyNot
from scheduler.placement.plan.turns import OLDEST_FIRST, by_age, by_last_moment, is_patient
from scheduler.placement.state.job_shape import Shape

Floats = NDArray[np.float64]

WARMER_WANTED = "warmer_wanted"
TOO_WARM = "too_warm"
WATER_TOO_WARM = "water_too_warm"
PACED = "paced_by_want"
#: Want of heat per unit of charge below one half [K].
_WANT_K = 4.0
#: A step of the frequency regulator, as a share of full power, and the lowest it goes.
_STEP_FRAC, _LOWEST_FRAC = 0.1, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Wants of heat [K] at which the rule changes its mind."""

    any_work_k: float = 1.0  #: From here on a site takes work of any priority first.
    low_work_k: float = -1.0  #: Down to here it takes low priority.
    high_work_k: float = -4.0  #: Down to here it takes high priority.
    stop_low_k: float = -3.0  #: Below it low priority is stopped.


@dataclass(slots=True)
class Qarnot:
    """Want of heat in classes, then the fewest free places; clocks paced by want."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    name: str = "qarnot"
    _pace: dict[int, float] = field(default_factory=dict, init=False)

    def fresh(self) -> "Qarnot":
        """Begin with every clock at full speed."""
        return Qarnot(self.thresholds, self.name)

    def plan(self, view: View) -> Sequence[Step]:
        """Stop what is too warm, start what waits, pace what runs."""
        draft = Draft(view)
        want_k = _want_k(draft)
        steps: list[Step] = []
        if view.is_refresh:
            steps += self._too_warm(view, want_k)
            steps += self._paced(draft, want_k)
        queue = view.state.queue
        # By priority; within one by age, which is as fair where each task is one instance.
        self._dispatch(draft, queue.urgent_shapes(), want_k, is_low=False)
        self._dispatch(draft, queue.patient_shapes(), want_k, is_low=True)
        return steps + draft.steps

    def turn(self, view: View, job: JobQueued) -> Turn:
        """What cannot wait by age, then what can by its last moment; no node is kept."""
        if is_patient(job):
            return Turn(
                place=by_last_moment(job, stage=1),
                words="those that cannot wait go first, then those that must start first",
                is_due=False,
                keeps=Keeps.NOBODY,
                is_by_age=False,
            )
        return Turn(place=by_age(view, job), words=OLDEST_FIRST, is_due=True, keeps=Keeps.NOBODY)

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:
        """Where it fits the water is too warm for its priority; told as shares of the charge."""
        draft = Draft(view)
        least_k = self._least_k(is_low=is_patient(job))
        want_k = np.where(draft.fitting(job), _want_k(draft), -np.inf)
        row = int(np.argmax(want_k))
        if want_k[row] >= least_k:
            return None
        charge_frac = float(draft.charge_frac[draft.fleet.nodes.site[row]])
        most_frac = 0.5 - least_k / _WANT_K
        return WhyNot(code=WATER_TOO_WARM, row=row, has=charge_frac, asks=most_frac)

    def _least_k(self, *, is_low: bool) -> float:
        return self.thresholds.low_work_k if is_low else self.thresholds.high_work_k

    def _too_warm(self, view: View, want_k: Floats) -> list[Step]:
        return [
            Stop(instance_id, Why(code=TOO_WARM))
            for instance_id, held in view.state.occupations.items()
            if held.job.is_preemptible
            and is_patient(held.job)
            and want_k[held.row] < self.thresholds.stop_low_k
        ]

    def _paced(self, draft: Draft, want_k: Floats) -> list[Step]:
        """One step faster where heat is wanted, one slower where it is not."""
        busy = np.flatnonzero(draft.fleet.nodes.free_cores < draft.fleet.nodes.cores)
        steps: list[Step] = []
        for row in busy.tolist():
            pace = self._pace.get(row, 1.0)
            if want_k[row] >= self.thresholds.any_work_k:
                pace = min(1.0, pace + _STEP_FRAC)
            elif want_k[row] <= self.thresholds.low_work_k:
                pace = max(_LOWEST_FRAC, pace - _STEP_FRAC)
            self._pace[row] = pace
            if pace < 1.0:
                steps.append(PowerCap(row, pace, Why(code=PACED)))
        return steps

    def _dispatch(self, draft: Draft, shapes: list[Shape], want_k: Floats, *, is_low: bool) -> None:
        blocked: set[Shape] = set()
        for job, shape in draft.state.queue.in_order(shapes, blocked):
            if not self._start(draft, job, want_k, is_low=is_low):
                draft.stand_back(job, shape, blocked)

    def _start(self, draft: Draft, job: JobQueued, want_k: Floats, *, is_low: bool) -> bool:
        limits = self.thresholds
        fitting = draft.fitting(job) & (want_k >= self._least_k(is_low=is_low))
        if not fitting.any():
            return False
        # The most wanting class first, and in it the fewest free places: big blocks stay whole.
        wants_any = want_k >= limits.any_work_k
        wants_low = want_k >= limits.low_work_k
        rank = 2.0 * wants_any + 1.0 * wants_low
        rows = np.flatnonzero(fitting)
        order = np.lexsort((rows, draft.free_cores[rows], -rank[rows]))[:MOST_CANDIDATES]
        rows = rows[order]
        waited_s = max(draft.view.now_s - job.queued_at_s, 0.0)
        candidates = draft.candidates(rows, want_k[rows])
        why = Why(code=WARMER_WANTED, candidates=candidates, waited_s=waited_s)
        draft.put(job, int(rows[0]), why)
        return True


def _want_k(draft: Draft) -> Floats:
    """Want of heat of each node's site [K], shape (n_nodes,)."""
    return np.asarray(_WANT_K * (0.5 - draft.charge_frac[draft.fleet.nodes.site]))

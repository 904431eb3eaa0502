"""EASY backfilling, the usual rule of batch systems: no regard to heat, but to time limits.

A node is kept for the first job that does not fit (`scheduler.placement.plan.backfill`), and for no
other. Jobs behind it fill what holes they can without delaying it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.plan.draft import Draft, best_first
from scheduler.placement.plan.earliest_room import keep_for
from scheduler.placement.plan.policy import Keeps, Step, Turn, View, WhyNot
from scheduler.placement.plan.turns import OLDEST_FIRST, by_age, is_patient
from scheduler.placement.policies.baselines import free_share

FIRST_IN_LINE = "first_in_line"
BACKFILLED = "backfilled"
TOO_FAR_BACK = "too_far_back"
#: Jobs behind the first that are looked at for a hole; batch systems bound it alike.
BACKFILL_DEPTH = 500


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
        is_first_waiting, looked = False, 0
        for job in self._line(view):
            if not is_first_waiting:
                if not _start(draft, job, FIRST_IN_LINE):
                    keep_for(draft, job)
                    # One that no open node could ever take holds up nobody.
                    is_first_waiting = bool(draft.able(job).any())
                continue
            looked += 1
            if looked > BACKFILL_DEPTH or not draft.has_room:
                break
            _start(draft, job, BACKFILLED)
        return draft.steps

    def turn(self, view: View, job: JobQueued) -> Turn:
        """By age, which type first if asked."""
        is_second = self.on_demand_first and is_patient(job)
        return Turn(
            place=by_age(view, job, stage=int(is_second)),
            words=f"those that cannot wait go first, then {OLDEST_FIRST}"
            if is_second
            else OLDEST_FIRST,
            is_due=True,
            keeps=Keeps.THE_FIRST,
        )

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:
        """Holes are looked for so far behind the first that fits nowhere, and no farther."""
        place, draft = self.turn(view, job).place, Draft(view)
        first, looked = None, 0
        for other in self._line(view):
            if self.turn(view, other).place >= place:
                return None
            if first is None:
                if not draft.fitting(other).any() and draft.able(other).any():
                    first = other
                continue
            looked += 1
            if looked >= BACKFILL_DEPTH:
                return WhyNot(code=TOO_FAR_BACK, asks=BACKFILL_DEPTH)
        return None

    def _line(self, view: View) -> Iterator[JobQueued]:
        queue = view.state.queue
        if self.on_demand_first:
            parts = [queue.urgent_shapes(), queue.patient_shapes()]
        else:
            parts = [queue.shapes()]
        for shapes in parts:
            for job, _ in queue.in_order(shapes, by_age=True):
                yield job


def _start(draft: Draft, job: JobQueued, code: str) -> bool:
    fitting = draft.fitting(job)
    if not fitting.any():
        return False
    scores = free_share(draft, job)
    rows = best_first(scores, fitting)
    why = Why(
        code=code,
        candidates=draft.candidates(rows, scores[rows]),
        waited_s=max(draft.view.now_s - job.queued_at_s, 0.0),
        kept_for=draft.kept.instance_of(int(rows[0])),
    )
    draft.put(job, int(rows[0]), why)
    return True

"""The frame of the simple policies: jobs one by one by age, each to the node a rule likes best.

A job too wide for any node now keeps one, so that narrower ones cannot starve it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.plan.draft import Draft, best_first
from scheduler.placement.plan.earliest_room import keep_for
from scheduler.placement.plan.policy import Keeps, Step, Turn, View, WhyNot
from scheduler.placement.plan.turns import oldest_first
from scheduler.placement.state.job_shape import Shape

Floats = NDArray[np.float64]
#: How well a rule likes each node for a job, shape (n_nodes,); looks at the draft as it stands.
Liking = Callable[[Draft, JobQueued], Floats]

DEADLINE_REACHED = "deadline_reached"
ONLY_NODE = "only_node_with_room"


class PlainRule:
    """What all simple rules answer: the oldest first, and whatever fits starts."""

    __slots__ = ()

    def turn(self, view: View, job: JobQueued) -> Turn:
        """By age; the first of each kind that is too wide keeps a node."""
        return oldest_first(view, job, Keeps.EACH_KIND)

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:  # noqa: ARG002 - the seam's
        """Nothing."""
        return None


def plan_by_age(view: View, liking: Liking, code: str) -> Sequence[Step]:
    """What a simple rule would start now, oldest first, with no regard to the type of a job."""
    draft = Draft(view)
    if draft.has_room:
        fill(draft, view.state.queue.shapes(), liking, code)
    return draft.steps


def fill(draft: Draft, shapes: Sequence[Shape], liking: Liking, code: str) -> None:
    """Start jobs of these shapes, oldest first, until nothing more fits."""
    blocked: set[Shape] = set()
    for job, shape in draft.state.queue.in_order(shapes, blocked, by_age=True):
        if not place(draft, job, liking, code) and draft.stand_back(job, shape, blocked):
            if not draft.has_room:
                return
            keep_for(draft, job)


def place(draft: Draft, job: JobQueued, liking: Liking, code: str) -> bool:
    """Start a job on the node that is liked best among those it fits; False where none."""
    fitting = draft.fitting(job)
    if not fitting.any():
        return False
    scores = liking(draft, job)
    rows = best_first(scores, fitting)
    if len(rows) == 1 and code != DEADLINE_REACHED:
        code = ONLY_NODE
    why = Why(
        code=code,
        candidates=draft.candidates(rows, scores[rows]),
        waited_s=max(draft.view.now_s - job.queued_at_s, 0.0),
        kept_for=draft.kept.instance_of(int(rows[0])),
    )
    draft.put(job, int(rows[0]), why)
    return True

"""A policy that starts nothing: for an engine that only learns, or is only looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.events import JobQueued
from scheduler.placement.plan.policy import Keeps, Step, Turn, View, WhyNot
from scheduler.placement.plan.turns import oldest_first

ONLY_LOOKING = "only_looking"


@dataclass(frozen=True, slots=True)
class OnlyLooking:
    """Decides nothing."""

    name: str = "only-looking"

    def fresh(self) -> "OnlyLooking":
        """It has no memory."""
        return self

    def plan(self, view: View) -> Sequence[Step]:  # noqa: ARG002 - the port's signature
        """Nothing."""
        return ()

    def turn(self, view: View, job: JobQueued) -> Turn:
        """It takes nobody, the oldest first."""
        return oldest_first(view, job, Keeps.NOBODY)

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:  # noqa: ARG002 - the seam's
        """Because it starts nothing."""
        return WhyNot(code=ONLY_LOOKING)

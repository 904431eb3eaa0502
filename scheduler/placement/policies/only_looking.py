"""A policy that starts nothing: for an engine that only learns, or is only looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.placement.plan.policy import Step, View


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

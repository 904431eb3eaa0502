"""An engine that answers what a test wrote down, and remembers what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.commands import Command
from domain.events import Event


@dataclass(slots=True)
class ScriptedEngine:
    """Stands where the engine stands; one per test, whatever run of it."""

    answers: list[list[Command]] = field(default_factory=list)  #: One for each batch, in order.
    wants: bool = False  #: Whether it wants to look again.
    knowledge: dict[str, Any] = field(default_factory=dict)
    told: list[list[Event]] = field(default_factory=list)

    def handle(self, events: Sequence[Event], now_s: float) -> list[Command]:
        """Remember the facts; the next answer, then nothing."""
        del now_s
        self.told.append(list(events))
        return self.answers.pop(0) if self.answers else []

    def wants_time(self, now_s: float) -> bool:
        """As the test says."""
        del now_s
        return self.wants

    def learned(self) -> dict[str, Any]:
        """As the test says."""
        return self.knowledge

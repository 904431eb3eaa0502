"""What the scheduler's loop needs from outside."""

from collections.abc import Sequence
from typing import Any, Protocol

from domain.commands import Command
from domain.events import Event

#: Under which name it leads, and keeps what it learned.
ROLE = "scheduler"


class Deciding(Protocol):
    """An engine as the loop knows it: facts in, orders out, and what it has learned."""

    def handle(self, events: Sequence[Event], now_s: float) -> list[Command]:
        """Take in what happened, in order, and answer with what should be done about it."""
        ...

    def wants_time(self, now_s: float) -> bool:
        """Whether something waits that only time can change, and is due to be looked at."""
        ...

    def learned(self) -> dict[str, Any]:
        """What it learned of demand and durations, as plain JSON values."""
        ...


class HintChannel(Protocol):
    """Tells nodes that something waits for them. It may lose or repeat what it carries."""

    def send(self, node_id: int, attempts: Sequence[tuple[int, int]]) -> None:
        """Hint that these (instance, attempt) pairs are offered to the node.

        Raises ``OSError`` where the channel is out of reach; the caller tries again later.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...

"""What the scheduler's loop needs from outside."""

from collections.abc import Sequence
from typing import Protocol


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

"""No wake-ups: every program that waits for one must also find its work without."""

from collections.abc import Sequence

from store.wakeups import Listener


class SilentWakeups:
    """Says nothing to anybody."""

    def wake_scheduler(self, *, urgent: bool) -> None:
        """Do nothing."""

    def wake_api(self, nodes: Sequence[int], jobs: Sequence[int]) -> None:
        """Do nothing."""

    def listen(self, name: str) -> Listener:
        """Refuse: silence cannot be heard."""
        message = f"no wake-ups are configured for {name}"
        raise OSError(message)

    def close(self) -> None:
        """Do nothing."""

"""When a program that ended is started again: at once, then less and less often."""

from dataclasses import dataclass

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
#: A program that lived this long was healthy: its next end is a first one again [s].
HEALTHY_AFTER_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How often a program ended lately."""

    in_a_row: int = 0

    def after(self, lived_s: float) -> "Ends":
        """It ended once more, having lived this long."""
        return Ends(in_a_row=1 if lived_s >= HEALTHY_AFTER_S else self.in_a_row + 1)

    @property
    def pause_s(self) -> float:
        """How long to wait before the next start: none at first, then doubling to a limit."""
        if self.in_a_row <= 1:
            return 0.0
        # Never a power that grows without bound: the limit is reached long before.
        doubled = FIRST_PAUSE_S * 2.0 ** min(self.in_a_row - 2, 16)
        return min(LONGEST_PAUSE_S, doubled)

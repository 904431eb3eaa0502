"""From one index to the next: what can have passed a meter, and what cannot."""

from dataclasses import dataclass

from domain.registers.register import Doubt, MeterFacts, RegisterRow
from domain.units import HOUR_S

#: Two clocks of a node (that of the stamp, that of the instrument) may differ by this much [s].
CLOCK_SLACK_S = 5.0
#: A meter sends what it counted up to a minute late (EN 13757 meters answer from a buffer) [s].
BUFFER_S = 60.0
#: Indexes this close to a power of ten of what was possible are a mistake of the unit.
_UNITS = (1000, 1_000_000)
_UNIT_TOLERANCE_FRAC = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Energy between two rows."""

    energy_wh: int
    rolled_over: bool = False


def step_between(before: RegisterRow, after: RegisterRow, meter: MeterFacts) -> Step | Doubt:
    """What passed between two rows of one epoch, or why that cannot be.

    A register that went back is believed only where a rollover explains it within the power that
    the meter can pass. No share of anything is tolerated.
    """
    if after.taken_at_s < before.taken_at_s - CLOCK_SLACK_S:
        return Doubt.CLOCK_BACK
    moved_wh = after.index_wh - before.index_wh
    if 0 <= moved_wh <= meter.digit_wh:
        return Step(energy_wh=moved_wh)
    possible_wh = most_wh(before, after, meter)
    if moved_wh >= 0:
        if possible_wh is None or moved_wh <= possible_wh:
            return Step(energy_wh=moved_wh)
        return Doubt.UNIT if _is_other_unit(before.index_wh, after.index_wh) else Doubt.TOO_FAST
    if meter.rolls_over_at_wh is not None and possible_wh is not None:
        rolled_wh = moved_wh % meter.rolls_over_at_wh
        if after.index_wh < meter.rolls_over_at_wh and rolled_wh <= possible_wh:
            return Step(energy_wh=rolled_wh, rolled_over=True)
    return Doubt.UNIT if _is_other_unit(after.index_wh, before.index_wh) else Doubt.WENT_BACK


def most_wh(before: RegisterRow, after: RegisterRow, meter: MeterFacts) -> int | None:
    """The most that can have passed: full power all the time, and one step of the display."""
    if meter.max_power_w is None:
        return None
    elapsed_s = max(after.taken_at_s - before.taken_at_s, 0.0) + BUFFER_S
    return int(meter.max_power_w * elapsed_s * meter.time_factor / HOUR_S) + meter.digit_wh


def _is_other_unit(lower_wh: int, higher_wh: int) -> bool:
    """Whether one index is the other in a unit a thousand or a million times as large."""
    return lower_wh > 0 and any(
        abs(higher_wh / (lower_wh * factor) - 1.0) <= _UNIT_TOLERANCE_FRAC for factor in _UNITS
    )

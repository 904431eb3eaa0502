"""From meter indexes to energy: differences of registers, and never a sum of powers.

A meter's register is the value that counts; what is kept here are copies of it. Rows form a set:
neither the order in which they arrive nor how often they arrive changes any kWh. Energy over a
period is the index nearest its end less the index nearest its beginning, so that both can be read
on the meter, and the periods of a year add up to the year.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NewType

from domain.refusal import Refused

#: A row further than this from the edge of a period makes the period's energy an estimate [s]
#: (billing readings are taken every few minutes; reliability rules 6 and 8 of the project).
EDGE_TOLERANCE_S = 300.0
_S_PER_H = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is known of a meter besides its indexes."""

    serial: str
    is_simulated: bool = False
    max_power_w: float | None = None  #: The most that can pass through it; None = not checked.
    rolls_over_at_wh: int | None = None  #: Register size; None = it never returns to zero.
    time_factor: float = 1.0  #: Seconds of a simulated plant for one second of the clock.


#: A meter whose indexes may stand on a statement; only ``billable`` makes one.
BillableMeter = NewType("BillableMeter", Meter)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RegisterRow:
    """One index of one meter, as its node wrote it down.

    ``epoch`` counts the declared lives of the register (installation, swap, reset); indexes of
    different epochs are never subtracted. Rows are in order of ``(epoch, seq)``, whatever the
    clock said.
    """

    epoch: int
    seq: int
    taken_at_s: float
    index_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBetween:
    """Energy of a period, with the two indexes that prove it."""

    energy_wh: int
    first: RegisterRow
    last: RegisterRow
    #: Distance in time from the edges of the period to the rows that stand for them [s].
    edge_gap_s: float

    @property
    def is_estimated(self) -> bool:
        """The total is the meter's; how much of it fell inside the edges is an estimate."""
        return self.edge_gap_s > EDGE_TOLERANCE_S


def billable(meter: Meter) -> BillableMeter | Refused:
    """The meter as one that may stand on a statement; a simulated one never may."""
    if meter.is_simulated:
        return Refused(
            code="meter.simulated",
            sentence=(
                f"Meter {meter.serial} is simulated, so its kWh cannot enter a statement; "
                "show them as simulated, or read a real meter."
            ),
        )
    return BillableMeter(meter)


def delta_wh(before: RegisterRow, after: RegisterRow, meter: Meter) -> int | Refused:
    """Energy between two rows of one epoch, the earlier one first [Wh].

    A register that went back is believed only where a rollover explains it within the power the
    meter can pass; otherwise the pair is refused, for a person to look at.
    """
    if before.epoch != after.epoch:
        return Refused(
            code="register.epochs_differ",
            sentence=(
                f"Indexes of epochs {before.epoch} and {after.epoch} of meter {meter.serial} "
                "cannot be subtracted; take the closing and the opening index of each."
            ),
        )
    moved_wh = after.index_wh - before.index_wh
    possible_wh = _possible_wh(before, after, meter)
    if moved_wh >= 0:
        if possible_wh is None or moved_wh <= possible_wh:
            return moved_wh
        return Refused(
            code="register.too_fast",
            sentence=(
                f"Meter {meter.serial} counted {moved_wh} Wh where at most {possible_wh} Wh "
                f"can have passed (rows {before.seq} and {after.seq}); check its unit and scale."
            ),
        )
    if meter.rolls_over_at_wh is not None and possible_wh is not None:
        rolled_wh = moved_wh % meter.rolls_over_at_wh
        if rolled_wh <= possible_wh:
            return rolled_wh
    return Refused(
        code="register.went_back",
        sentence=(
            f"Meter {meter.serial} went back from {before.index_wh} to {after.index_wh} Wh "
            f"(rows {before.seq} and {after.seq}); declare an epoch if it was swapped or reset."
        ),
    )


def ledger(rows: Iterable[RegisterRow], meter: Meter) -> tuple[RegisterRow, ...] | Refused:
    """The set of rows in order, each once; refused where one row was told in two ways."""
    told: dict[tuple[int, int], RegisterRow] = {}
    for row in rows:
        if told.setdefault((row.epoch, row.seq), row) != row:
            return Refused(
                code="register.conflict",
                sentence=(
                    f"Row {row.seq} of epoch {row.epoch} of meter {meter.serial} was told with "
                    "two values; compare both with the meter's display."
                ),
            )
    return tuple(sorted(told.values()))


def heat_between(
    rows: Iterable[RegisterRow], from_s: float, to_s: float, meter: Meter
) -> EnergyBetween | Refused:
    """Energy that passed the meter from one instant to another, by the rows nearest to them.

    A gap in the rows costs nothing: the register went on counting. Between two epochs nothing is
    counted. Any subset of the ledger gives the same answer if it holds the rows on both sides of
    both edges, the first and last row of each epoch between them and, where the register rolls
    over, a row in each of its turns.
    """
    if from_s > to_s:
        return Refused(code="period.reversed", sentence="The period ends before it begins.")
    ordered = ledger(rows, meter)
    if isinstance(ordered, Refused):
        return ordered
    if not ordered:
        return Refused(
            code="register.empty", sentence=f"Meter {meter.serial} has no index yet; wait for one."
        )
    # A clock set back does not reorder a register: time stands still until it catches up.
    times_s = list(accumulate((row.taken_at_s for row in ordered), max))
    first = _nearest(times_s, from_s)
    last = _nearest(times_s, to_s)
    total_wh = 0
    for before, after in pairwise(ordered[first : last + 1]):
        if before.epoch == after.epoch:
            moved_wh = delta_wh(before, after, meter)
            if isinstance(moved_wh, Refused):
                return moved_wh
            total_wh += moved_wh
    return EnergyBetween(
        energy_wh=total_wh,
        first=ordered[first],
        last=ordered[last],
        edge_gap_s=max(abs(times_s[first] - from_s), abs(times_s[last] - to_s)),
    )


def _nearest(times_s: Sequence[float], at_s: float) -> int:
    """Position of the time nearest to an instant, the earliest of equals."""
    after = bisect_left(times_s, at_s)
    if after == 0:
        return 0
    before = bisect_left(times_s, times_s[after - 1])
    if after == len(times_s) or at_s - times_s[before] <= times_s[after] - at_s:
        return before
    return after


def _possible_wh(before: RegisterRow, after: RegisterRow, meter: Meter) -> int | None:
    """The most that can have passed between two rows: full power, and one step of the display."""
    if meter.max_power_w is None:
        return None
    elapsed_s = max(after.taken_at_s - before.taken_at_s, 0.0) * meter.time_factor
    return int(meter.max_power_w * elapsed_s / _S_PER_H) + 1

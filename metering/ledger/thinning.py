"""Leaving out rows on which nothing depends, so that a month of them is judged in little time.

Of rows that follow one another without any doubt, and between which nothing is to be noted, only
the first and the last are needed: register and time between them are the same. What is near a row
that may be doubted, near the edge of a month, a gap, or a register that stands still, is kept, and
so is all that follows a doubtful step until the register is where it would have been without it.
What is judged of the rows that are kept is what would be judged of all (a property test holds it).
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf

from domain.registers.register import Decision, Epoch, MeterFacts, RegisterRow
from metering.ledger.course import GAP_S
from metering.ledger.judging import Placed

#: Node, number, index, when it was taken and received, and whether it is of a simulated meter.
ToldRow = tuple[int, int, int, float, float, bool]


#: So many rows on each side of what may be doubted are kept: judging looks no further.
_AROUND = 3
_S_PER_H = 3600.0
#: Stands for the limit of a meter that has none [W].
_NO_LIMIT_W = 1e15


def thinned(
    meter: MeterFacts,
    epoch: Epoch,
    rows: Iterable[ToldRow],
    edges_s: Sequence[float],
    *,
    start: RegisterRow | None = None,
    decisions: Sequence[Decision] = (),
) -> Iterator[Placed]:
    """The rows of an epoch, in their order, without those that no judgement needs.

    What lies near ``edges_s`` is kept: edges of months, and instants of rows from files.
    """
    kept = _Kept()
    is_plain_to = _plain(meter, epoch, decisions)
    before = base = None if start is None else _told(start)
    agreeing = _AROUND  # Rows that agree with the base, or that need not.
    edge_s = _next_edge(edges_s, -inf)
    most = _most(meter)
    for place, row in enumerate(rows):
        is_plain = before is not None and is_plain_to(before, row)
        crosses = row[3] >= edge_s
        is_flat = before is not None and row[2] == before[2]
        if not is_plain:
            if agreeing >= _AROUND:
                base = before
            agreeing = 0
        elif agreeing < _AROUND:
            is_back = base is None or 0 <= row[2] - base[2] <= most * (row[3] - base[3])
            agreeing = agreeing + 1 if is_back else 0
        if crosses or not is_plain:
            edge_s = _next_edge(edges_s, row[3])
        is_needed = crosses or agreeing < _AROUND
        if is_needed or is_flat or not kept.is_quiet:
            yield from kept.told((place, row), is_needed=is_needed, is_flat=is_flat)
        else:
            kept.near.append((place, row))
        before = row
    yield from kept.gives_near()


def _plain(
    meter: MeterFacts, epoch: Epoch, decisions: Sequence[Decision]
) -> Callable[[ToldRow, ToldRow], bool]:
    """Whether one row follows another so that nothing at all speaks against it.

    Stricter than judging is: full power without slack, so that what holds for each of many steps
    holds for all of them together.
    """
    node_id, is_simulated, most = epoch.node_id, meter.is_simulated, _most(meter)
    decided = [(item.node_id, item.first_seq, item.last_seq) for item in decisions]

    def is_plain(before: ToldRow, row: ToldRow) -> bool:
        node, seq, index_wh, taken_at_s, received_at_s, row_is_simulated = row
        passed_s = taken_at_s - before[3]
        return (
            0 <= index_wh - before[2] <= most * passed_s
            and passed_s <= GAP_S
            and node == node_id == before[0]
            and seq > before[1]
            and row_is_simulated is is_simulated
            and taken_at_s <= received_at_s
            and not (
                decided
                and any(node == about and first <= seq <= last for about, first, last in decided)
            )
        )

    return is_plain


def _most(meter: MeterFacts) -> float:
    """Energy that can pass in a second, as a number that can be multiplied by nought [Wh]."""
    power_w = inf if meter.max_power_w is None else meter.max_power_w * meter.time_factor
    return min(power_w, _NO_LIMIT_W) / _S_PER_H


def _next_edge(edges_s: Sequence[float], from_s: float) -> float:
    place = bisect_left(edges_s, from_s)
    return edges_s[place] if place < len(edges_s) else inf


def _told(row: RegisterRow) -> ToldRow:
    return (
        row.node_id,
        row.seq,
        row.index_wh,
        row.taken_at_s,
        row.received_at_s,
        row.is_simulated,
    )


class _Kept:
    """Gives rows away in their order: those that are needed, and those near to them."""

    def __init__(self) -> None:
        self.near: deque[tuple[int, ToldRow]] = deque(maxlen=_AROUND)  #: The newest, not given.
        self.is_quiet = False  #: Nothing is to be noted of a row that moved on and is not needed.
        self._is_flat = False
        self._still: tuple[int, ToldRow] | None = None  #: The last row before it stood still,
        self._still_s = 0.0  #: which was taken then.
        self._newest_s = 0.0
        self._given = -1  #: Place of the last row that was given away.
        self._more = _AROUND  #: So many are given away in any case.

    def told(
        self, placed: tuple[int, ToldRow], *, is_needed: bool, is_flat: bool
    ) -> Iterator[Placed]:
        """The next row, and whether the register moved before it."""
        if self.near:
            self._newest_s = self.near[-1][1][3]
        if is_flat and not self._is_flat:
            self._still = self.near[-1] if self.near else None
            self._still_s = self._newest_s
        if self._is_flat and not is_flat and self._newest_s - self._still_s > GAP_S:
            is_needed = True
        if is_needed:
            yield from self.gives_near()
            self._more = _AROUND
        if is_needed or self._more:
            self._more -= 0 if is_needed else 1
            yield self._give(placed)
        else:
            self.near.append(placed)
        if not is_flat:
            self._still = None
        self._is_flat, self._newest_s = is_flat, placed[1][3]
        self.is_quiet = not is_flat and not self._more

    def gives_near(self) -> Iterator[Placed]:
        """What was held back last; where the register stands still, since when it does."""
        still = self._still
        is_far = still is not None and all(place != still[0] for place, _ in self.near)
        if still is not None and is_far and still[0] > self._given:
            yield self._give(still)
        while self.near:
            yield self._give(self.near.popleft())

    def _give(self, placed: tuple[int, ToldRow]) -> Placed:
        place, row = placed
        is_after_others = place > self._given + 1
        self._given = place
        found = RegisterRow(
            node_id=row[0],
            seq=row[1],
            index_wh=row[2],
            taken_at_s=row[3],
            received_at_s=row[4],
            is_simulated=row[5],
        )
        return place, found, is_after_others

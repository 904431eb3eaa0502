"""The course of a register through months: what of its rows the months' edges need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from domain.registers.register import Epoch, Mark, MeterFacts, RegisterRow
from domain.units import HOUR_S

#: A row further than this from the edge of a month does not stand for it [s].
EDGE_TOLERANCE_S = 300.0
#: A time without rows beyond this is a gap that the register bridges [s].
GAP_S = 3600.0
#: A register that stands still this long, while its servers draw power, is stuck [s].
STUCK_S = 6 * HOUR_S
#: Numbers of rows that no node tells: indexes that a person read off the display.
OPENING_SEQ, CLOSING_SEQ = -1, 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The index that stands for an instant, and what the register had counted by then."""

    index_wh: int
    at_s: float
    counted_wh: int  #: Since the walk began; differences of it know of rollovers.
    is_read_by_person: bool = False
    is_estimated: bool = False  #: Interpolated between the rows on both sides.
    is_silent: bool = False  #: Nothing was heard afterwards; the last row stands for it.
    is_from_file: bool = False  #: A row from a file stands for it, or on one side of it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A time during which the register did not move."""

    first: RegisterRow
    last: RegisterRow


def opening_row(epoch: Epoch, meter: MeterFacts) -> RegisterRow | None:
    """The index that was read off the display when the epoch began."""
    if epoch.opening_index_wh is None:
        return None
    return _read_off(epoch, meter, OPENING_SEQ, epoch.begin_s, epoch.opening_index_wh)


def closing_row(epoch: Epoch, meter: MeterFacts) -> RegisterRow | None:
    """The index that was read off the display when the epoch ended."""
    if epoch.end_s is None or epoch.closing_index_wh is None:
        return None
    return _read_off(epoch, meter, CLOSING_SEQ, epoch.end_s, epoch.closing_index_wh)


def _read_off(epoch: Epoch, meter: MeterFacts, seq: int, at_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(
        node_id=epoch.node_id,
        seq=seq,
        taken_at_s=at_s,
        received_at_s=at_s,
        index_wh=index_wh,
        is_simulated=meter.is_simulated,
    )


@dataclass(slots=True)
class Course:
    """The rows of an epoch that count, in their order, as far as the edges need them."""

    edges_s: Sequence[float]  #: Of months that follow one another: one more than months.
    first: Edge | None = None
    last: Edge | None = None
    marks: dict[int, set[Mark]] = field(default_factory=dict)  #: By number of the month.
    flats: list[Flat] = field(default_factory=list)
    newest: dict[int, RegisterRow] = field(default_factory=dict)  #: Before each edge passed.
    told: dict[int, RegisterRow] = field(default_factory=dict)  #: The same, but for files.
    _sides: dict[int, tuple[Edge | None, Edge]] = field(default_factory=dict)
    _passed: int = 0  #: Edges that lie before the newest row.
    _row: RegisterRow | None = None
    _told_row: RegisterRow | None = None  #: The newest that is of no file.
    _flat_from: RegisterRow | None = None

    def took(
        self, row: RegisterRow, step_wh: int, *, rolled_over: bool = False, is_told: bool = False
    ) -> None:
        """The next row that counts, and what passed since the one before.

        ``is_told``: rows lay between them, of which nothing is to be noted.
        """
        edge = Edge(
            index_wh=row.index_wh,
            at_s=row.taken_at_s,
            counted_wh=step_wh + (0 if self.last is None else self.last.counted_wh),
            is_read_by_person=row.seq in {OPENING_SEQ, CLOSING_SEQ},
            is_from_file=row.is_from_file,
        )
        self._pass_edges(edge)
        if self.last is not None and edge.at_s - self.last.at_s > GAP_S and not is_told:
            for number in self._months_between(self.last.at_s, edge.at_s):
                self._mark(number, Mark.GAP_BRIDGED)
        if rolled_over:
            self._mark(self._passed - 1, Mark.ROLLED_OVER)
        if self._flat_from is None or step_wh > 0:
            self.end_flat()
            self._flat_from = row
        self.first = self.first or edge
        self.last, self._row = edge, row
        if not row.is_from_file:
            self._told_row = row

    def end_flat(self) -> None:
        """Note how long the register stood still, if that was long and rows tell of it."""
        begun, last = self._flat_from, self._row
        if begun is None or last is None or last.taken_at_s - begun.taken_at_s < STUCK_S:
            return
        self.flats.append(Flat(first=begun, last=last))

    def at_edge(self, number: int, rolls_over_at_wh: int | None) -> Edge | None:
        """What stands for an edge: the nearest row, or what lies between two far ones."""
        at_s = self.edges_s[number]
        before, after = self._sides.get(number, (self.last, None))
        if after is None:
            return before and replace(before, is_silent=at_s - before.at_s > EDGE_TOLERANCE_S)
        if before is None:
            return after
        nearest = before if at_s - before.at_s <= after.at_s - at_s else after
        if abs(nearest.at_s - at_s) <= EDGE_TOLERANCE_S:
            return nearest
        share = (at_s - before.at_s) / (after.at_s - before.at_s)
        part_wh = int((after.counted_wh - before.counted_wh) * share)
        index_wh = before.index_wh + part_wh
        return Edge(
            index_wh=index_wh if rolls_over_at_wh is None else index_wh % rolls_over_at_wh,
            at_s=at_s,
            counted_wh=before.counted_wh + part_wh,
            is_estimated=True,
            is_from_file=before.is_from_file or after.is_from_file,
        )

    @property
    def last_row(self) -> RegisterRow | None:
        """The last row that counts, however late."""
        return self._row

    def newest_row(self, number: int) -> RegisterRow | None:
        """The last row that counts at or before an edge."""
        return self.newest.get(number, self._row if number >= self._passed else None)

    def newest_told(self, number: int) -> RegisterRow | None:
        """The last row that counts at or before an edge and came in no file."""
        return self.told.get(number, self._told_row if number >= self._passed else None)

    def _pass_edges(self, edge: Edge) -> None:
        while self._passed < len(self.edges_s) and edge.at_s > self.edges_s[self._passed]:
            self._sides[self._passed] = (self.last, edge)
            if self._row is not None:
                self.newest[self._passed] = self._row
            if self._told_row is not None:
                self.told[self._passed] = self._told_row
            self._passed += 1

    def _months_between(self, from_s: float, to_s: float) -> Iterable[int]:
        """Numbers of the months that a gap touches by more than an edge may be off."""
        for number in range(len(self.edges_s) - 1):
            begin_s, end_s = self.edges_s[number], self.edges_s[number + 1]
            if min(to_s, end_s) - max(from_s, begin_s) > EDGE_TOLERANCE_S:
                yield number

    def _mark(self, number: int, mark: Mark) -> None:
        self.marks.setdefault(number, set()).add(mark)

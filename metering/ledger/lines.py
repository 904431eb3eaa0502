"""From rows that count to what each month says: two indexes, and their difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.calendar.months import after, begin_of
from domain.registers.register import Doubt, Epoch, Mark, MeterFacts, RegisterRow
from metering.ledger.course import Course, Edge, Flat
from metering.ledger.judging import Judged
from metering.ledger.steps import most_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """What one epoch counted in one month."""

    month: int
    epoch: int
    node_id: int
    begin: Edge
    end: Edge
    marks: tuple[Mark, ...]
    is_confirmed: bool  #: Whether a person held an index of this epoch against the display.

    @property
    def energy_wh(self) -> int:
        return self.end.counted_wh - self.begin.counted_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rows that follow one another and stand in quarantine together."""

    doubt: Doubt  #: The reason that was found first.
    epoch: int
    first: RegisterRow
    last: RegisterRow
    count: int
    also: tuple[Doubt, ...] = ()  #: Further reasons of these rows.
    most_wh: int | None = 0  #: Energy that no line counts because of it, at most; None = unknown.

    @property
    def reasons(self) -> tuple[Doubt, ...]:
        """Every reason, once."""
        return tuple(dict.fromkeys((self.doubt, *self.also)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSums:
    """The months of one epoch, and what else the walk along its rows showed."""

    sums: tuple[MonthSum, ...]
    flats: tuple[Flat, ...]
    cases: tuple[Case, ...]
    newest: tuple[RegisterRow | None, ...]  #: At the end of each month, the last that counts.
    newest_told: tuple[RegisterRow | None, ...]  #: The same, but for rows from files.


def month_sums(
    epoch: Epoch,
    meter: MeterFacts,
    judged: Iterable[Judged],
    months: Sequence[int],
    *,
    start: RegisterRow | None = None,
) -> EpochSums:
    """What an epoch counted in each of these months, which follow one another.

    ``judged`` is the walk from ``start``, as far as the first row after the last month where
    there is one.
    """
    course = Course(edges_s=edges_of(months))
    if start is not None:
        course.took(start, 0)
    cases, of_files = _Cases(epoch.number), _Cases(epoch.number)
    for item in judged:
        if item.doubt is not None:
            (of_files if item.row.is_from_file else cases).add(item)
        elif item.step is None:
            course.took(item.row, 0)
        else:
            course.took(
                item.row,
                item.step.energy_wh,
                rolled_over=item.step.rolled_over,
                is_told=item.is_after_others,
            )
    course.end_flat()
    doubtful = [*cases.found, *of_files.found]
    found = (
        _sum(course, epoch, meter, (number, month), doubtful) for number, month in enumerate(months)
    )
    return EpochSums(
        sums=tuple(item for item in found if item is not None),
        flats=tuple(course.flats),
        cases=tuple(missing(item, course.last_row, meter) for item in doubtful),
        newest=tuple(course.newest_row(number + 1) for number in range(len(months))),
        newest_told=tuple(course.newest_told(number + 1) for number in range(len(months))),
    )


def edges_of(months: Sequence[int]) -> list[float]:
    """The instants between which these months lie, by the clock in Paris."""
    return [*(begin_of(month) for month in months), begin_of(after(months[-1]))]


def _sum(
    course: Course,
    epoch: Epoch,
    meter: MeterFacts,
    which: tuple[int, int],
    cases: Sequence[Case],
) -> MonthSum | None:
    """None where the epoch has no part in the month."""
    number, month = which
    begin_s, end_s = course.edges_s[number], course.edges_s[number + 1]
    first, last = course.first, course.last
    if first is None or last is None or first.at_s >= end_s:
        return None
    is_over = epoch.end_s is not None and epoch.end_s <= end_s
    if is_over and last.at_s <= begin_s:
        return None
    starts_inside = first.at_s > begin_s
    begin = first if starts_inside else course.at_edge(number, meter.rolls_over_at_wh)
    end = last if is_over else course.at_edge(number + 1, meter.rolls_over_at_wh)
    if begin is None or end is None:
        return None
    marks = course.marks.get(number, set()) | _edge_marks(begin, end)
    if starts_inside:
        marks.add(Mark.FIRST_INDEX)
    if is_over:
        marks.add(Mark.LAST_INDEX)
    if any(_waits(item, begin_s, end_s) for item in cases):
        marks.add(Mark.IN_QUARANTINE)
    return MonthSum(
        month=month,
        epoch=epoch.number,
        node_id=epoch.node_id,
        begin=begin,
        end=end,
        marks=tuple(sorted(marks)),
        is_confirmed=epoch.is_confirmed,
    )


def _edge_marks(begin: Edge, end: Edge) -> set[Mark]:
    is_marked = {
        Mark.FROM_ESTIMATED: begin.is_estimated,
        Mark.TO_ESTIMATED: end.is_estimated,
        Mark.SILENT_AT_END: end.is_silent,
        Mark.READ_BY_PERSON: begin.is_read_by_person or end.is_read_by_person,
        Mark.FROM_FILE: begin.is_from_file or end.is_from_file,
    }
    return {mark for mark, is_so in is_marked.items() if is_so}


def _waits(item: Case, begin_s: float, end_s: float) -> bool:
    """Whether a person has yet to decide on rows of this time; what was rejected is settled."""
    is_settled = item.doubt is Doubt.REJECTED
    return not is_settled and item.first.taken_at_s < end_s and item.last.taken_at_s >= begin_s


def missing(item: Case, newest: RegisterRow | None, meter: MeterFacts) -> Case:
    """A case with what may be missing: what lies before a row that counts is in its index."""
    if item.doubt is Doubt.REJECTED or (
        newest is not None and newest.taken_at_s >= item.last.taken_at_s
    ):
        return replace(item, most_wh=0)
    since = item.first if newest is None else newest
    told_s = min(item.last.taken_at_s, item.last.received_at_s)
    return replace(item, most_wh=most_wh(since, replace(item.last, taken_at_s=told_s), meter))


class _Cases:
    """Puts rows together that follow one another and are doubted for one reason."""

    def __init__(self, epoch: int) -> None:
        self.found: list[Case] = []
        self._epoch = epoch
        self._place = -1

    def add(self, item: Judged) -> None:
        newest = self.found[-1] if self.found else None
        row, doubt = item.row, item.doubt
        assert doubt is not None  # noqa: S101 - only such rows make cases
        goes_on = (
            newest is not None
            and (item.place == self._place + 1 or item.is_after_others)
            and newest.last.node_id == row.node_id
            and doubt in {newest.doubt, Doubt.JUMPED}  # what goes on from a case belongs to it
        )
        if newest is not None and goes_on:
            reasons = dict.fromkeys((*newest.reasons, doubt, *item.also))
            also = tuple(reasons)[1:]
            count = newest.count + item.place - self._place
            self.found[-1] = replace(newest, last=row, count=count, also=also)
        else:
            self.found.append(
                Case(doubt=doubt, epoch=self._epoch, first=row, last=row, count=1, also=item.also)
            )
        self._place = item.place

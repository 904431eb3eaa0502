"""Which rows of an epoch count: a pure function of the set of rows, the epoch and the decisions.

The rows are walked in the order of their numbers from one that is known to count. A step that
cannot be puts a row in quarantine, and the walk goes on from the last row that counts, so the
register itself bridges what was taken out. Nothing is corrected: what is in quarantine waits for
a person, who rejects it, or accepts it, or declares the epoch that explains it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from domain.registers.register import Decision, Doubt, Epoch, MeterFacts, RegisterRow
from metering.ledger.steps import Step, step_between

#: A row dated further than this after its reception has a wrong clock [s].
FUTURE_S = 300.0
#: So many rows that agree with one another, against the rows that count, make a second story.
_SECOND_STORY = 2

Decisions = Sequence[Decision]  #: In the order in which they were taken: the last one holds.
#: A row with its place, and whether rows before it were left out as being beyond doubt.
Placed = tuple[int, RegisterRow, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A row, and either the step that led to it or why it does not count."""

    place: int  #: Among all rows of the epoch, in the order of their numbers.
    row: RegisterRow
    step: Step | None = None  #: None also where the row is the first of its epoch.
    doubt: Doubt | None = None
    also: tuple[Doubt, ...] = ()  #: What else speaks against it.
    is_after_others: bool = False  #: Rows before it that count were left out.


def in_order(rows: Iterable[RegisterRow]) -> list[RegisterRow]:
    """The set of rows as they are judged: by node, number, index and time, each once."""
    told: dict[tuple[int, int, int, float], RegisterRow] = {}
    for row in sorted(rows, key=lambda row: row.received_at_s):
        told.setdefault((row.node_id, row.seq, row.index_wh, row.taken_at_s), row)
    return [told[key] for key in sorted(told)]


def judge(
    meter: MeterFacts,
    epoch: Epoch,
    rows: Iterable[RegisterRow],
    *,
    start: RegisterRow | None = None,
    decisions: Decisions = (),
) -> Iterator[Judged]:
    """Each row of an epoch with what became of it; ``start`` is the row to go on from.

    The rows come ``in_order``, and are not held. Those that count are told of in that order;
    those that do not, a little before or after.
    """
    placed = ((place, row, False) for place, row in enumerate(rows))
    return judge_placed(meter, epoch, placed, start=start, decisions=decisions)


def judge_placed(
    meter: MeterFacts,
    epoch: Epoch,
    rows: Iterable[Placed],
    *,
    start: RegisterRow | None = None,
    decisions: Decisions = (),
) -> Iterator[Judged]:
    """The same of rows among which those beyond doubt may have been left out."""
    walk = _Walk(meter, start, decisions)
    waiting: Placed | None = None
    for placed, doubts in _each_by_itself(meter, epoch, rows, decisions):
        if doubts:
            also = (*doubts[1:], *walk.would_be(placed[1], doubts))
            yield Judged(
                place=placed[0],
                row=placed[1],
                doubt=doubts[0],
                also=also,
                is_after_others=placed[2],
            )
            continue
        if waiting is not None:
            yield from walk.goes_on(waiting, placed[1])
        waiting = placed
    if waiting is not None:
        yield from walk.goes_on(waiting, None)
    yield from walk.ends()


def verdict(row: RegisterRow, decisions: Decisions) -> bool | None:
    """Whether a person let this row count; None where nobody has decided."""
    for item in reversed(decisions):
        if item.is_about(row):
            return item.is_accepted
    return None


def _each_by_itself(
    meter: MeterFacts, epoch: Epoch, rows: Iterable[Placed], decisions: Decisions
) -> Iterator[tuple[Placed, tuple[Doubt, ...]]]:
    """What can be said of a row without its neighbours, but for those of the same number."""
    before: RegisterRow | None = None
    for placed, following in pairwise(chain(rows, (None,))):
        assert placed is not None  # noqa: S101 - only the last of a pair may be none
        row, after = placed[1], None if following is None else following[1]
        decided = verdict(row, decisions) if decisions else None
        if decided is False:
            yield placed, (Doubt.REJECTED,)
        else:
            speaks = {
                Doubt.OTHER_READER: row.node_id != epoch.node_id and not row.is_from_file,
                Doubt.OTHER_KIND: row.is_simulated is not meter.is_simulated,
                Doubt.FUTURE: row.taken_at_s > row.received_at_s + FUTURE_S,
                Doubt.CONFLICT: decided is None
                and (_contradict(before, row, decisions) or _contradict(row, after, decisions)),
            }
            yield placed, tuple(doubt for doubt, is_so in speaks.items() if is_so)
        before = row


def _contradict(one: RegisterRow | None, other: RegisterRow | None, decisions: Decisions) -> bool:
    """Whether both are of one number, and nobody has rejected either."""
    if one is None or other is None or one.seq != other.seq or one.node_id != other.node_id:
        return False
    return all(verdict(row, decisions) is not False for row in (one, other))


class _Walk:
    """One way along the rows; a row is told of once its successor has not overthrown it."""

    def __init__(self, meter: MeterFacts, start: RegisterRow | None, decisions: Decisions) -> None:
        self._meter = meter
        self._decisions = decisions
        self._before = start  #: The last row that counts and was told of.
        self._held: Placed | None = None  #: Counts, unless its successors say otherwise.
        self._rival: RegisterRow | None = None  #: The newest row that was taken out here.
        self._rivals = 0  #: How many of them agree with one another.

    def goes_on(self, placed: Placed, after: RegisterRow | None) -> Iterator[Judged]:
        """The next row, and the one that follows it."""
        row = placed[1]
        doubt = self._doubt_of(row)
        if doubt is None:
            yield from self.ends()
            self._held, self._rival, self._rivals = placed, None, 0
        elif self._held is not None and self._stands_alone(self._held[1], row, after):
            yield Judged(place=self._held[0], row=self._held[1], doubt=Doubt.SPIKE)
            self._held = placed
        else:
            self._takes_out(row, doubt)
            yield Judged(place=placed[0], row=row, doubt=doubt, is_after_others=placed[2])

    def would_be(self, row: RegisterRow, doubts: Sequence[Doubt]) -> tuple[Doubt, ...]:
        """What speaks against one of two contradicting rows beside the other: its step."""
        known = self._before if self._held is None else self._held[1]
        if known is None or Doubt.CONFLICT not in doubts:
            return ()
        step = step_between(known, row, self._meter)
        return (step,) if isinstance(step, Doubt) else ()

    def ends(self) -> Iterator[Judged]:
        """What is held counts, with the step from the row that counted before."""
        if self._held is None:
            return
        place, row, is_after_others = self._held
        step: Step | None = None
        if self._before is not None:
            found = step_between(self._before, row, self._meter)
            # Where that cannot be, a person accepted it.
            accepted = Step(energy_wh=row.index_wh - self._before.index_wh)
            step = accepted if isinstance(found, Doubt) else found
        self._before, self._held = row, None
        yield Judged(place=place, row=row, step=step, is_after_others=is_after_others)

    def _doubt_of(self, row: RegisterRow) -> Doubt | None:
        known = self._before if self._held is None else self._held[1]
        if known is None or (row.index_wh >= known.index_wh and self._is_accepted(row)):
            return None
        step = step_between(known, row, self._meter)
        if isinstance(step, Doubt):
            return step
        return Doubt.JUMPED if self._goes_on_from_rival(row) else None

    def _takes_out(self, row: RegisterRow, doubt: Doubt) -> None:
        if doubt is Doubt.CLOCK_BACK:
            return
        is_same = self._rival is not None and self._can_follow(self._rival, row)
        self._rivals = self._rivals + 1 if is_same else 1
        self._rival = row

    def _goes_on_from_rival(self, row: RegisterRow) -> bool:
        """Whether time made possible what was not: rows that were taken out lead here as well."""
        return (
            self._rivals >= _SECOND_STORY
            and self._rival is not None
            and self._can_follow(self._rival, row)
        )

    def _stands_alone(self, held: RegisterRow, row: RegisterRow, after: RegisterRow | None) -> bool:
        """Whether the row before is the odd one: without it, this one and the next are in order."""
        return (
            row.index_wh < held.index_wh
            and after is not None
            and not self._is_accepted(held)
            and (self._before is None or self._can_follow(self._before, row))
            and self._can_follow(row, after)
            and not self._can_follow(held, after)
        )

    def _can_follow(self, before: RegisterRow, after: RegisterRow) -> bool:
        return isinstance(step_between(before, after, self._meter), Step)

    def _is_accepted(self, row: RegisterRow) -> bool:
        return bool(self._decisions) and verdict(row, self._decisions) is True

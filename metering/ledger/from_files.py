"""Where rows from files stand among those that a node told, and which of them count.

A file has no numbers of the node's, so its rows are put in by their time. They never say anything
against the node: a row from a file counts where the register can have led to it from the row that
counts before, and from it to the row of the node that counts after. So what is counted between two
rows of a node is the same with every file as without (a property test holds it); a file fills
gaps, and tells what was before, after and in between.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.registers.register import Decision, Doubt, Epoch, MeterFacts, RegisterRow
from metering.ledger.display import step_shown_wh
from metering.ledger.judging import Judged, judge, verdict
from metering.ledger.steps import Step, step_between


def in_time(rows: Iterable[RegisterRow]) -> list[RegisterRow]:
    """The set of rows from files in the order of their time, each once."""
    told: dict[tuple[float, int], RegisterRow] = {}
    for row in sorted(rows, key=lambda row: row.received_at_s):
        told.setdefault((row.taken_at_s, row.index_wh), row)
    return [told[key] for key in sorted(told)]


def with_files(
    meter: MeterFacts,
    epoch: Epoch,
    judged: Iterable[Judged],
    rows: Sequence[RegisterRow],
    *,
    start: RegisterRow | None = None,
    decisions: Sequence[Decision] = (),
) -> Iterator[Judged]:
    """The rows of a node as they were judged, and among them those of files, ``in_time``.

    A row from a file that says the same as its neighbour of the node, but for digits that were
    left out, is passed over: it neither counts nor is in doubt.
    """
    files = _Files(meter=meter, epoch=epoch, rows=rows, decisions=decisions)
    before, done = start, 0
    for item in judged:
        if item.doubt is not None:
            yield item
            continue
        upto = done
        while upto < len(rows) and rows[upto].taken_at_s < item.row.taken_at_s:
            upto += 1
        counted: Judged | None = None
        for found in files.between(before, item, done, upto):
            counted = found if found.doubt is None else counted
            yield found
        done = upto
        if counted is not None:
            step = files.step(counted.row, item.row)
            item = replace(item, step=step)  # noqa: PLW2901 - from the file's row on
        yield item
        before = item.row
    yield from files.between(before, None, done, len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """Rows from files, looked at between two rows of the node."""

    meter: MeterFacts
    epoch: Epoch
    rows: Sequence[RegisterRow]
    decisions: Sequence[Decision]

    def between(
        self, before: RegisterRow | None, after: Judged | None, begin: int, end: int
    ) -> Iterator[Judged]:
        """Those of some places, which lie between two rows of the node that count."""
        if begin == end:
            return
        places = {_key(self.rows[place]): place for place in range(begin, end)}
        fit = []
        for row in self.rows[begin:end]:
            if self._says_the_same(row, before, None if after is None else after.row):
                continue
            doubts = () if after is None else self._against(row, before, after)
            if doubts:
                yield Judged(place=places[_key(row)], row=row, doubt=doubts[0], also=doubts[1:])
            else:
                fit.append(row)
        walked = judge(self.meter, self.epoch, fit, start=before, decisions=self.decisions)
        counted_wh = 0
        for item in walked:
            found = replace(item, place=places[_key(item.row)])
            counted_wh += 0 if item.step is None else item.step.energy_wh
            is_bounded = before is not None and after is not None and item.doubt is None
            if is_bounded and counted_wh != self._energy_wh(before, item.row):
                # The register would have turned once more than the node's own rows say.
                found = replace(found, step=None, doubt=Doubt.AGAINST_NODE)
            yield found

    def step(self, before: RegisterRow, after: RegisterRow) -> Step:
        """Energy between two rows that count."""
        found = step_between(before, after, self.meter)
        # Where that cannot be, a person accepted the row from the file.
        accepted = Step(energy_wh=after.index_wh - before.index_wh)
        return accepted if isinstance(found, Doubt) else found

    def _against(
        self, row: RegisterRow, before: RegisterRow | None, after: Judged
    ) -> tuple[Doubt, ...]:
        """Why the node tells otherwise: the register cannot have led from this row to its own."""
        decided = verdict(row, self.decisions)
        if decided is False:
            return ()
        found = step_between(row, after.row, self.meter)
        if isinstance(found, Doubt) and not (decided and row.index_wh <= after.row.index_wh):
            return Doubt.AGAINST_NODE, found
        if before is None or after.step is None:
            return ()
        if isinstance(step_between(before, row, self.meter), Doubt) and not decided:
            return ()  # That is said of it by the walk itself.
        first_wh = self._energy_wh(before, row)
        whole_wh = first_wh + self.step(row, after.row).energy_wh
        is_so = first_wh >= 0 and whole_wh == after.step.energy_wh
        return () if is_so else (Doubt.AGAINST_NODE,)

    def _energy_wh(self, before: RegisterRow | None, row: RegisterRow) -> int:
        return 0 if before is None else self.step(before, row).energy_wh

    def _says_the_same(
        self, row: RegisterRow, before: RegisterRow | None, after: RegisterRow | None
    ) -> bool:
        step_wh = max(step_shown_wh(row.index_wh), self.meter.digit_wh)
        is_short = before is not None and 0 < before.index_wh - row.index_wh < step_wh
        is_long = after is not None and 0 < row.index_wh - after.index_wh < step_wh
        return is_short or is_long


def _key(row: RegisterRow) -> tuple[float, int]:
    return row.taken_at_s, row.index_wh

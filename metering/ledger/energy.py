"""Energy of any period, to look at: by the rules of the ledger, from few of its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.refusal import Refused
from domain.registers.register import Decision, Doubt, Epoch, MeterFacts, RegisterRow
from metering.ledger.course import Course, Edge, closing_row, opening_row
from metering.ledger.from_files import in_time, with_files
from metering.ledger.judging import in_order, judge
from metering.ledger.wording import sentence

#: What the rest of the rows has answered already.
_SETTLED = frozenset({Doubt.REJECTED, Doubt.OTHER_READER, Doubt.AGAINST_NODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBetween:
    """Energy of a period, with the two indexes that prove it."""

    energy_wh: int
    first: Edge
    last: Edge
    doubt: Refused | None = None  #: Why rows were left out, where they were bridged.

    @property
    def is_estimated(self) -> bool:
        """The total is the meter's; how much of it fell inside the edges is an estimate."""
        return any(edge.is_estimated or edge.is_silent for edge in (self.first, self.last))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubtful:
    """Edges of an epoch some of whose rows were left out."""

    refused: Refused
    edges: tuple[Edge, Edge] | None


def energy_between(
    meter: MeterFacts,
    epochs: Sequence[Epoch],
    rows: Iterable[RegisterRow],
    period: tuple[float, float],
    decisions: Sequence[Decision] = (),
    *,
    bridges_doubt: bool = False,
) -> EnergyBetween | Refused:
    """Energy that passed a meter from one instant to another.

    It is refused where a row is in doubt, unless such rows are to be bridged as on a statement.

    Any subset of the ledger gives the same answer if it holds the rows on both sides of both
    edges (of the node, and from files), the first and last row of each epoch between them and,
    where the register rolls over, a row in each of its turns.
    """
    if period[0] > period[1]:
        return Refused(code="period.reversed", sentence="The period ends before it begins.")
    told = list(rows)
    parts, doubt = [], None
    for epoch in epochs:
        part = _of_epoch(meter, epoch, told, period, decisions)
        if isinstance(part, _Doubtful):
            if not bridges_doubt:
                return part.refused
            doubt = doubt or part.refused
            part = part.edges
        if part is not None:
            parts.append(part)
    if not parts:
        return doubt or Refused(
            code="register.empty", sentence=f"Meter {meter.serial} has no index yet; wait for one."
        )
    inside = [item for item in parts if item[1].at_s > period[0]] or parts[-1:]
    inside = [item for item in inside if item[0].at_s < period[1]] or inside[:1]
    return EnergyBetween(
        energy_wh=sum(last.counted_wh - first.counted_wh for first, last in inside),
        first=inside[0][0],
        last=inside[-1][1],
        doubt=doubt,
    )


def _of_epoch(
    meter: MeterFacts,
    epoch: Epoch,
    told: Sequence[RegisterRow],
    period: tuple[float, float],
    decisions: Sequence[Decision],
) -> tuple[Edge, Edge] | _Doubtful | None:
    """The edges of the period in one epoch; None where it has no rows among these."""
    refused = None
    until_s = float("inf") if epoch.end_s is None else epoch.end_s
    inside = [row for row in told if epoch.begin_s <= row.taken_at_s < until_s]
    rows = in_order(row for row in inside if not row.is_from_file)
    files = in_time(row for row in inside if row.is_from_file)
    closing = closing_row(epoch, meter)
    start = opening_row(epoch, meter)
    course = Course(edges_s=period)
    if start is not None:
        course.took(start, 0)
    ends = () if closing is None else (closing,)
    judged = judge(meter, epoch, [*rows, *ends], start=start, decisions=decisions)
    for item in with_files(meter, epoch, judged, files, start=start, decisions=decisions):
        if item.doubt is None:
            step = item.step
            course.took(item.row, 0 if step is None else step.energy_wh)
        elif item.doubt not in _SETTLED:
            refused = Refused(
                code=f"register.{item.doubt.value}", sentence=sentence(meter.serial, item.doubt)
            )
    edges = [course.at_edge(number, meter.rolls_over_at_wh) for number in (0, 1)]
    known = None if edges[0] is None or edges[1] is None else (edges[0], edges[1])
    return known if refused is None else _Doubtful(refused=refused, edges=known)

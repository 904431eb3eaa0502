"""What cannot be is always flagged, and what can be never is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar.months import begin_of
from domain.registers.register import (
    Decision,
    Doubt,
    Epoch,
    EpochKind,
    Mark,
    MeterFacts,
    MeterKind,
    RegisterRow,
)
from metering.ledger.judging import in_order, judge
from metering.ledger.lines import EpochSums, month_sums

MONTH = 202601
BEGIN_S = begin_of(MONTH)
STEP_S = 600.0
MAX_POWER_W = 20_000.0
MOST_WH_A_STEP = int(MAX_POWER_W * STEP_S / 3600.0)
REGISTER_WH = 1_000_000_000
METER = MeterFacts(
    meter_id=1,
    serial="H-1",
    kind=MeterKind.HEAT,
    is_simulated=False,
    max_power_w=MAX_POWER_W,
    rolls_over_at_wh=REGISTER_WH,
)
EPOCH = Epoch(number=1, kind=EpochKind.INSTALL, begin_s=0.0, node_id=1, is_confirmed=True)


@dataclass(frozen=True)
class History:
    rows: tuple[RegisterRow, ...]
    place: int  #: Of the row that something is done to, well inside.

    @property
    def true_wh(self) -> int:
        return (self.rows[-1].index_wh - self.rows[0].index_wh) % REGISTER_WH


def row(seq: int, at_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(
        node_id=1, seq=seq, taken_at_s=at_s, received_at_s=at_s + 1.0, index_wh=index_wh
    )


@st.composite
def histories(draw: st.DrawFn, *, rolls_over: bool = False) -> History:
    """A day or so of ten-minute readings, some of them lost on the way."""
    steps = draw(st.lists(st.integers(1, MOST_WH_A_STEP), min_size=40, max_size=90))
    total_wh = sum(steps)
    first_wh = REGISTER_WH - total_wh // 2 if rolls_over else draw(st.integers(10_000, 10**8))
    lost = draw(st.sets(st.integers(1, len(steps) - 1), max_size=5))
    rows, index_wh = [], first_wh
    for number, step_wh in enumerate([0, *steps]):
        index_wh = (index_wh + step_wh) % REGISTER_WH
        if number not in lost:
            rows.append(row(number, BEGIN_S + 60.0 + number * STEP_S, index_wh))
    return History(rows=tuple(rows), place=draw(st.integers(10, len(rows) - 10)))


def sums_of(rows: Sequence[RegisterRow], decisions: Sequence[Decision] = ()) -> EpochSums:
    judged = judge(METER, EPOCH, in_order(rows), decisions=decisions)
    return month_sums(EPOCH, METER, judged, [MONTH])


def doubts(rows: Sequence[RegisterRow]) -> set[Doubt]:
    return {case.doubt for case in sums_of(rows).cases}


def with_row(history: History, change: Callable[[RegisterRow], RegisterRow]) -> list[RegisterRow]:
    rows = list(history.rows)
    rows[history.place] = change(rows[history.place])
    return rows


def with_tail(history: History, change: Callable[[RegisterRow], RegisterRow]) -> list[RegisterRow]:
    rows = list(history.rows)
    return rows[: history.place] + [change(item) for item in rows[history.place :]]


def index(change: Callable[[int], int]) -> Callable[[RegisterRow], RegisterRow]:
    return lambda item: replace(item, index_wh=change(item.index_wh))


def also(history: History, change: Callable[[RegisterRow], RegisterRow]) -> list[RegisterRow]:
    return [*history.rows, change(history.rows[history.place])]


def spiked(history: History) -> list[RegisterRow]:
    """One row higher than it was, as high as the meter could just have counted."""
    place = history.place
    before, at = history.rows[place - 1], history.rows[place]
    possible_wh = int(MAX_POWER_W * (at.taken_at_s - before.taken_at_s + 60.0) / 3600.0)
    after_wh = history.rows[place + 1].index_wh
    raised_wh = max(before.index_wh + possible_wh, after_wh + 1)
    return with_row(history, index(lambda _: raised_wh))


def seconds(shift_s: float) -> Callable[[RegisterRow], RegisterRow]:
    return lambda item: replace(item, taken_at_s=item.taken_at_s + shift_s)


#: What is done to a history, and the reasons of which at least one must be told.
ANOMALIES: dict[str, tuple[Callable[[History], list[RegisterRow]], set[Doubt]]] = {
    "an index that goes back": (
        lambda it: with_row(it, index(lambda wh: wh - 9_000)),
        {Doubt.WENT_BACK, Doubt.SPIKE},
    ),
    "one row a thousand times too high": (
        lambda it: with_row(it, index(lambda wh: wh * 1000)),
        {Doubt.UNIT, Doubt.TOO_FAST},
    ),
    "a unit that changes for good": (
        lambda it: with_tail(it, index(lambda wh: wh * 1000)),
        {Doubt.UNIT, Doubt.TOO_FAST},
    ),
    "one row a thousand times too low": (
        lambda it: with_row(it, index(lambda wh: wh // 1000)),
        {Doubt.UNIT, Doubt.WENT_BACK, Doubt.SPIKE},
    ),
    "another meter in its place, with a lower index": (
        lambda it: with_tail(it, index(lambda wh: wh - it.rows[it.place].index_wh)),
        {Doubt.WENT_BACK},
    ),
    "another meter in its place, with a higher index": (
        lambda it: with_tail(it, index(lambda wh: wh + 50_000_000)),
        {Doubt.TOO_FAST, Doubt.UNIT},
    ),
    "more than can pass the meter": (
        lambda it: with_row(it, index(lambda wh: wh + 100 * MOST_WH_A_STEP)),
        {Doubt.TOO_FAST, Doubt.UNIT},
    ),
    "a row that is just possible, and higher than the next": (
        spiked,
        {Doubt.SPIKE, Doubt.TOO_FAST, Doubt.WENT_BACK},
    ),
    "a row from the future": (lambda it: with_row(it, seconds(86_400.0)), {Doubt.FUTURE}),
    "a clock that was set back": (
        lambda it: with_row(it, seconds(-3_600.0)),
        {Doubt.CLOCK_BACK},
    ),
    "one number told with two indexes": (
        lambda it: also(it, index(lambda wh: wh + 1)),
        {Doubt.CONFLICT},
    ),
    "one number told with two times": (lambda it: also(it, seconds(30.0)), {Doubt.CONFLICT}),
    "two nodes that claim one meter": (
        lambda it: also(it, lambda item: replace(item, node_id=2)),
        {Doubt.OTHER_READER},
    ),
    "a simulated row of a real meter": (
        lambda it: with_row(it, lambda item: replace(item, is_simulated=True)),
        {Doubt.OTHER_KIND},
    ),
}


@given(histories())
def test_clean_rows_are_never_doubted(history: History) -> None:
    found = sums_of(history.rows)

    assert found.cases == ()
    assert [item.energy_wh for item in found.sums] == [history.true_wh]


@given(histories(rolls_over=True))
def test_a_rollover_that_is_possible_is_never_doubted(history: History) -> None:
    found = sums_of(history.rows)

    assert found.cases == ()
    assert [item.energy_wh for item in found.sums] == [history.true_wh]
    assert Mark.ROLLED_OVER in found.sums[0].marks


@pytest.mark.parametrize("what", ANOMALIES)
@settings(max_examples=30)
@given(history=histories())
def test_what_cannot_be_is_flagged_every_time(what: str, history: History) -> None:
    change, reasons = ANOMALIES[what]

    found = doubts(change(history))

    assert found
    assert found & reasons


@pytest.mark.parametrize("what", ANOMALIES)
@settings(max_examples=10)
@given(history=histories(), data=st.data())
def test_order_and_repeats_change_no_verdict(
    what: str, history: History, data: st.DataObject
) -> None:
    rows = ANOMALIES[what][0](history)
    shuffled = data.draw(st.permutations([*rows, *data.draw(st.lists(st.sampled_from(rows)))]))

    assert sums_of(shuffled) == sums_of(rows)


#: Those that leave the rest of the rows as it was.
PASSING = [name for name in ANOMALIES if "in its place" not in name and "for good" not in name]


@pytest.mark.parametrize("what", PASSING)
@settings(max_examples=20)
@given(history=histories())
def test_a_wrong_row_never_changes_the_energy_of_the_day(what: str, history: History) -> None:
    """The register bridges it, before anybody has decided anything."""
    rows = ANOMALIES[what][0](history)

    found = sums_of(rows)

    if {case.doubt for case in found.cases} == {Doubt.WENT_BACK} and what.startswith("a row that"):
        return  # Only a person can tell which of two possible stories is the true one.
    assert [item.energy_wh for item in found.sums] == [history.true_wh]
    assert Mark.IN_QUARANTINE in found.sums[0].marks


@given(histories())
def test_an_undeclared_reset_stays_in_doubt_however_long_it_lasts(history: History) -> None:
    """Time makes any step possible; what goes on from a doubted row stays doubted all the same."""
    rows = with_tail(history, index(lambda wh: wh + 5_000_000))
    last = rows[-1]
    weeks = [
        row(1000 + day, last.taken_at_s + day * 86_400.0, last.index_wh + day * 1000)
        for day in range(1, 20)
    ]

    (case,) = sums_of([*rows, *weeks]).cases

    assert case.doubt is Doubt.TOO_FAST
    assert case.count == len(rows) - history.place + len(weeks)


@given(histories())
def test_every_reason_of_a_row_is_told(history: History) -> None:
    rows = also(history, index(lambda wh: wh * 1000))

    (case,) = sums_of(rows).cases

    assert case.doubt is Doubt.CONFLICT
    assert set(case.reasons) & {Doubt.UNIT, Doubt.TOO_FAST}
    assert case.count == 2


@given(histories())
def test_a_row_of_another_node_from_the_future_has_both_reasons(history: History) -> None:
    stranger = replace(history.rows[history.place], node_id=2)
    rows = [*history.rows, replace(stranger, taken_at_s=stranger.taken_at_s + 86_400.0)]

    (case,) = sums_of(rows).cases

    assert case.reasons == (Doubt.OTHER_READER, Doubt.FUTURE)


@given(histories())
def test_what_no_line_counts_is_bounded_and_what_is_bridged_is_not_missing(
    history: History,
) -> None:
    inner = sums_of(with_row(history, index(lambda wh: wh * 1000))).cases
    tail = sums_of(with_tail(history, index(lambda wh: wh - 9_000))).cases

    assert [case.most_wh for case in inner] == [0]
    last, before = history.rows[-1], history.rows[history.place - 1]
    true_wh = last.index_wh - before.index_wh
    if len(tail) == 1 and tail[0].last == replace(last, index_wh=last.index_wh - 9_000):
        assert tail[0].most_wh is not None
        assert tail[0].most_wh >= true_wh

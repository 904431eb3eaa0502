"""Rows from files: a set like any other, which never says anything against what a node told."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar.months import after, begin_of
from domain.registers.register import (
    Decision,
    Doubt,
    Epoch,
    EpochKind,
    Mark,
    MeterFacts,
    MeterKind,
    RegisterRow,
    seq_in_file,
)
from metering.ledger.from_files import in_time, with_files
from metering.ledger.judging import Judged, in_order, judge, judge_placed
from metering.ledger.lines import EpochSums, edges_of, month_sums
from metering.ledger.thinning import ToldRow, thinned

MONTH = 202601
MONTHS = [MONTH, after(MONTH)]
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
RECEIVED_S = begin_of(after(after(MONTH)))


def of_node(seq: int, at_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(
        node_id=1, seq=seq, taken_at_s=at_s, received_at_s=at_s + 1.0, index_wh=index_wh
    )


def of_file(at_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(
        node_id=1,
        seq=seq_in_file(at_s),
        taken_at_s=at_s,
        received_at_s=RECEIVED_S,
        index_wh=index_wh % REGISTER_WH,
    )


def judged(
    rows: Sequence[RegisterRow], files: Sequence[RegisterRow], decisions: Sequence[Decision] = ()
) -> list[Judged]:
    own = judge(METER, EPOCH, in_order(rows), decisions=decisions)
    return list(with_files(METER, EPOCH, own, in_time(files), decisions=decisions))


def sums(rows: Sequence[RegisterRow], files: Sequence[RegisterRow]) -> EpochSums:
    return month_sums(EPOCH, METER, judged(rows, files), MONTHS)


@st.composite
def histories(draw: st.DrawFn) -> list[RegisterRow]:
    """What a meter truly showed every ten minutes, around the edge between two months."""
    steps = draw(st.lists(st.integers(0, MOST_WH_A_STEP), min_size=30, max_size=80))
    index_wh = draw(st.integers(10_000, REGISTER_WH - 1))
    at_s = begin_of(after(MONTH)) - len(steps) // 2 * STEP_S + draw(st.integers(0, 599))
    rows = []
    for number, step_wh in enumerate(steps):
        index_wh = (index_wh + step_wh) % REGISTER_WH
        rows.append(of_node(number, at_s + number * STEP_S, index_wh))
    return rows


@st.composite
def anything(draw: st.DrawFn, rows: Sequence[RegisterRow]) -> list[RegisterRow]:
    """A file as it may come: right, in another unit, of another meter, of another day."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        row = draw(st.sampled_from(rows))
        at_s = row.taken_at_s + draw(st.integers(-2000, 2000))
        index_wh = draw(
            st.sampled_from(
                [row.index_wh, row.index_wh * 1000, row.index_wh // 1000, row.index_wh + 90_000]
            )
        )
        found.append(of_file(at_s, max(index_wh + draw(st.integers(-3000, 3000)), 0)))
    return found


@settings(max_examples=200)
@given(st.data())
def test_no_file_changes_what_is_judged_of_the_node(data: st.DataObject) -> None:
    rows = data.draw(histories())
    gone = data.draw(st.sets(st.integers(1, len(rows) - 2), max_size=60))
    told = [row for place, row in enumerate(rows) if place not in gone]
    told += [
        replace(row, index_wh=row.index_wh * 1000)
        for row in data.draw(st.lists(st.sampled_from(told), max_size=2))
    ]
    files = data.draw(anything(rows))

    def own(items: Sequence[Judged]) -> list[tuple[RegisterRow, Doubt | None]]:
        return [(item.row, item.doubt) for item in items if not item.row.is_from_file]

    with_them, without = judged(told, files), judged(told, ())

    assert own(with_them) == own(without)
    assert _counted_wh(with_them, told) == _counted_wh(without, told)


def _counted_wh(items: Sequence[Judged], told: Sequence[RegisterRow]) -> int:
    """What was counted between the first and the last row of the node that count."""
    own = [place for place, item in enumerate(items) if item.doubt is None and item.row in told]
    inside = items[own[0] + 1 : own[-1] + 1] if own else []
    return sum(item.step.energy_wh for item in inside if item.step is not None)


@settings(max_examples=100)
@given(st.data())
def test_order_repeats_and_parts_of_a_file_change_nothing(data: st.DataObject) -> None:
    rows = data.draw(histories())
    files = data.draw(anything(rows))
    again = data.draw(st.lists(st.sampled_from(files)))
    shuffled = data.draw(st.permutations([*files, *again]))
    later = [replace(row, received_at_s=row.received_at_s + 1.0) for row in shuffled]

    assert _plain(sums(rows, [*shuffled, *later])) == _plain(sums(rows, files))


def _plain(found: EpochSums) -> object:
    """Without the instants at which rows were received, which are no part of anything."""
    return found.sums, [(case.doubt, case.count, case.reasons) for case in found.cases]


@given(histories(), st.data())
def test_a_right_file_fills_a_gap_and_is_never_doubted(
    rows: list[RegisterRow], data: st.DataObject
) -> None:
    begin = data.draw(st.integers(1, len(rows) - 10))
    end = data.draw(st.integers(begin + 1, len(rows) - 1))
    told = rows[:begin] + rows[end:]
    files = [of_file(row.taken_at_s, row.index_wh) for row in rows]

    found, whole = sums(told, files), sums(rows, ())

    assert found.cases == ()
    assert [item.energy_wh for item in found.sums] == [item.energy_wh for item in whole.sums]
    assert all(Mark.GAP_BRIDGED not in item.marks for item in found.sums)


@given(histories(), st.integers(1, 20))
def test_digits_that_a_file_leaves_out_are_no_contradiction(
    rows: list[RegisterRow], every: int
) -> None:
    files = [of_file(row.taken_at_s + 5.0, row.index_wh // 1000 * 1000) for row in rows[::every]]

    assert sums(rows, files).cases == ()


@given(histories())
def test_a_file_in_another_unit_is_all_in_quarantine_with_its_reason(
    rows: list[RegisterRow],
) -> None:
    files = [of_file(row.taken_at_s + 5.0, row.index_wh) for row in rows]
    files = [replace(row, index_wh=row.index_wh * 1000) for row in files]

    found = sums(rows, files)

    assert sum(case.count for case in found.cases) == len(files)
    told = {doubt for case in found.cases for doubt in case.reasons}
    assert told & {Doubt.UNIT, Doubt.TOO_FAST}
    assert [item.energy_wh for item in found.sums] == [
        item.energy_wh for item in sums(rows, ()).sums
    ]


def _told(row: RegisterRow) -> ToldRow:
    return (
        *(row.node_id, row.seq, row.index_wh),
        *(row.taken_at_s, row.received_at_s, row.is_simulated),
    )


@settings(max_examples=150)
@given(st.data())
def test_rows_that_are_left_out_change_no_judgement_of_a_file(data: st.DataObject) -> None:
    rows = data.draw(histories())
    files = in_time(data.draw(anything(rows)))
    near_s = sorted([*edges_of(MONTHS), *(row.taken_at_s for row in files)])

    few = judge_placed(METER, EPOCH, thinned(METER, EPOCH, map(_told, rows), near_s))
    found = month_sums(EPOCH, METER, with_files(METER, EPOCH, few, files), MONTHS)

    assert found == sums(rows, files)


@given(histories())
def test_what_a_person_rejected_of_a_file_never_counts(rows: list[RegisterRow]) -> None:
    told, late = rows[:10], rows[10:]
    files = [of_file(row.taken_at_s, row.index_wh) for row in late]
    decision = Decision(
        node_id=1, first_seq=files[0].seq, last_seq=files[-1].seq, is_accepted=False
    )

    found = [item for item in judged(told, files, [decision]) if item.row.is_from_file]

    assert {item.doubt for item in found} == {Doubt.REJECTED}

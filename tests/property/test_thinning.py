"""Rows that nothing depends on may be left out: what is judged of the rest is the same."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar.months import after, begin_of
from domain.registers.register import Decision, Epoch, EpochKind, MeterFacts, MeterKind, RegisterRow
from metering.ledger.judging import in_order, judge, judge_placed
from metering.ledger.lines import EpochSums, edges_of, month_sums
from metering.ledger.thinning import ToldRow, thinned

MONTH = 202601
MONTHS = [MONTH, after(MONTH)]
STEP_S = 600.0
MAX_POWER_W = 20_000.0
MOST_WH_A_STEP = int(MAX_POWER_W * STEP_S / 3600.0)
METER = MeterFacts(
    meter_id=1,
    serial="H-1",
    kind=MeterKind.HEAT,
    is_simulated=False,
    max_power_w=MAX_POWER_W,
    rolls_over_at_wh=1_000_000_000,
)
EPOCH = Epoch(number=1, kind=EpochKind.INSTALL, begin_s=0.0, node_id=1, is_confirmed=True)


def plain(row: RegisterRow) -> ToldRow:
    return (
        row.node_id,
        row.seq,
        row.index_wh,
        row.taken_at_s,
        row.received_at_s,
        row.is_simulated,
    )


def of_all(
    rows: Sequence[RegisterRow], start: RegisterRow | None, decisions: Sequence[Decision]
) -> EpochSums:
    judged = judge(METER, EPOCH, rows, start=start, decisions=decisions)
    return month_sums(EPOCH, METER, judged, MONTHS, start=start)


def of_few(
    rows: Sequence[RegisterRow], start: RegisterRow | None, decisions: Sequence[Decision]
) -> EpochSums:
    told = map(plain, rows)
    few = thinned(METER, EPOCH, told, edges_of(MONTHS), start=start, decisions=decisions)
    judged = judge_placed(METER, EPOCH, few, start=start, decisions=decisions)
    return month_sums(EPOCH, METER, judged, MONTHS, start=start)


#: What may happen between two rows: how long, how much, and what is wrong with the later one.
FAULTS = (
    *["none"] * 12,
    "gap",
    "still",
    "spike",
    "drop",
    "unit",
    "jump",
    "clock",
    "future",
    "stranger",
    "simulated",
    "twin",
)


@st.composite
def histories(draw: st.DrawFn) -> list[RegisterRow]:
    """Some days around the edge between two months, with much that may go wrong."""
    rows: list[RegisterRow] = []
    index_wh = draw(st.integers(10_000, 999_999_999))
    at_s = begin_of(after(MONTH)) - draw(st.integers(0, 200)) * STEP_S + draw(st.integers(0, 599))
    seq = 0
    for fault in draw(st.lists(st.sampled_from(FAULTS), min_size=3, max_size=12)):
        for _ in range(draw(st.integers(1, 40))):
            step_wh = 0 if fault == "still" else draw(st.integers(0, MOST_WH_A_STEP))
            index_wh = (index_wh + step_wh) % 1_000_000_000
            at_s, seq = at_s + STEP_S, seq + 1
            rows.append(_row(seq, at_s, index_wh))
        if fault in {"drop", "jump"} and draw(st.booleans()):  # for good
            index_wh = max(index_wh + (-9_000 if fault == "drop" else 5_000_000), 0)
        at_s += 8 * 3600.0 if fault == "gap" else 0.0
        rows += _wrong(fault, rows[-1])
    return in_order(rows)


def _row(seq: int, at_s: float, index_wh: int) -> RegisterRow:
    return RegisterRow(
        node_id=1, seq=seq * 10, taken_at_s=at_s, received_at_s=at_s + 1.0, index_wh=index_wh
    )


def _wrong(fault: str, row: RegisterRow) -> list[RegisterRow]:
    """A row of its own that tells something wrong."""
    later = replace(row, seq=row.seq + 1, taken_at_s=row.taken_at_s + 1.0)
    wh = row.index_wh
    made = {
        "spike": replace(later, index_wh=wh + 2_000),
        "drop": replace(later, index_wh=max(wh - 5_000, 0)),
        "unit": replace(later, index_wh=wh * 1000),
        "jump": replace(later, index_wh=wh + 900_000),
        "clock": replace(later, taken_at_s=row.taken_at_s - 4_000.0),
        "future": replace(later, taken_at_s=row.taken_at_s + 86_400.0),
        "stranger": replace(later, node_id=2),
        "simulated": replace(later, is_simulated=True),
        "twin": replace(row, index_wh=wh + 1),
    }.get(fault)
    return [] if made is None else [made]


@pytest.mark.parametrize("has_start", [False, True])
@settings(max_examples=150)
@given(rows=histories(), data=st.data())
def test_what_is_left_out_changes_no_judgement(
    rows: list[RegisterRow], data: st.DataObject, *, has_start: bool
) -> None:
    start = rows[0] if has_start else None
    rows = rows[1:] if has_start else rows
    decisions = []
    if data.draw(st.booleans()):
        about = data.draw(st.sampled_from(rows))
        last_seq = about.seq + data.draw(st.integers(0, 60))
        decisions.append(
            Decision(
                node_id=about.node_id,
                first_seq=about.seq,
                last_seq=last_seq,
                is_accepted=data.draw(st.booleans()),
            )
        )

    assert of_few(rows, start, decisions) == of_all(rows, start, decisions)


def test_of_a_clean_month_hardly_any_row_is_judged() -> None:
    begin_s = begin_of(MONTH)
    rows = [_row(number, begin_s + number * STEP_S, 1000 + 500 * number) for number in range(4464)]

    few = list(thinned(METER, EPOCH, map(plain, rows), edges_of(MONTHS)))

    assert len(few) < 20
    assert of_few(rows, None, ()) == of_all(rows, None, ())

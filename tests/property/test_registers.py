"""Energy is a pure function of the set of rows, and periods add up."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from metering.registers import EnergyBetween, Meter, RegisterRow, heat_between

ROLLOVER_WH = 10_000
MAX_POWER_W = 5_000.0
STEP_S = 600.0
MOST_WH_A_STEP = int(MAX_POWER_W * STEP_S / 3600.0)
METER = Meter(serial="H-1", rolls_over_at_wh=ROLLOVER_WH, max_power_w=MAX_POWER_W)


@dataclass(frozen=True)
class History:
    """Rows of a meter that was swapped and rolled over, and the energy that truly passed."""

    rows: tuple[RegisterRow, ...]
    true_wh: int


@st.composite
def histories(draw: st.DrawFn, rolls_over_at_wh: int = ROLLOVER_WH) -> History:
    rows: list[RegisterRow] = []
    true_wh = 0
    at_s = 0.0
    for epoch in range(1, draw(st.integers(1, 3)) + 1):
        index_wh = draw(st.integers(0, rolls_over_at_wh - 1))
        steps = draw(st.lists(st.integers(0, MOST_WH_A_STEP), max_size=25))
        for step_wh in [0, *steps]:
            index_wh = (index_wh + step_wh) % rolls_over_at_wh
            true_wh += step_wh
            rows.append(RegisterRow(epoch=epoch, seq=len(rows), taken_at_s=at_s, index_wh=index_wh))
            at_s += STEP_S
    return History(rows=tuple(rows), true_wh=true_wh)


def energy_wh(rows: list[RegisterRow], from_s: float, to_s: float) -> int:
    between = heat_between(rows, from_s, to_s, METER)
    assert isinstance(between, EnergyBetween), between
    return between.energy_wh


@given(histories(), st.data())
def test_order_and_repeats_change_nothing(history: History, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history.rows)))
    shuffled = data.draw(st.permutations([*history.rows, *again]))

    assert energy_wh(shuffled, 0.0, history.rows[-1].taken_at_s) == history.true_wh


@given(histories(), st.data())
def test_a_lost_row_inside_an_epoch_loses_no_energy(history: History, data: st.DataObject) -> None:
    inner = [
        row
        for before, row, after in zip(
            history.rows, history.rows[1:], history.rows[2:], strict=False
        )
        if before.epoch == row.epoch == after.epoch
    ]
    lost = data.draw(st.sampled_from(inner)) if inner else None
    kept = [row for row in history.rows if row is not lost]

    assert energy_wh(kept, 0.0, history.rows[-1].taken_at_s) == history.true_wh


@given(histories(), st.lists(st.floats(-1e4, 1e5), min_size=2, max_size=8))
def test_the_parts_of_a_period_add_up_to_it(history: History, edges_s: list[float]) -> None:
    rows, edges_s = list(history.rows), sorted(edges_s)
    parts_wh = [energy_wh(rows, *pair) for pair in pairwise(edges_s)]

    assert sum(parts_wh) == energy_wh(rows, edges_s[0], edges_s[-1])
    assert min(parts_wh) >= 0


@given(histories(rolls_over_at_wh=10**12), st.floats(-1e4, 1e5), st.floats(0, 1e5))
def test_the_rows_around_the_edges_and_epochs_are_enough(
    history: History, from_s: float, span_s: float
) -> None:
    """What a store needs to fetch does not grow with the period."""
    rows, to_s = list(history.rows), from_s + span_s
    few = {row for at_s in (from_s, to_s) for row in _around(rows, at_s)}
    for epoch in {row.epoch for row in rows}:
        inside = [row for row in rows if row.epoch == epoch and from_s <= row.taken_at_s <= to_s]
        few.update(inside[:1] + inside[-1:])

    assert energy_wh(list(few), from_s, to_s) == energy_wh(rows, from_s, to_s)


def _around(rows: list[RegisterRow], at_s: float) -> list[RegisterRow]:
    before = [row for row in rows if row.taken_at_s <= at_s]
    after = [row for row in rows if row.taken_at_s >= at_s]
    return before[-1:] + after[:1]

"""Energy is a pure function of the set of rows, and periods add up."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.registers.register import Epoch, EpochKind, MeterFacts, MeterKind, RegisterRow
from metering.ledger.energy import EnergyBetween, energy_between

ROLLOVER_WH = 10_000
MAX_POWER_W = 5_000.0
STEP_S = 600.0
MOST_WH_A_STEP = int(MAX_POWER_W * STEP_S / 3600.0)
NODE_ID = 1


def meter(rolls_over_at_wh: int = ROLLOVER_WH) -> MeterFacts:
    return MeterFacts(
        meter_id=1,
        serial="H-1",
        kind=MeterKind.HEAT,
        is_simulated=False,
        rolls_over_at_wh=rolls_over_at_wh,
        max_power_w=MAX_POWER_W,
    )


@dataclass(frozen=True)
class History:
    """Rows of a meter that was reset and rolled over, and the energy that truly passed."""

    rows: tuple[RegisterRow, ...]
    epochs: tuple[Epoch, ...]
    true_wh: int


@st.composite
def histories(draw: st.DrawFn, rolls_over_at_wh: int = ROLLOVER_WH) -> History:
    rows: list[RegisterRow] = []
    epochs: list[Epoch] = []
    true_wh, at_s = 0, 0.0
    for number in range(1, draw(st.integers(1, 3)) + 1):
        index_wh = draw(st.integers(0, rolls_over_at_wh - 1))
        steps = draw(st.lists(st.integers(0, MOST_WH_A_STEP), max_size=25))
        begin_s = at_s
        for step_wh in [0, *steps]:
            index_wh = (index_wh + step_wh) % rolls_over_at_wh
            true_wh += step_wh
            rows.append(
                RegisterRow(
                    node_id=NODE_ID,
                    seq=len(rows),
                    taken_at_s=at_s,
                    received_at_s=at_s,
                    index_wh=index_wh,
                )
            )
            at_s += STEP_S
        kind = EpochKind.INSTALL if number == 1 else EpochKind.RESET
        epochs.append(Epoch(number=number, kind=kind, begin_s=begin_s, node_id=NODE_ID, end_s=at_s))
    return History(rows=tuple(rows), epochs=tuple(epochs), true_wh=true_wh)


def energy_wh(
    history: History,
    rows: list[RegisterRow],
    from_s: float,
    to_s: float,
    rolls_over_at_wh: int = ROLLOVER_WH,
) -> int:
    found = energy_between(meter(rolls_over_at_wh), history.epochs, rows, (from_s, to_s))
    assert isinstance(found, EnergyBetween), found
    return found.energy_wh


@given(histories(), st.data())
def test_order_and_repeats_change_nothing(history: History, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history.rows)))
    shuffled = data.draw(st.permutations([*history.rows, *again]))

    assert energy_wh(history, shuffled, 0.0, history.rows[-1].taken_at_s) == history.true_wh


@given(histories(), st.data())
def test_a_lost_row_inside_an_epoch_loses_no_energy(history: History, data: st.DataObject) -> None:
    inner = [
        row
        for before, row, after in zip(
            history.rows, history.rows[1:], history.rows[2:], strict=False
        )
        if _epoch(history, before) == _epoch(history, row) == _epoch(history, after)
    ]
    lost = data.draw(st.sampled_from(inner)) if inner else None
    kept = [row for row in history.rows if row is not lost]

    assert energy_wh(history, kept, 0.0, history.rows[-1].taken_at_s) == history.true_wh


@given(histories(), st.lists(st.floats(-1e4, 1e5), min_size=2, max_size=8))
def test_the_parts_of_a_period_add_up_to_it(history: History, edges_s: list[float]) -> None:
    rows, edges_s = list(history.rows), sorted(edges_s)
    parts_wh = [energy_wh(history, rows, *pair) for pair in pairwise(edges_s)]

    assert sum(parts_wh) == energy_wh(history, rows, edges_s[0], edges_s[-1])
    assert min(parts_wh) >= 0


@given(histories(rolls_over_at_wh=10**12), st.floats(-1e4, 1e5), st.floats(0, 1e5))
def test_the_rows_around_the_edges_and_epochs_are_enough(
    history: History, from_s: float, span_s: float
) -> None:
    """What a store needs to fetch does not grow with the period."""
    rows, to_s = list(history.rows), from_s + span_s
    few = {row for at_s in (from_s, to_s) for row in _around(rows, at_s)}
    for epoch in history.epochs:
        own = [row for row in rows if _epoch(history, row) is epoch]
        inside = [row for row in own if from_s <= row.taken_at_s <= to_s]
        few.update(inside[:1] + inside[-1:])

    few_wh = energy_wh(history, list(few), from_s, to_s, 10**12)
    assert few_wh == energy_wh(history, rows, from_s, to_s, 10**12)


def _epoch(history: History, row: RegisterRow) -> Epoch:
    (found,) = [
        item
        for item in history.epochs
        if item.end_s is not None and item.begin_s <= row.taken_at_s < item.end_s
    ]
    return found


def _around(rows: list[RegisterRow], at_s: float) -> list[RegisterRow]:
    before = [row for row in rows if row.taken_at_s <= at_s]
    after = [row for row in rows if row.taken_at_s >= at_s]
    return before[-1:] + after[:1]

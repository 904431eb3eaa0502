import pytest

from domain.refusal import Refused
from domain.registers.register import (
    Decision,
    Doubt,
    Epoch,
    EpochKind,
    MeterFacts,
    MeterKind,
    RegisterRow,
)
from metering.ledger.course import EDGE_TOLERANCE_S
from metering.ledger.energy import EnergyBetween, energy_between
from metering.ledger.steps import Step, step_between

METER = MeterFacts(meter_id=1, serial="H-1", kind=MeterKind.HEAT, is_simulated=False)
WEAK = MeterFacts(
    meter_id=1, serial="H-1", kind=MeterKind.HEAT, is_simulated=False, max_power_w=2_000.0
)
ROLLS = MeterFacts(
    meter_id=1,
    serial="H-1",
    kind=MeterKind.HEAT,
    is_simulated=False,
    max_power_w=2_000.0,
    rolls_over_at_wh=100_000,
)
FIRST = Epoch(number=1, kind=EpochKind.INSTALL, begin_s=0.0, node_id=1)


def row(seq: int, index_wh: int, *, at_s: float | None = None) -> RegisterRow:
    taken_at_s = float(seq) if at_s is None else at_s
    return RegisterRow(
        node_id=1, seq=seq, taken_at_s=taken_at_s, received_at_s=1e9, index_wh=index_wh
    )


def between(
    rows: list[RegisterRow],
    from_s: float,
    to_s: float,
    meter: MeterFacts = METER,
    epochs: tuple[Epoch, ...] = (FIRST,),
    decisions: tuple[Decision, ...] = (),
) -> EnergyBetween | Refused:
    return energy_between(meter, epochs, rows, (from_s, to_s), decisions)


def energy(result: EnergyBetween | Refused) -> int:
    assert isinstance(result, EnergyBetween), result
    return result.energy_wh


def refusal(result: object) -> str:
    assert isinstance(result, Refused), result
    return result.code


def step(before: RegisterRow, after: RegisterRow, meter: MeterFacts = METER) -> int | Doubt:
    found = step_between(before, after, meter)
    return found.energy_wh if isinstance(found, Step) else found


def test_energy_is_the_difference_of_two_indexes() -> None:
    assert step(row(1, 1_000), row(2, 1_250)) == 250


def test_a_register_that_went_back_is_kept_for_a_person_to_look_at() -> None:
    assert step(row(1, 1_000), row(2, 999)) is Doubt.WENT_BACK


def test_a_small_dip_is_not_forgiven() -> None:
    """No ten-per-cent rule: a dip of one watt-hour is as impossible as a large one."""
    rows = [row(1, 10_000), row(2, 9_999), row(3, 10_500)]

    assert refusal(between(rows, 1.0, 3.0)) == "register.went_back"


def test_what_a_person_rejected_is_bridged_by_the_register() -> None:
    rows = [row(1, 10_000), row(2, 9_999), row(3, 10_500)]
    rejected = Decision(node_id=1, first_seq=2, last_seq=2)

    assert energy(between(rows, 1.0, 3.0, decisions=(rejected,))) == 500


def test_a_rollover_counts_where_the_power_explains_it() -> None:
    assert step(row(1, 99_900, at_s=0), row(2, 400, at_s=3_600), ROLLS) == 500


def test_a_rollover_is_refused_where_the_power_cannot_explain_it() -> None:
    found = step(row(1, 50_000, at_s=0), row(2, 40_000, at_s=3_600), ROLLS)

    assert found is Doubt.WENT_BACK


def test_a_rollover_is_refused_where_the_size_of_the_register_is_not_known() -> None:
    assert step(row(1, 99_900), row(2, 400), WEAK) is Doubt.WENT_BACK


def test_an_index_beyond_the_registers_size_is_no_rollover() -> None:
    assert step(row(1, 199_900, at_s=0), row(2, 100_100, at_s=3_600), ROLLS) is Doubt.WENT_BACK


def test_more_than_can_have_passed_is_refused() -> None:
    assert step(row(1, 100, at_s=0), row(2, 2_100, at_s=60), WEAK) is Doubt.TOO_FAST


@pytest.mark.parametrize("factor", [1_000, 1_000_000])
def test_an_index_in_another_unit_is_named_as_such(factor: int) -> None:
    assert step(row(1, 5_000), row(2, 5_001 * factor), WEAK) is Doubt.UNIT
    assert step(row(1, 5_000 * factor), row(2, 5_001), WEAK) is Doubt.UNIT


def test_a_minute_of_full_power_and_a_step_of_the_display_are_allowed_beyond() -> None:
    full_wh, buffered_wh = 2_000, 33
    assert step(row(1, 0, at_s=0), row(2, full_wh + buffered_wh + 1, at_s=3_600), WEAK) == 2_034
    assert step(row(1, 0, at_s=0), row(2, 2_035, at_s=3_600), WEAK) is Doubt.TOO_FAST


def test_a_plant_that_runs_faster_than_the_clock_may_count_faster() -> None:
    fast = MeterFacts(
        meter_id=1,
        serial="SIM-1",
        kind=MeterKind.HEAT,
        is_simulated=True,
        max_power_w=2_000.0,
        time_factor=120.0,
    )

    assert step(row(1, 0, at_s=0), row(2, 4_000, at_s=60), fast) == 4_000


def test_the_rows_nearest_the_edges_stand_for_them() -> None:
    rows = [row(0, 0, at_s=0), row(1, 100, at_s=95), row(2, 150, at_s=108), row(3, 400, at_s=205)]
    found = between(rows, 100.0, 200.0)

    assert isinstance(found, EnergyBetween)
    assert (found.first.index_wh, found.last.index_wh) == (100, 400)
    assert found.energy_wh == 300
    assert not found.is_estimated


def test_the_register_bridges_a_gap() -> None:
    gap = [row(0, 0, at_s=0), row(1, 10, at_s=60), row(900, 70_000, at_s=86_400)]

    assert energy(between(gap, 0.0, 86_400.0)) == 70_000


def test_a_period_that_ends_inside_a_gap_is_an_estimate() -> None:
    gap = [row(0, 0, at_s=0), row(900, 72_000, at_s=86_400)]
    found = between(gap, 0.0, 43_200.0)

    assert isinstance(found, EnergyBetween)
    assert found.is_estimated
    assert (found.energy_wh, found.last.index_wh, found.last.at_s) == (36_000, 36_000, 43_200.0)


def test_a_meter_that_fell_silent_is_an_estimate_at_its_end() -> None:
    found = between([row(0, 0), row(60, 100)], 0.0, 61.0 + EDGE_TOLERANCE_S)

    assert isinstance(found, EnergyBetween)
    assert found.is_estimated
    assert found.energy_wh == 100


def test_a_reset_register_counts_in_both_epochs_and_not_between_them() -> None:
    rows = [row(1, 900), row(2, 1_000), row(3, 7), row(4, 57)]
    epochs = (
        Epoch(number=1, kind=EpochKind.INSTALL, begin_s=0.0, node_id=1, end_s=2.5),
        Epoch(number=2, kind=EpochKind.RESET, begin_s=2.5, node_id=1),
    )

    assert energy(between(rows, 1.0, 4.0, epochs=epochs)) == 150


def test_indexes_read_off_the_display_count_up_to_the_reset_and_from_it_on() -> None:
    rows = [row(1, 900), row(2, 1_000), row(3, 7), row(4, 57)]
    closed = Epoch(
        number=1,
        kind=EpochKind.INSTALL,
        begin_s=0.0,
        node_id=1,
        end_s=2.5,
        closing_index_wh=1_010,
    )
    opened = Epoch(number=2, kind=EpochKind.RESET, begin_s=2.5, node_id=1, opening_index_wh=0)

    assert energy(between(rows, 1.0, 4.0, epochs=(closed, opened))) == 110 + 57


def test_a_clock_set_back_is_in_doubt_and_bridged_once_it_is_rejected() -> None:
    rows = [row(1, 100, at_s=1_000), row(2, 200, at_s=400), row(3, 300, at_s=1_060)]
    rejected = Decision(node_id=1, first_seq=2, last_seq=2)

    assert refusal(between(rows, 0.0, 2_000.0)) == "register.clock_back"
    assert energy(between(rows, 0.0, 1_060.0, decisions=(rejected,))) == 200


def test_the_same_row_told_with_two_values_is_refused() -> None:
    rows = [row(1, 100), row(1, 101), row(2, 150)]

    assert refusal(between(rows, 1.0, 2.0)) == "register.conflict"


def test_a_meter_without_an_index_has_no_energy_to_tell() -> None:
    assert refusal(between([], 0.0, 1.0)) == "register.empty"


def test_a_period_must_not_end_before_it_begins() -> None:
    assert refusal(between([row(1, 1)], 2.0, 1.0)) == "period.reversed"


@pytest.mark.parametrize("at_s", [-50.0, 0.0, 1e6])
def test_an_instant_has_no_energy(at_s: float) -> None:
    rows = [row(1, 100), row(2, 150), row(3, 175)]

    assert energy(between(rows, at_s, at_s)) == 0

import pytest

from domain.refusal import Refused
from metering.registers import (
    EDGE_TOLERANCE_S,
    EnergyBetween,
    Meter,
    RegisterRow,
    billable,
    delta_wh,
    heat_between,
)

METER = Meter(serial="H-1")


def row(seq: int, index_wh: int, *, at_s: float | None = None, epoch: int = 1) -> RegisterRow:
    return RegisterRow(
        epoch=epoch, seq=seq, taken_at_s=float(seq) if at_s is None else at_s, index_wh=index_wh
    )


def energy(result: EnergyBetween | Refused) -> int:
    assert isinstance(result, EnergyBetween), result
    return result.energy_wh


def refusal(result: object) -> str:
    assert isinstance(result, Refused), result
    return result.code


def test_energy_is_the_difference_of_two_indexes() -> None:
    assert delta_wh(row(1, 1_000), row(2, 1_250), METER) == 250


def test_a_register_that_went_back_is_kept_for_a_person_to_look_at() -> None:
    assert refusal(delta_wh(row(1, 1_000), row(2, 999), METER)) == "register.went_back"


def test_a_small_dip_is_not_forgiven() -> None:
    """No ten-per-cent rule: a dip of one watt-hour is as impossible as a large one."""
    rows = [row(1, 10_000), row(2, 9_999), row(3, 10_500)]

    assert refusal(heat_between(rows, 1.0, 3.0, METER)) == "register.went_back"


def test_indexes_of_two_epochs_are_never_subtracted() -> None:
    refused = delta_wh(row(9, 5_000), row(10, 6_000, epoch=2), METER)

    assert refusal(refused) == "register.epochs_differ"


def test_a_rollover_counts_where_the_power_explains_it() -> None:
    meter = Meter(serial="H-1", rolls_over_at_wh=100_000, max_power_w=2_000.0)

    assert delta_wh(row(1, 99_900, at_s=0), row(2, 400, at_s=3_600), meter) == 500


def test_a_rollover_is_refused_where_the_power_cannot_explain_it() -> None:
    meter = Meter(serial="H-1", rolls_over_at_wh=100_000, max_power_w=2_000.0)
    refused = delta_wh(row(1, 50_000, at_s=0), row(2, 40_000, at_s=3_600), meter)

    assert refusal(refused) == "register.went_back"


def test_a_rollover_is_refused_where_the_meters_power_is_not_known() -> None:
    meter = Meter(serial="H-1", rolls_over_at_wh=100_000)

    assert refusal(delta_wh(row(1, 99_900), row(2, 400), meter)) == "register.went_back"


def test_more_than_can_have_passed_is_refused() -> None:
    meter = Meter(serial="H-1", max_power_w=2_000.0)
    hour = (row(1, 0, at_s=0), row(2, 2_000_000, at_s=3_600))

    assert refusal(delta_wh(*hour, meter)) == "register.too_fast"


def test_one_step_of_the_display_is_allowed_beyond_full_power() -> None:
    meter = Meter(serial="H-1", max_power_w=2_000.0)

    assert delta_wh(row(1, 0, at_s=0), row(2, 2_001, at_s=3_600), meter) == 2_001


def test_a_plant_that_runs_faster_than_the_clock_may_count_faster() -> None:
    meter = Meter(serial="SIM-1", is_simulated=True, max_power_w=2_000.0, time_factor=120.0)

    assert delta_wh(row(1, 0, at_s=0), row(2, 4_000, at_s=60), meter) == 4_000


def test_the_rows_nearest_the_edges_stand_for_them() -> None:
    rows = [row(0, 0, at_s=0), row(1, 100, at_s=95), row(2, 150, at_s=108), row(3, 400, at_s=205)]
    between = heat_between(rows, 100.0, 200.0, METER)

    assert isinstance(between, EnergyBetween)
    assert (between.first.index_wh, between.last.index_wh) == (100, 400)
    assert between.energy_wh == 300
    assert between.edge_gap_s == 5.0
    assert not between.is_estimated


def test_the_register_bridges_a_gap() -> None:
    gap = [row(0, 0, at_s=0), row(1, 10, at_s=60), row(900, 70_000, at_s=86_400)]

    assert energy(heat_between(gap, 0.0, 86_400.0, METER)) == 70_000


def test_a_period_that_ends_inside_a_gap_is_an_estimate() -> None:
    gap = [row(0, 0, at_s=0), row(900, 70_000, at_s=86_400)]
    between = heat_between(gap, 0.0, 86_400.0 - 2 * EDGE_TOLERANCE_S, METER)

    assert isinstance(between, EnergyBetween)
    assert between.is_estimated


def test_a_swapped_meter_counts_in_both_epochs_and_not_between_them() -> None:
    rows = [row(1, 900), row(2, 1_000), row(3, 7, epoch=2), row(4, 57, epoch=2)]

    assert energy(heat_between(rows, 1.0, 4.0, METER)) == 150


def test_a_clock_set_back_does_not_reorder_the_register() -> None:
    rows = [row(1, 100, at_s=1_000), row(2, 200, at_s=400), row(3, 300, at_s=1_060)]

    assert energy(heat_between(rows, 0.0, 2_000.0, METER)) == 200
    assert energy(heat_between(rows, 400.0, 1_030.0, METER)) == 0


def test_the_same_row_told_with_two_values_is_refused() -> None:
    rows = [row(1, 100), row(1, 101), row(2, 150)]

    assert refusal(heat_between(rows, 1.0, 2.0, METER)) == "register.conflict"


def test_a_meter_without_an_index_has_no_energy_to_tell() -> None:
    assert refusal(heat_between([], 0.0, 1.0, METER)) == "register.empty"


def test_a_period_must_not_end_before_it_begins() -> None:
    assert refusal(heat_between([row(1, 1)], 2.0, 1.0, METER)) == "period.reversed"


def test_a_simulated_meter_never_enters_a_statement() -> None:
    refused = billable(Meter(serial="SIM-7", is_simulated=True))

    assert refusal(refused) == "meter.simulated"


def test_a_real_meter_may_enter_a_statement() -> None:
    assert billable(METER) == METER


@pytest.mark.parametrize("at_s", [-50.0, 0.0, 1e6])
def test_an_instant_has_no_energy(at_s: float) -> None:
    rows = [row(1, 100), row(2, 150), row(3, 175)]

    assert energy(heat_between(rows, at_s, at_s, METER)) == 0

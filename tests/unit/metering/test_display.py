"""What a display may show beside what the node told."""

import pytest

from domain.refusal import Refused
from domain.registers.register import MeterFacts, MeterKind, RegisterRow
from metering.ledger.display import disagreement

TOLD_AT_S = 1_770_000_000.0
TOLD_WH = 12_345_678


def meter(
    *,
    max_power_w: float | None = 36_000.0,
    tolerance_frac: float | None = None,
    time_factor: float = 1.0,
    digit_wh: int = 1,
) -> MeterFacts:
    return MeterFacts(
        meter_id=1,
        serial="KAM-60213",
        kind=MeterKind.HEAT,
        is_simulated=time_factor != 1.0,
        time_factor=time_factor,
        max_power_w=max_power_w,
        digit_wh=digit_wh,
        tolerance_frac=tolerance_frac,
    )


def row(index_wh: int = TOLD_WH) -> RegisterRow:
    return RegisterRow(
        node_id=1,
        seq=1,
        index_wh=index_wh,
        taken_at_s=TOLD_AT_S,
        received_at_s=TOLD_AT_S,
        is_simulated=False,
    )


def agrees(shown_wh: int, after_s: float = 0.0, known: MeterFacts | None = None) -> bool:
    return disagreement(row(), TOLD_AT_S + after_s, shown_wh, known or meter()) is None


def test_what_was_told_agrees_whoever_reads_it() -> None:
    assert agrees(TOLD_WH)
    assert agrees(TOLD_WH, known=meter(max_power_w=None))
    assert agrees(TOLD_WH, known=meter(time_factor=120.0))


def test_digits_that_were_left_out_are_no_difference() -> None:
    assert agrees(12_345_600, known=meter(max_power_w=None))
    assert agrees(12_345_000, known=meter(max_power_w=None))
    assert not agrees(12_344_000, known=meter(max_power_w=None))
    assert not agrees(12_345_600 - 11, known=meter(max_power_w=None))


def test_a_register_counts_on_and_not_back() -> None:
    # 36 kW are 10 Wh a second: in ten minutes and the minute that a meter may lag, 6.6 kWh.
    assert agrees(TOLD_WH + 6_601, after_s=600.0)
    assert not agrees(TOLD_WH + 6_603, after_s=600.0)
    assert not agrees(TOLD_WH - 53, after_s=600.0)
    assert agrees(TOLD_WH - 6_051, after_s=-600.0)
    assert not agrees(TOLD_WH - 6_053, after_s=-600.0)
    assert not agrees(TOLD_WH + 603, after_s=-600.0)


def test_the_error_of_its_class_counts_and_no_more() -> None:
    with_error = meter(tolerance_frac=0.05)

    assert agrees(TOLD_WH + 6_931, after_s=600.0, known=with_error)
    assert not agrees(TOLD_WH + 6_933, after_s=600.0, known=with_error)


@pytest.mark.parametrize("factor", [1.0, 120.0, 3600.0])
def test_time_that_runs_faster_lets_no_wrong_index_pass(factor: float) -> None:
    # At 120 times the clock the minute of the buffer alone would have let 72 kWh pass.
    assert not agrees(TOLD_WH + 2_001, known=meter(time_factor=factor))


def test_the_refusal_says_by_which_rule() -> None:
    known = meter(tolerance_frac=0.05)
    refused = disagreement(row(), TOLD_AT_S + 600.0, 20_000_000, known)
    thousandfold = disagreement(row(), TOLD_AT_S, TOLD_WH * 1000, known)

    assert isinstance(refused, Refused)
    assert isinstance(thousandfold, Refused)
    assert refused.code == "meter.disagrees"
    assert "shows 20000 kWh where the node told 12345.678 kWh at 2026-02-02T" in refused.sentence
    assert "in the 600 s between them its limit of 36 kW and its error of 5%" in refused.sentence
    assert "6.93 kWh at most" in refused.sentence
    assert "a factor of 1000" in thousandfold.sentence

import numpy as np
import pytest

from simulation.plant.meter import Meters, count, draw_bias_frac, permissible_error_frac


def test_a_meter_counts_whole_pulses_and_carries_the_rest() -> None:
    meters = count(Meters.at_zero(1), np.array([36_000.0]), 2.5, pulse_wh=10)

    assert int(meters.register_wh[0]) == 20
    assert float(meters.carried_j[0]) == 5 * 3600.0


def test_short_steps_count_what_one_long_step_counts() -> None:
    meters = Meters.at_zero(1)
    for _ in range(7200):
        meters = count(meters, np.array([500.0]), 1.0, pulse_wh=10)

    assert int(meters.register_wh[0]) == 1000


def test_no_power_no_pulse() -> None:
    meters = count(Meters.at_zero(2), np.array([0.0, 3600.0]), 1.0, pulse_wh=1)

    assert meters.register_wh.tolist() == [0, 1]


def test_a_meter_that_is_reset_begins_again_and_the_others_go_on() -> None:
    meters = count(Meters.at_zero(2), np.array([5000.0, 5000.0]), 3600.0, pulse_wh=10).reset(0)
    meters = count(meters, np.array([100.0, 100.0]), 3600.0, pulse_wh=10)

    assert meters.register_wh.tolist() == [100, 5100]


def test_a_class_2_meter_may_err_more_the_smaller_its_difference() -> None:
    percent = 100 * permissible_error_frac(np.array([5.0, 10.0, 30.0]))

    assert percent == pytest.approx([5.4, 4.2, 3.4], abs=0.05)


def test_new_meters_err_to_both_sides_within_half_of_what_is_permitted() -> None:
    bias_frac = draw_bias_frac(np.random.default_rng(1), np.full(1000, 5.0))

    assert bias_frac.min() < -0.025 < 0.025 < bias_frac.max()
    assert abs(bias_frac).max() <= permissible_error_frac(np.array([5.0]))[0] / 2

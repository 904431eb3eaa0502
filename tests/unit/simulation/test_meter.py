import numpy as np

from simulation.plant.meter import Meters, count


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

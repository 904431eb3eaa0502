import numpy as np
import pytest

from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, gains_k_per_w, loss_w_per_k

STORAGE_J_PER_K = 300.0 * WATER_HEAT_J_PER_KG_K
LOSS_W_PER_K, ROOM_C, COLD_C = 2.0, 20.0, 12.0


def _step(start_c: float, *, heat_w: float = 0.0, draw: float = 0.0, dt_s: float) -> float:
    draw_w_per_k = draw * WATER_HEAT_J_PER_KG_K
    load_w_per_k = LOSS_W_PER_K + draw_w_per_k
    load_w = LOSS_W_PER_K * (start_c - ROOM_C) + draw_w_per_k * (start_c - COLD_C)
    end_k_per_w, _ = gains_k_per_w(np.array([STORAGE_J_PER_K]), np.array([load_w_per_k]), dt_s)
    return start_c + (heat_w - load_w) * float(end_k_per_w[0])


def test_a_tank_left_alone_cools_along_the_exponential() -> None:
    dt_s = 36 * 3600.0
    expected_c = 20.0 + 30.0 * np.exp(-2.0 * dt_s / STORAGE_J_PER_K)

    assert _step(50.0, dt_s=dt_s) == pytest.approx(expected_c, abs=1e-9)


def test_many_short_steps_equal_one_long_step() -> None:
    temp_c = 44.0
    for _ in range(600):
        temp_c = _step(temp_c, heat_w=1500.0, draw=0.02, dt_s=6.0)

    assert temp_c == pytest.approx(_step(44.0, heat_w=1500.0, draw=0.02, dt_s=3600.0), abs=1e-9)


def test_the_mean_of_a_step_is_that_of_its_shorter_steps() -> None:
    load_w_per_k = np.array([500.0])
    storage = np.array([STORAGE_J_PER_K])
    end_k_per_w, mean_k_per_w = gains_k_per_w(storage, load_w_per_k, 10.0)
    temp_k, total_k = 0.0, 0.0
    for _ in range(360):
        surplus_w = 1000.0 - 500.0 * temp_k
        total_k += temp_k + surplus_w * float(mean_k_per_w[0])
        temp_k += surplus_w * float(end_k_per_w[0])
    long_end, long_mean = gains_k_per_w(storage, load_w_per_k, 3600.0)

    assert temp_k == pytest.approx(1000.0 * float(long_end[0]), rel=1e-9)
    assert total_k / 360 == pytest.approx(1000.0 * float(long_mean[0]), rel=1e-9)


def test_two_kilowatts_for_ten_seconds_at_120_times_real_time_can_be_seen() -> None:
    rise_k = _step(30.0, heat_w=2000.0, dt_s=1200.0) - 30.0

    assert 1.5 < rise_k < 2.0  # 2 kW * 1200 s / (300 kg * 4.187 kJ/kg/K) = 1.9 K, less losses


def test_a_draw_replaces_warm_water_by_cold() -> None:
    assert 12.0 < _step(40.0, draw=0.1, dt_s=3600.0) < _step(40.0, dt_s=3600.0)


def test_a_cubic_metre_of_class_c_loses_what_the_label_allows() -> None:
    # 16.66 + 8.33 * 1000^0.4 = 149 W at 45 K.
    assert float(loss_w_per_k(np.array([1000.0]))[0]) == pytest.approx(149.0 / 45.0, rel=0.005)

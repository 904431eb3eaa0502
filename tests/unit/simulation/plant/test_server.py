import numpy as np
import pytest

from simulation.plant.server import (
    RACK_SERVER,
    Servers,
    busy_power_w,
    captured_w,
    power_for_w,
    speed_frac,
    throttled,
)

ROOM_C = np.array([25.0])
ONE = np.ones(1)
SERVERS = Servers(
    idle_power_w=np.array([400.0]),
    max_power_w=np.array([2000.0]),
    standby_power_w=np.array([40.0]),
    inlet_limit_c=np.array([50.0]),
)
COOLANT_ABOVE_WATER_K = 6.0


def _captured_w(power_w: float, water_c: float) -> float:
    return float(captured_w(SERVERS, power_w * ONE, water_c * ONE, ROOM_C)[0])


@pytest.mark.parametrize(("coolant_c", "share"), [(30.0, 0.975), (60.0, 0.95)])
def test_full_power_is_captured_as_makers_of_boilers_claim(coolant_c: float, share: float) -> None:
    heat_w = _captured_w(2000.0, coolant_c - COOLANT_ABOVE_WATER_K * share)

    assert heat_w / 2000.0 == pytest.approx(share, abs=1e-4)


def test_cooler_water_takes_up_more_of_the_heat_and_never_more_than_there_is() -> None:
    shares = [_captured_w(2000.0, water_c) / 2000.0 for water_c in (60.0, 30.0, 5.0, -50.0)]

    assert shares == sorted(shares)
    assert shares[-1] < 1.0


def test_standby_warms_the_room_and_not_hot_water() -> None:
    assert _captured_w(40.0, 60.0) == 0.0
    assert _captured_w(40.0, 20.0) > 30.0


@pytest.mark.parametrize("water_c", [10.0, 45.0, 59.0])
@pytest.mark.parametrize("heat_w", [0.0, 15.0, 1800.0])
def test_the_power_for_a_heat_is_the_greatest_that_brings_no_more(
    heat_w: float, water_c: float
) -> None:
    power_w = float(power_for_w(SERVERS, heat_w * ONE, water_c * ONE, ROOM_C)[0])

    assert _captured_w(power_w, water_c) == pytest.approx(heat_w, abs=1e-9)
    assert _captured_w(power_w + 1.0, water_c) > heat_w


def test_a_rack_off_takes_standby_and_a_full_one_full_power() -> None:
    off_w = busy_power_w(RACK_SERVER, n_servers=4, n_running=0, busy_cores=0)
    one_w = busy_power_w(RACK_SERVER, n_servers=4, n_running=1, busy_cores=8)
    full_w = busy_power_w(RACK_SERVER, n_servers=4, n_running=4, busy_cores=64)

    assert (off_w, one_w, full_w) == (40.0, 3 * 10.0 + 100.0 + 200.0, 2000.0)


def test_half_the_clock_computes_faster_than_it_heats() -> None:
    half_w = busy_power_w(RACK_SERVER, n_servers=1, n_running=1, busy_cores=16, clock_frac=0.5)
    speed = speed_frac(RACK_SERVER, (half_w - 100.0) / 400.0)

    assert speed == pytest.approx(0.5**0.7)
    assert speed > half_w / 500.0


def _throttled(n_running: int, busy_cores: float, allowed_w: float) -> tuple[float, float]:
    return throttled(
        RACK_SERVER, n_servers=4, n_running=n_running, busy_cores=busy_cores, allowed_w=allowed_w
    )


def test_a_rack_that_is_allowed_enough_runs_at_full_speed() -> None:
    assert _throttled(2, 32, 1e6) == (2 * 10.0 + 1000.0, 1.0)


def test_half_the_power_is_about_three_quarters_of_the_speed() -> None:
    power_w, speed = _throttled(4, 64, 1000.0)

    # (x - 0.2) / 0.8 = 0.375 of the power above idle; 0.375^(0.7 / 2.2) = 0.732.
    assert power_w == 1000.0
    assert speed == pytest.approx(0.732, abs=0.001)


def test_a_rack_that_is_allowed_nothing_stands_still_on_standby() -> None:
    assert _throttled(4, 64, 0.0) == (40.0, 0.0)

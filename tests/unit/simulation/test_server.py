import numpy as np
import pytest

from simulation.plant.server import (
    Floats,
    Servers,
    allowed_power_w,
    captured,
    drive,
    wanted_power_w,
)

ROOM_C = np.array([25.0])
ONE = np.ones(1)
SERVERS = Servers(
    idle_power_w=np.array([400.0]),
    max_power_w=np.array([2000.0]),
    standby_power_w=np.array([10.0]),
    inlet_limit_c=np.array([50.0]),
)


def _power_w(
    water_c: float, *, use: float = 1.0, limit: float = 1.0, was_shut_down: bool = False
) -> float:
    running = drive(
        SERVERS,
        use_frac=use * ONE,
        power_limit_frac=limit * ONE,
        was_shut_down=np.array([was_shut_down]),
        water_temp_c=water_c * ONE,
        room_temp_c=ROOM_C,
    )
    return float(running.power_w[0])


def _capture_frac(power_w: Floats, water_c: float) -> float:
    return float((captured(SERVERS, power_w, water_c * ONE, ROOM_C).water_w / power_w)[0])


@pytest.mark.parametrize(("use", "power_w"), [(0.0, 400.0), (0.5, 1200.0), (1.0, 2000.0)])
def test_power_grows_with_use_from_a_fifth_at_idle(use: float, power_w: float) -> None:
    assert float(wanted_power_w(SERVERS, use * ONE)[0]) == power_w


def test_cooler_water_takes_up_more_of_the_heat() -> None:
    full_w = np.array([2000.0])

    assert _capture_frac(full_w, 45.0) < _capture_frac(full_w, 30.0) < 1.0
    # 2.86 W/K of cabinet loss, and a mean coolant 6 K above water of 30 degC.
    assert _capture_frac(full_w, 30.0) == pytest.approx(0.984, abs=0.001)


def test_heat_and_cabinet_loss_are_all_of_the_electricity() -> None:
    heat = captured(SERVERS, np.array([1234.5]), np.array([44.0]), ROOM_C)

    assert float((heat.water_w + heat.cabinet_w)[0]) == 1234.5


def test_standby_heats_the_room_and_not_hot_water() -> None:
    heat = captured(SERVERS, np.array([10.0]), np.array([45.0]), ROOM_C)

    assert float(heat.water_w[0]) == 0.0
    assert float(heat.inlet_temp_c[0]) == 45.0


def test_coolant_enters_above_the_water_and_leaves_warmer() -> None:
    heat = captured(SERVERS, np.array([2000.0]), np.array([30.0]), ROOM_C)

    assert 30.0 < float(heat.inlet_temp_c[0]) <= 31.0
    assert 9.0 < float((heat.supply_temp_c - heat.inlet_temp_c)[0]) <= 10.0


@pytest.mark.parametrize("water_c", [49.1, 49.5, 49.8])
def test_servers_throttle_themselves_to_hold_their_inlet_at_its_limit(water_c: float) -> None:
    power_w = allowed_power_w(SERVERS, water_c * ONE, ROOM_C)
    heat = captured(SERVERS, power_w, water_c * ONE, ROOM_C)

    assert float(heat.inlet_temp_c[0]) == pytest.approx(50.0, abs=1e-9)
    assert _power_w(water_c) == pytest.approx(float(power_w[0]))


def test_servers_shut_down_where_even_idling_is_too_hot() -> None:
    assert _power_w(49.95) == 10.0
    assert _power_w(60.0) == 10.0


def test_servers_that_shut_down_stay_off_until_the_water_has_cooled() -> None:
    assert _power_w(49.5, was_shut_down=True) == 10.0
    assert _power_w(48.9, was_shut_down=True) == 2000.0


def test_a_limit_caps_the_power() -> None:
    assert _power_w(30.0, limit=0.5) == 1000.0
    assert _power_w(30.0, use=0.1, limit=0.5) == pytest.approx(560.0)


def test_a_limit_at_the_idle_share_idles_and_one_below_switches_off() -> None:
    assert _power_w(30.0, limit=0.2) == 400.0
    assert _power_w(30.0, limit=0.199) == 10.0

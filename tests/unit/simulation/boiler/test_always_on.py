import numpy as np
import pytest

from simulation.boiler.always_on import Orders, drive, wanted_power_w
from simulation.plant.server import Servers

ONE = np.ones(1)
SERVERS = Servers(
    idle_power_w=np.array([400.0]),
    max_power_w=np.array([2000.0]),
    standby_power_w=np.array([10.0]),
    inlet_limit_c=np.array([50.0]),
)


def _power_w(
    *,
    water_c: float = 30.0,
    allowed_w: float = 2000.0,
    use: float = 1.0,
    limit: float = 1.0,
    was_shut_down: bool = False,
) -> float:
    running = drive(
        SERVERS,
        Orders(use_frac=use * ONE, power_limit_frac=limit * ONE),
        allowed_w=allowed_w * ONE,
        was_shut_down=np.array([was_shut_down]),
        water_temp_c=water_c * ONE,
    )
    return float(running.power_w[0])


@pytest.mark.parametrize(("use", "power_w"), [(0.0, 400.0), (0.5, 1200.0), (1.0, 2000.0)])
def test_power_grows_with_use_from_a_fifth_at_idle(use: float, power_w: float) -> None:
    assert float(wanted_power_w(SERVERS, use * ONE)[0]) == power_w


def test_servers_keep_to_what_their_firmware_allows() -> None:
    assert _power_w(allowed_w=900.0) == 900.0


def test_servers_shut_down_where_even_idling_is_too_hot() -> None:
    assert _power_w(allowed_w=399.0) == 10.0


def test_servers_that_shut_down_stay_off_until_the_water_has_cooled() -> None:
    assert _power_w(water_c=49.5, was_shut_down=True) == 10.0
    assert _power_w(water_c=48.9, was_shut_down=True) == 2000.0


def test_a_limit_caps_the_power() -> None:
    assert _power_w(limit=0.5) == 1000.0
    assert _power_w(use=0.1, limit=0.5) == pytest.approx(560.0)


def test_a_limit_at_the_idle_share_idles_and_one_below_switches_off() -> None:
    assert _power_w(limit=0.2) == 400.0
    assert _power_w(limit=0.199) == 10.0

"""A server that is slowed down for heat costs no work more energy than one that is not."""

from hypothesis import given
from hypothesis import strategies as st

from simulation.plant.server import RACK_SERVER, throttled

STANDBY_W = 4 * RACK_SERVER.standby_power_w


def _throttled(n_running: int, busy_cores: float, allowed_w: float) -> tuple[float, float]:
    return throttled(
        RACK_SERVER, n_servers=4, n_running=n_running, busy_cores=busy_cores, allowed_w=allowed_w
    )


@given(
    n_running=st.integers(1, 4),
    use_frac=st.floats(0.01, 1.0),
    allowed_frac=st.floats(0.0, 1.0),
)
def test_no_throttled_job_takes_more_energy_than_at_full_speed(
    n_running: int, use_frac: float, allowed_frac: float
) -> None:
    cores = 16 * n_running * use_frac
    full_w, _ = _throttled(n_running, cores, 1e9)
    allowed_w = STANDBY_W + allowed_frac * (full_w - STANDBY_W)
    power_w, speed = _throttled(n_running, cores, allowed_w)

    assert power_w <= allowed_w + 1e-9
    assert 0.0 <= speed <= 1.0
    assert power_w - STANDBY_W <= speed * (full_w - STANDBY_W) + 1e-9


@given(first=st.floats(0.0, 2100.0), second=st.floats(0.0, 2100.0), cores=st.integers(0, 64))
def test_more_power_is_never_slower(first: float, second: float, cores: int) -> None:
    less, more = sorted((first, second))

    assert _throttled(4, cores, less)[1] <= _throttled(4, cores, more)[1] + 1e-12

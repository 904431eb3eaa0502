"""The twin is taken down hour by hour, and the plant's limits are read off it."""

import numpy as np
import pytest

from simulation.district.site import SiteKind
from simulation.oracle.plant_series import series_of
from simulation.oracle.twin import TwinRecorder, run_twin
from simulation.plant.stepping import step
from tests.support.oracle_districts import Stage

STAGE = Stage(
    storage_factor=1.0, power_factor=1.2, first_hour=300, n_hours=5, step_s=600.0, fill_seed=3
)
FLEET = STAGE.district.fleet


def test_boiler_heat_is_that_of_the_plant_with_its_servers_off() -> None:
    record, state = STAGE.twin(), STAGE.start()
    for hour in range(STAGE.n_hours):
        burnt_wh = np.zeros(FLEET.n_sites)
        for _ in range(6):
            state, flows = step(FLEET, state, np.zeros(FLEET.n_sites), STAGE.forcing(hour), 600.0)
            burnt_wh += flows.backup_w / 6
        assert record.boiler_wh[:, hour] == pytest.approx(burnt_wh)
        assert record.last_temp_c[:, hour] == pytest.approx(state.water_temp_c)


def test_a_record_is_not_made_of_part_of_an_hour() -> None:
    recorder = TwinRecorder(FLEET, step_s=600.0, n_hours=1)
    state, forcing = STAGE.start(), STAGE.forcing(0)
    for _ in range(5):
        after, flows = step(FLEET, state, np.zeros(FLEET.n_sites), forcing, 600.0)
        recorder.add(state, flows, after, forcing)
        state = after

    with pytest.raises(ValueError, match="5 steps were taken down, not 6"):
        recorder.record()


def test_the_room_of_a_store_ends_at_its_limit() -> None:
    series, record = series_of(FLEET, STAGE.twin()), STAGE.twin()

    room_k = series.excess_max_wh * 3600.0 / FLEET.storage_j_per_k[:, None]

    has_basin = np.array([site.basin is not None for site in STAGE.district.sites])
    limit_c = np.broadcast_to(FLEET.limit_temp_c[:, None], room_k.shape)
    assert (record.last_temp_c + room_k)[~has_basin] == pytest.approx(limit_c[~has_basin])
    assert ((record.last_temp_c + room_k)[has_basin] <= limit_c[has_basin] + 1e-9).all()


def test_useful_heat_of_a_preheat_tank_ends_where_its_draw_is_at_the_limit() -> None:
    record, series = STAGE.twin(), STAGE.series()
    kinds = [site.kind for site in STAGE.district.sites]
    row = kinds.index(SiteKind.PREHEAT_TANK)

    assert (series.useful_max_wh[row] < record.boiler_wh[row]).all()
    assert series.useful_max_wh[row] == pytest.approx(record.draw_room_wh[row])


def test_servers_that_are_always_on_have_less_power_to_give() -> None:
    record = run_twin(FLEET, STAGE.start(), STAGE.forcing, n_hours=5, step_s=600.0)

    off, on = series_of(FLEET, record), series_of(FLEET, record, FLEET.servers.idle_power_w)

    spare_w = FLEET.servers.idle_power_w - FLEET.servers.standby_power_w
    assert off.power_max_wh - on.power_max_wh == pytest.approx(spare_w)

from dataclasses import replace

import numpy as np
import pytest

from simulation.boiler.always_on import Orders, advance
from simulation.boiler.sites import START_PLANT_TIME_S, default_sites, fleet_of
from simulation.plant.fleet import start


def test_default_sites_differ_in_water_and_habit() -> None:
    sites = default_sites(4)

    assert len({site.tank_kg for site in sites}) == 4
    assert len({site.habit for site in sites}) == 4
    assert [site.start_temp_c for site in sites] == [22.0, 31.0, 38.0, 46.0]


def test_any_number_of_default_sites_is_sound_and_told_apart() -> None:
    sites = default_sites(500)

    assert [site.problem() for site in sites if site.problem()] == []
    assert len({site.name for site in sites}) == 500
    assert len({site.heat_meter_serial for site in sites}) == 500


def test_more_sites_leave_the_first_ones_as_they_were() -> None:
    assert default_sites(9)[:4] == default_sites(4)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"idle_power_w": 3000.0}, "idle_power_w"),
        ({"tank_kg": 0.0}, "tank_kg"),
        ({"start_temp_c": 50.0}, "limit"),
        ({"max_power_w": float("nan")}, "finite"),
    ],
)
def test_a_site_that_cannot_be_is_refused_in_a_sentence(
    change: dict[str, float], word: str
) -> None:
    site = replace(default_sites(1)[0], **change)  # type: ignore[arg-type]

    assert word in str(site.problem())


def test_idle_boilers_leave_room_for_work_on_an_ordinary_day() -> None:
    sites = default_sites(4)
    boilers = fleet_of(sites)
    state = start(
        boilers.fleet,
        plant_time_s=START_PLANT_TIME_S,
        water_temp_c=np.array([site.start_temp_c for site in sites]),
    )
    idle = Orders(use_frac=np.zeros(4), power_limit_frac=np.ones(4))
    for _ in range(24):
        state, _ = advance(boilers, state, idle, 3600.0)

    assert (state.water_temp_c < 40.0).all()
    assert (state.water_temp_c > 14.0).all()

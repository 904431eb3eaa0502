"""What a job shows of the water it heats, and of the energy it used so far."""

from typing import Any

import pytest

from tests.support.http_scene import HttpScene


def _look(http: HttpScene, job_id: int) -> dict[str, Any]:
    answer: dict[str, Any] = http.get(f"/v1/jobs/{job_id}").json()
    return answer


@pytest.fixture
def node_id(http: HttpScene) -> int:
    """A node of 8 cores that adds 10 W a busy core, nine tenths of it to its water."""
    site_id = http.site("pool")
    made = http.node(site_id, cores=8, idle_power_w=20.0, max_power_w=100.0, capture_frac=0.9)
    http.read_instruments(made, water_temp_c=31.5)
    return made


def test_a_running_job_shows_its_water_and_an_estimate(http: HttpScene, node_id: int) -> None:
    job_id = http.submit(command=["sim"], options=["-n", "4"])
    waiting = _look(http, job_id)
    (key,) = http.start()
    http.clock.advance(90.0)
    running = _look(http, job_id)
    http.read_instruments(node_id, water_temp_c=32.0)
    warmer = _look(http, job_id)
    http.finish(key, wall_s=90.0, cpu_s=180.0)
    ended = _look(http, job_id)

    assert (waiting["water"], waiting["energy"]) == (None, None)
    assert running["water"] == {"water_temp_c": 31.5, "reading_age_s": pytest.approx(90.0)}
    assert running["energy"] == {
        "energy_estimate_wh": pytest.approx(4 * 10.0 * 90.0 / 3600),
        "heat_estimate_wh": pytest.approx(0.9 * 4 * 10.0 * 90.0 / 3600),
        "heat_frac": pytest.approx(0.9),
        "is_running": True,
        "is_simulated": True,
    }
    assert warmer["water"] == {"water_temp_c": 32.0, "reading_age_s": 0.0}
    assert ended["water"] is None
    assert ended["energy"]["energy_estimate_wh"] == pytest.approx(10.0 * 180.0 / 3600)
    assert ended["energy"]["is_running"] is False
    assert ended["attempts"][0]["heat_estimate_wh"] == pytest.approx(0.45)


@pytest.mark.usefixtures("node_id")
def test_water_that_nobody_reads_is_unknown(http: HttpScene) -> None:
    job_id = http.submit(command=["sim"])
    http.start()
    http.clock.advance(301.0)

    assert _look(http, job_id)["water"] == {
        "water_temp_c": None,
        "reading_age_s": pytest.approx(301.0),
    }


@pytest.mark.usefixtures("node_id")
def test_another_node_at_the_same_water_reads_it_too(http: HttpScene) -> None:
    job_id = http.submit(command=["sim"], options=["-w", "boiler"])
    http.start()
    http.clock.advance(301.0)
    beside = http.node(1, "beside")
    http.read_instruments(beside, "beside", water_temp_c=40.0)
    elsewhere = http.node(http.site("elsewhere"), "elsewhere")
    http.clock.advance(1.0)
    http.read_instruments(elsewhere, "elsewhere", water_temp_c=12.0)

    assert _look(http, job_id)["water"]["water_temp_c"] == 40.0


def test_what_every_attempt_used_is_summed(http: HttpScene, node_id: int) -> None:
    job_id = http.submit(command=["sim"], options=["--max-attempts=2", "-N1", "--exclusive"])
    (key,) = http.start()
    http.finish(key, reason="program_failed", exit_code=1, wall_s=36.0, cpu_s=360.0)
    http.clock.advance(600.0)
    http.read_instruments(node_id)
    http.start()
    http.clock.advance(45.0)

    energy = _look(http, job_id)["energy"]

    # one watt-hour of the first try; then the whole node, eight cores, for 45 s
    assert energy["energy_estimate_wh"] == pytest.approx(1.0 + 1.0)
    assert energy["is_running"] is True


@pytest.mark.usefixtures("node_id")
def test_an_array_as_a_whole_heats_no_water_of_its_own(http: HttpScene) -> None:
    job_id = http.submit(command=["sim"], options=["--array=0-1"])
    http.start()

    assert "water" not in _look(http, job_id)
    assert http.get(f"/v1/jobs/{job_id}_0").json()["water"]["water_temp_c"] == 31.5

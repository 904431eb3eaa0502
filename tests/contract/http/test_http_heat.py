"""Heat as it is billed: the API, the metrics and the register tell one number."""

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scheduler.ports import ROLE
from store.engine import leadership
from store.rounds import note_round
from tests.support.http_scene import HttpScene

J_PER_WH = 3600


@pytest.fixture
def metered(http: HttpScene) -> HttpScene:
    """A site that took 2.5 kWh of heat from 2.6 kWh of electricity."""
    node_id = http.node(http.site())
    for heat_wh, electricity_wh, water_c in ((1000, 5000, 24.0), (2200, 6200, 25.0)):
        http.read_instruments(
            node_id,
            heat_register_wh=heat_wh,
            electricity_register_wh=electricity_wh,
            water_temp_c=water_c,
        )
        http.clock.advance(3600.0)
    http.read_instruments(
        node_id, heat_register_wh=3500, electricity_register_wh=7600, water_temp_c=26.5
    )
    return http


def samples(http: HttpScene) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = http.get("/metrics", "operator").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def values_of(http: HttpScene, name: str) -> list[float]:
    return [value for (found, _), value in samples(http).items() if found == name]


def test_heat_is_the_difference_of_two_indexes_that_are_shown(metered: HttpScene) -> None:
    (site,) = metered.get("/v1/heat", "operator").json()["sites"]

    assert site["heat_wh"] == site["last_index_wh"] - site["first_index_wh"] == 2500
    assert site["electricity_wh"] == 2600
    assert site["erf"] == pytest.approx(2500 / 2600)
    assert (site["water_first_c"], site["water_last_c"]) == (24.0, 26.5)
    assert site["is_simulated"] is True


def test_parts_of_a_period_add_up_to_the_whole(metered: HttpScene) -> None:
    now_s = metered.clock.now_s
    middle_s = now_s - 3600.0

    def heat_wh(from_s: float, to_s: float) -> int:
        answer = metered.get(f"/v1/heat?from_s={from_s}&to_s={to_s}", "operator").json()
        return int(answer["total"]["heat_wh"])

    whole = heat_wh(now_s - 7200.0, now_s)
    assert heat_wh(now_s - 7200.0, middle_s) + heat_wh(middle_s, now_s) == whole == 2500


def test_a_register_that_goes_back_is_put_in_doubt_not_billed(metered: HttpScene) -> None:
    node_id = metered.get("/v1/nodes").json()["nodes"][0]["node_id"]
    metered.clock.advance(60.0)
    metered.read_instruments(node_id, heat_register_wh=1, electricity_register_wh=7700)

    (site,) = metered.get("/v1/heat", "operator").json()["sites"]

    assert site["heat_wh"] is None
    assert "went back" in next(item["doubt"] for item in site["meters"] if item["doubt"])


def test_a_period_that_ends_before_it_begins_is_refused(metered: HttpScene) -> None:
    assert metered.get("/v1/heat?from_s=10&to_s=5", "operator").status_code == 422
    assert metered.get("/v1/heat?from_s=nan", "operator").status_code == 422


def test_joules_on_the_metrics_page_are_the_index_on_the_meter(metered: HttpScene) -> None:
    assert values_of(metered, "chaufferie_heat_delivered_joules_total") == [3500 * J_PER_WH]
    assert values_of(metered, "chaufferie_electricity_joules_total") == [7600 * J_PER_WH]


def test_simulated_meters_say_so_wherever_their_energy_appears(metered: HttpScene) -> None:
    labels = [
        dict(labels)["simulated"]
        for (name, labels), _ in samples(metered).items()
        if name.endswith("_joules_total")
    ]

    assert labels == ["true", "true"]


def test_metrics_tell_water_demand_power_and_nodes(metered: HttpScene) -> None:
    assert 26.5 in values_of(metered, "chaufferie_water_temperature_celsius")
    assert values_of(metered, "chaufferie_heat_demand_watts") == [500.0]
    assert values_of(metered, "chaufferie_node_power_watts") == [400.0]
    assert values_of(metered, "chaufferie_node_up") == [1.0]
    assert values_of(metered, "chaufferie_meter_last_reading_timestamp_seconds") == [
        metered.clock.now_s,
        metered.clock.now_s,
    ]


def test_metrics_tell_jobs_waits_and_decisions(metered: HttpScene) -> None:
    metered.submit()
    metered.submit(command=["sim"], options=["--hold"])
    metered.clock.advance(2.0)
    (key,) = metered.start()
    metered.finish(key)

    found = samples(metered)

    assert found["chaufferie_jobs", (("state", "held"),)] == 1
    assert found["chaufferie_jobs_ended_total", (("state", "succeeded"),)] == 1
    assert found["chaufferie_job_wait_seconds_count", ()] == 1
    assert found["chaufferie_job_wait_seconds_sum", ()] == 2.0
    assert found["chaufferie_job_wait_seconds_bucket", (("le", "1.0"),)] == 0
    assert found["chaufferie_job_wait_seconds_bucket", (("le", "5.0"),)] == 1
    assert values_of(metered, "chaufferie_decision_seconds")[0] > 0


def test_metrics_tell_whether_scheduler_and_worker_are_at_work(metered: HttpScene) -> None:
    before = values_of(metered, "chaufferie_scheduler_lease_seconds")
    with metered.store.transaction() as tx:
        leadership.take(tx, role=ROLE, holder="another:1:2", ttl_s=15.0)
        note_round(tx, "ledger")
    metered.clock.advance(5.0)
    during = samples(metered)
    metered.clock.advance(60.0)

    assert before == [0.0]
    assert during["chaufferie_scheduler_lease_seconds", ()] == 10.0
    assert during["chaufferie_worker_round_timestamp_seconds", (("round", "ledger"),)] == (
        metered.clock.now_s - 65.0
    )
    assert values_of(metered, "chaufferie_scheduler_lease_seconds") == [0.0]


def test_no_series_is_labelled_with_a_job(metered: HttpScene) -> None:
    job_id = metered.submit(command=["sim"], options=["-J", "very-own-name"])
    metered.start()

    names = {name for _, labels in samples(metered) for name, _ in labels}

    assert job_id > 0
    assert names <= {
        *("site", "node", "meter", "simulated", "position", "use"),
        *("state", "which", "code", "le", "round"),
    }
    assert "very-own-name" not in metered.get("/metrics", "operator").text


def test_promtool_accepts_the_page(metered: HttpScene) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    metered.submit()
    text = metered.get("/metrics", "operator").text

    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_sites_show_water_demand_and_what_was_delivered(metered: HttpScene) -> None:
    (site,) = metered.get("/v1/sites").json()["sites"]

    assert (site["name"], site["water_temp_c"], site["heat_demand_w"]) == ("Pool Nord", 26.5, 500.0)
    assert (site["heat_register_wh"], site["heat_delivered_wh"]) == (3500, 2500)
    assert site["reading_age_s"] == 0.0

"""Changing jobs over HTTP: rights, refusals, and what is shown afterwards."""

from typing import Any

import pytest

from tests.support.http_scene import HttpScene


def change(http: HttpScene, ref: int | str, *options: str, who: str = "owner") -> Any:  # noqa: ANN401
    return http.post(f"/v1/jobs/{ref}/modify", who, json={"options": list(options)})


def test_a_waiting_job_is_changed_and_says_so(http: HttpScene) -> None:
    job_id = http.submit()

    answer = change(http, job_id, "--time=2:00:00", "--type=flex", "-c", "3", "-J", "other")

    assert answer.status_code == 200
    assert answer.json() == {
        "job_id": job_id,
        "ref": str(job_id),
        "changed": ["cpus-per-task", "job-name", "time", "type"],
        "waiting": 1,
        "running": 0,
        "notes": ["A flex job may be stopped and started anew; write --no-requeue to forbid it."],
    }
    job = http.get(f"/v1/jobs/{job_id}").json()
    assert (job["name"], job["cores"], job["time_limit_s"]) == ("other", 3, 7200)
    assert job["scheduling_type"] == "flex"
    assert http.get("/v1/jobs?name=other").json()["jobs"][0]["job_id"] == job_id
    moments = http.get(f"/v1/jobs/{job_id}/timeline").json()["moments"]
    assert moments[-1]["code"] == "modify"
    shown = "It was changed (--time=2:00:00 --type=flex -c 3 -J other), by key "
    assert moments[-1]["sentence"].startswith(shown)


def test_an_operator_changes_anybodys_job_and_a_stranger_none(http: HttpScene) -> None:
    job_id = http.submit()

    assert change(http, job_id, "--time=5", who="stranger").status_code == 404
    assert change(http, job_id, "--time=5", who="operator").status_code == 200


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (["-c", "9"], 422, "job.too_large"),
        (["-w", "nowhere"], 404, "job.no_such_node"),
        (["-C", "gold"], 422, "job.no_such_feature"),
        (["-o", "x"], 422, "modify.not_changeable"),
        (["-A", "old"], 422, "project.closed"),
        (["--time=soon"], 422, "sbatch.bad_value"),
        ([], 422, "modify.nothing"),
    ],
)
def test_what_is_refused_changes_nothing(
    http: HttpScene, options: list[str], status: int, code: str
) -> None:
    http.warm_node()
    body = {"tenant": "lab", "name": "old"}
    project_id = http.post("/v1/projects", "operator", json=body).json()["project_id"]
    http.post(f"/v1/projects/{project_id}/close", "operator")
    job_id = http.submit()
    before = http.get(f"/v1/jobs/{job_id}").json()

    answer = change(http, job_id, *options)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert http.get(f"/v1/jobs/{job_id}").json() == before


def test_a_running_job_keeps_all_but_its_time_limit(http: HttpScene) -> None:
    http.warm_node()
    job_id = http.submit()
    (key,) = http.start()

    cores = change(http, job_id, "-c", "2")
    longer = change(http, job_id, "--time=5:00:00")
    shorter = change(http, job_id, "--time=5")

    assert (cores.status_code, cores.json()["code"]) == (409, "job.running_cpus_per_task")
    assert (longer.status_code, longer.json()["code"]) == (422, "modify.longer")
    assert "can only be lowered, and it is 01:00:00 now" in longer.json()["title"]
    assert (shorter.status_code, shorter.json()["running"]) == (200, 1)
    beat = {"boot_id": "boot-1", "holding": [key]}
    answer = http.post("/v1/agent/heartbeat", "boiler", json=beat).json()
    assert answer["limits"] == [{"key": list(key), "time_limit_s": 300}]
    http.finish(key)
    assert change(http, job_id, "--time=4").json()["code"] == "job.ended"


def test_only_the_operator_moves_a_job_before_others(http: HttpScene) -> None:
    job_id = http.submit()

    assert change(http, job_id, "--nice=20").status_code == 200
    assert http.get(f"/v1/jobs/{job_id}").json()["priority"] == -20
    higher = change(http, job_id, "--priority=10")
    assert (higher.status_code, higher.json()["code"]) == (403, "priority.operator_only")
    assert change(http, job_id, "--priority=10", who="operator").status_code == 200
    assert change(http, job_id, "--priority=5").status_code == 200
    assert change(http, job_id, "--nice=many").json()["code"] == "sbatch.bad_value"


def test_a_job_is_moved_into_a_reservation_that_it_fits_into(http: HttpScene) -> None:
    http.warm_node()
    body = {
        "name": "course",
        "starts_at_s": http.clock.now_s + 60.0,
        "duration_s": 3600.0,
        "nodes": ["boiler"],
        "tenant": "lab",
    }
    made = http.post("/v1/reservations", "operator", json=body)
    assert made.status_code == 201, made.json()
    job_id = http.submit()

    unknown = change(http, job_id, "--reservation=other")
    long = change(http, job_id, "--reservation=course", "--time=2:00:00")
    fits = change(http, job_id, "--reservation=course", "--time=30")
    flex = change(http, job_id, "--type=flex")

    assert unknown.json()["code"] == "reservation.unknown"
    assert long.json()["code"] == "reservation.too_short"
    assert fits.status_code == 200, fits.json()
    assert flex.json()["code"] == "reservation.flex"
    assert http.get(f"/v1/jobs/{job_id}").json()["reservation"] == "course"
    assert change(http, job_id, "--reservation=none", "--type=flex").status_code == 200

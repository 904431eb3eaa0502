"""Arrays over HTTP: named, listed, followed and steered whole, in part, and one by one."""

from typing import Any

import pytest

from tests.support.http_scene import HttpScene


def _submit(http: HttpScene, text: str, *options: str) -> int:
    return http.submit(command=["sim"], options=[f"--array={text}", *options])


def _steer(http: HttpScene, name: str, how: str) -> dict[str, Any]:
    answer = http.post(f"/v1/jobs/{name}/{how}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_array_is_one_row_and_its_instances_are_pages(http: HttpScene) -> None:
    job_id = _submit(http, "0-9%4")

    (row,) = http.get("/v1/jobs").json()["jobs"]
    first = http.get(f"/v1/jobs/{job_id}/instances?limit=6").json()
    last = http.get(f"/v1/jobs/{job_id}/instances?after_id={first['next_after_id']}").json()

    assert (row["job_id"], row["ref"], row["state"]) == (job_id, str(job_id), "queued")
    assert row["array"] == {"indexes": "0-9", "count": 10, "at_once": 4}
    assert row["counts"] == {"queued": 10}
    listed = [*first["instances"], *last["instances"]]
    assert [item["ref"] for item in listed] == [f"{job_id}_{index}" for index in range(10)]
    assert [item["job_id"] for item in listed] == list(range(job_id + 1, job_id + 11))
    assert last["next_after_id"] is None


def test_an_element_is_looked_at_by_index_or_by_number(http: HttpScene) -> None:
    job_id = _submit(http, "3-5")

    by_index = http.get(f"/v1/jobs/{job_id}_4").json()
    by_number = http.get(f"/v1/jobs/{job_id + 2}").json()

    assert by_index == by_number
    assert (by_index["array_job_id"], by_index["array_index"]) == (job_id, 4)


def test_an_element_that_runs_writes_and_leaves_files_of_its_own(http: HttpScene) -> None:
    http.warm_node()
    job_id = _submit(http, "0-1%1")
    (key,) = http.start()
    http.finish(key)

    assert key[0] == job_id + 1
    assert http.get(f"/v1/jobs/{job_id}_0").json()["state"] == "succeeded"
    assert http.get(f"/v1/jobs/{job_id}_0/output").status_code == 200
    refused = http.get(f"/v1/jobs/{job_id}/output")
    assert (refused.status_code, refused.json()["code"]) == (422, "job.is_array")
    assert f"{job_id}_0" in refused.json()["title"]


def test_waiting_for_an_array_ends_when_the_last_has_ended(http: HttpScene) -> None:
    http.warm_node()
    job_id = _submit(http, "0-1")
    keys = http.start()
    http.finish(keys[0])
    early = http.get(f"/v1/jobs/{job_id}?wait_s=0.2").json()
    http.finish(keys[1], reason="program_failed", exit_code=3)
    late = http.get(f"/v1/jobs/{job_id}?wait_s=30").json()
    many = http.post("/v1/jobs/wait", json={"job_ids": [job_id, keys[0][0]], "wait_s": 30}).json()

    assert early["state"] == "running"
    assert (late["state"], late["exit_code"]) == ("failed", 3)
    assert late["counts"] == {"succeeded": 1, "failed": 1}
    assert many["states"] == {str(job_id): "failed", str(keys[0][0]): "succeeded"}


def test_an_array_is_steered_whole_and_in_part(http: HttpScene) -> None:
    job_id = _submit(http, "0-9")

    held = _steer(http, f"{job_id}_[0-4]", "hold")
    released = _steer(http, str(job_id), "release")
    one = _steer(http, f"{job_id}_7", "cancel")
    rest = _steer(http, f"{job_id}_*", "cancel")

    assert (held["ref"], held["changed"]) == (f"{job_id}_[0-4]", {"held": 5})
    assert released["changed"] == {"queued": 5}
    assert (one["ref"], one["state"], one["changed"]) == (
        f"{job_id}_7",
        "cancelled",
        {"cancelled": 1},
    )
    assert (rest["state"], rest["changed"]) == ("cancelled", {"cancelled": 9})


def test_a_single_job_is_held_and_released(http: HttpScene) -> None:
    job_id = http.submit()

    assert _steer(http, str(job_id), "hold")["state"] == "held"
    assert "held, as was asked" in http.get(f"/v1/jobs/{job_id}/explain").json()["sentence"]
    assert _steer(http, str(job_id), "release")["state"] == "queued"


def test_an_element_behind_the_limit_says_so(http: HttpScene) -> None:
    http.warm_node()
    job_id = _submit(http, "0-3%1")
    http.start()

    waiting = http.get(f"/v1/jobs/{job_id}_3/explain").json()
    whole = http.get(f"/v1/jobs/{job_id}/explain").json()

    assert waiting["code"] == "array_limit"
    assert "lets 1 run at once" in waiting["sentence"]
    assert whole["code"] == "array"
    assert "3 queued, 1 running" in whole["sentence"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9-0", "sbatch.array_backwards"),
        ("0-100000", "sbatch.array_too_large"),
        ("1,1", "sbatch.array_twice"),
        ("-1", "sbatch.bad_value"),
        ("0-9%0", "sbatch.array_limit"),
        ("0-9:0", "sbatch.array_step"),
        ("x", "sbatch.bad_value"),
    ],
)
def test_what_is_no_array_is_refused_and_nothing_is_stored(
    http: HttpScene, text: str, code: str
) -> None:
    answer = http.send_job(command=["sim"], options=[f"--array={text}"])

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert http.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("{}_99", 404, "job.no_element"),
        ("{}_[90-99]", 404, "job.no_element"),
        ("999999_1", 404, "not_found"),
        ("{}_", 422, "job.name_of_job"),
        ("{}_[]", 422, "job.name_of_job"),
        ("{}_[3-1]", 422, "job.name_of_job"),
        ("{}_[0-3]", 422, "job.one_element"),
        ("x", 422, "job.name_of_job"),
        ("-1", 422, "job.name_of_job"),
        ("9" * 30, 422, "job.name_of_job"),
    ],
)
def test_a_name_that_names_nothing_says_why(
    http: HttpScene, name: str, status: int, code: str
) -> None:
    job_id = _submit(http, "0-9")

    answer = http.get(f"/v1/jobs/{name.format(job_id)}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_one_request_cannot_bring_arrays_without_end(http: HttpScene) -> None:
    job = {"command": ["sim"], "options": ["--array=0-59999"]}

    answers = http.post("/v1/jobs/batch", json={"jobs": [job, job, {"command": ["sim"]}]}).json()

    assert [item.get("code") for item in answers["jobs"]] == [
        None,
        "batch.too_many_instances",
        None,
    ]


def test_an_array_of_somebody_else_is_not_there(http: HttpScene) -> None:
    job_id = _submit(http, "0-3")

    for name in (str(job_id), f"{job_id}_2", str(job_id + 1)):
        assert http.get(f"/v1/jobs/{name}", "stranger").status_code == 404
        assert http.post(f"/v1/jobs/{name}/cancel", "stranger").status_code == 404
    assert http.get(f"/v1/jobs/{job_id}/instances", "stranger").status_code == 404


def test_the_page_shows_an_array_once(http: HttpScene) -> None:
    http.warm_node()
    job_id = _submit(http, "0-9%2", "-J", "sweep")
    http.start()
    http.get(http.post("/v1/sessions", "owner").json()["path"], None)

    entered = http.get("/", None)

    assert entered.text.count("sweep") == 1
    assert "8 queued, 2 running" in entered.text
    assert str(job_id) in entered.text

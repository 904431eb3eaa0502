"""Dependencies over HTTP: between earlier jobs, and among the jobs of one request."""

from typing import Any

import pytest

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene


def _job(text: str = "", label: str | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    options = [f"--dependency={text}"] if text else []
    return {"command": ["sim"], "options": options, "label": label, **fields}


def _batch(http: HttpScene, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
    answer = http.post("/v1/jobs/batch", json={"jobs": list(jobs)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["jobs"]
    return found


def test_a_blocked_job_says_what_it_waits_for_and_goes_on(http: HttpScene) -> None:
    http.warm_node()
    first = http.submit(command=["sim"])
    second = http.submit(**_job(f"afterok:{first}"))
    blocked = http.get(f"/v1/jobs/{second}").json()
    why = http.get(f"/v1/jobs/{second}/explain").json()
    (key,) = http.start()
    http.finish(key)

    assert (blocked["state"], blocked["dependencies"]) == (
        "blocked",
        [{"condition": f"afterok:{first}", "state": "waiting"}],
    )
    assert why["code"] == "blocked"
    assert f"the success of job {first} (afterok:{first})" in why["sentence"]
    assert http.start() == [(second, 1)]


def test_what_can_never_be_met_ends_the_job_with_its_reason(http: HttpScene) -> None:
    http.warm_node()
    first = http.submit(command=["sim"])
    second = http.submit(**_job(f"afterok:{first}"))
    (key,) = http.start()
    http.finish(key, reason="program_failed", exit_code=1)

    seen = http.get(f"/v1/jobs/{second}?wait_s=10").json()
    why = http.get(f"/v1/jobs/{second}/explain").json()

    assert (seen["state"], seen["reason"]) == ("cancelled", "dependency_never_met")
    assert f"afterok:{first}" in seen["detail"]
    assert "can no longer happen" in why["sentence"]
    assert f"afterok:{first}" in why["lines"][0]


def test_jobs_of_a_request_name_one_another(http: HttpScene) -> None:
    http.warm_node()
    mesh, solve, plot = _batch(
        http,
        _job(label="mesh"),
        _job("afterok:@mesh", label="solve", script=None),
        _job("afterany:@solve,afterok:@mesh", label="plot"),
    )
    order = []
    for _ in range(3):
        (key,) = http.start()
        order.append(key[0])
        http.finish(key)

    assert order == [mesh["job_id"], solve["job_id"], plot["job_id"]]


def test_a_cycle_is_refused_and_named_and_the_others_go_on(http: HttpScene) -> None:
    answers = _batch(
        http,
        _job("afterok:@c", label="a"),
        _job("afterok:@a", label="b"),
        _job("afterok:@b", label="c"),
        _job("afterok:@c", label="d"),
        _job("afterok:@e", label="e"),
        _job(label="f"),
    )

    assert [item.get("code") for item in answers] == [
        *["dependency.cycle"] * 3,
        "dependency.refused_job",
        "dependency.cycle",
        None,
    ]
    for label in ("a", "b", "c"):
        assert label in answers[0]["title"].split(": ")[1]
    assert "e before e" in answers[4]["title"]
    assert len(http.get("/v1/jobs").json()["jobs"]) == 1


def test_a_job_behind_one_that_is_refused_is_refused(http: HttpScene) -> None:
    answers = _batch(
        http,
        {"command": ["sim"], "options": ["--colour=red"], "label": "wrong"},
        _job("afterok:@wrong", label="next"),
        _job("afterok:@next"),
        _job("afterok:@nobody"),
        _job(label="twice"),
        _job(label="twice"),
    )

    assert [item.get("code") for item in answers] == [
        "sbatch.unknown_option",
        "dependency.refused_job",
        "dependency.refused_job",
        "dependency.unknown_label",
        None,
        "dependency.label_twice",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("afterok:999999", "dependency.unknown_job"),
        ("afterok:@mesh", "dependency.unknown_label"),
        ("afterok:x", "sbatch.bad_value"),
        ("afterok", "sbatch.bad_value"),
        ("after:1+x", "sbatch.bad_value"),
        ("afterok:1+5", "sbatch.bad_value"),
        ("afterok:1,afterok:2?afterok:3", "sbatch.bad_value"),
        ("sometime:1", "sbatch.bad_value"),
        ("afterok:-1", "sbatch.bad_value"),
        ("aftercorr:1?afterok:2", "sbatch.dependency_mixed"),
        (":".join(["afterok", *map(str, range(1, 1100))]), "sbatch.dependency_too_long"),
    ],
)
def test_what_is_no_dependency_is_refused_and_nothing_is_stored(
    http: HttpScene, text: str, code: str
) -> None:
    answer = http.send_job(**_job(text))
    tried = http.post("/v1/jobs/check", json=_job(text))

    status = 404 if code in UNKNOWN_NAMES else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (tried.status_code, tried.json()["code"]) == (status, code), "a trial says the same"
    assert http.get("/v1/jobs").json()["jobs"] == []


def test_the_job_of_somebody_else_is_not_there_to_wait_for(http: HttpScene) -> None:
    theirs = http.submit("stranger", command=["sim"])

    mine = http.send_job(**_job(f"afterok:{theirs}"))
    nobodys = http.send_job(**_job("afterok:999999"))

    assert (mine.status_code, mine.json()["code"]) == (404, "dependency.unknown_job")
    assert mine.json()["title"].replace(str(theirs), "N") == nobodys.json()["title"].replace(
        "999999", "N"
    )


@pytest.mark.parametrize("label", ["", "a b", "1", "a_b", "x" * 65, "a@b"])
def test_a_label_is_a_word(http: HttpScene, label: str) -> None:
    answer = http.send_job(**_job(label=label))

    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")

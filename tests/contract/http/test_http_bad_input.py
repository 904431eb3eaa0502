"""What is wrong is refused with a sentence, and nothing beside it suffers."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from api.body_limit import LARGEST_BODY_BYTES
from api.mistakes import PATTERNS
from tests.support.builders import reading
from tests.support.http_scene import HttpScene


def _pieces(n_bytes: int) -> Iterator[bytes]:
    for _ in range(n_bytes // 1024):
        yield b"x" * 1024


def test_a_body_over_the_limit_is_413(http: HttpScene) -> None:
    answer = http.post("/v1/jobs", content=b"x" * (LARGEST_BODY_BYTES + 1))

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1 MiB" in answer.json()["title"]


def test_a_chunked_body_over_the_limit_is_413(http: HttpScene) -> None:
    answer = http.post("/v1/jobs", content=_pieces(2 * LARGEST_BODY_BYTES))

    assert (answer.status_code, answer.json()["code"]) == (413, "http.413")


def test_a_body_longer_than_it_promised_is_413(http: HttpScene) -> None:
    answer = http.post(
        "/v1/jobs", content=_pieces(2 * LARGEST_BODY_BYTES), headers={"Content-Length": "10"}
    )

    assert answer.status_code == 413


def test_a_body_at_the_limit_is_read(http: HttpScene) -> None:
    script = "#!/bin/sh\n" + "#" * (LARGEST_BODY_BYTES - 100)

    assert http.send_job(script=script).status_code == 201


def test_the_limit_holds_for_every_route_that_takes_a_body_in_memory(http: HttpScene) -> None:
    for path in ("/v1/keys", "/v1/sites", "/v1/jobs/batch", "/v1/agent/heartbeat", "/enter"):
        answer = http.post(path, "operator", content=b"x" * (LARGEST_BODY_BYTES + 1))
        assert answer.status_code == 413, path


def test_an_unknown_option_names_its_line_and_nothing_is_stored(http: HttpScene) -> None:
    answer = http.send_job(script="#!/bin/sh\n#SBATCH -J case\n#SBATCH --colour=red\ntrue\n")

    assert (answer.status_code, answer.json()["line"]) == (422, 3)
    assert "--colour" in answer.json()["title"]
    assert http.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"command": ["a"], "script": "#!/bin/sh\n"},
        {"command": ["/bin/echo", "a\0b"]},
        {"command": ["true"], "environment": {"A B": "1"}},
        {"command": ["true"], "inputs": [{"path": "../x", "sha256": "0" * 64, "size_bytes": 1}]},
        {"command": ["true"], "inputs": [{"path": "x", "sha256": "zz", "size_bytes": 1}]},
        {"command": ["true"], "unknown_field": 1},
        {"command": "true"},
        {"command": ["true"], "options": ["--job-name=" + "x" * 300]},
    ],
)
def test_a_malformed_submission_is_refused_with_a_sentence(
    http: HttpScene, body: dict[str, Any]
) -> None:
    answer = http.post("/v1/jobs", json=body)

    assert answer.status_code == 422
    assert answer.json()["title"].endswith(".")


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"command": ["\\ud800"]}', b"[]", b"null"])
def test_a_body_that_is_no_such_json_is_the_callers_mistake(http: HttpScene, raw: bytes) -> None:
    answer = http.post("/v1/jobs", content=raw, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_input_that_was_never_sent_is_refused(http: HttpScene) -> None:
    item = {"path": "mesh.dat", "sha256": "ab" * 32, "size_bytes": 10}

    answer = http.send_job(command=["true"], inputs=[item])

    assert (answer.status_code, answer.json()["code"]) == (422, "file.not_sent")


def test_the_same_idempotency_key_brings_the_same_job(http: HttpScene) -> None:
    first = http.send_job(key="k", command=["true"]).json()
    again = http.send_job(key="k", command=["true"]).json()

    assert again == {**first, "is_repeat": True}


def test_a_relative_time_does_not_make_a_repeat_another_job(http: HttpScene) -> None:
    body: dict[str, Any] = {"command": ["true"], "options": ["--begin=+2h"]}
    first = http.submit("owner", "k", **body)
    http.clock.advance(5.0)

    assert http.submit("owner", "k", **body) == first


def test_the_same_idempotency_key_with_another_body_is_409(http: HttpScene) -> None:
    http.submit(key="k", command=["true"])

    answer = http.send_job(key="k", command=["false"])

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.conflict")
    assert len(http.get("/v1/jobs").json()["jobs"]) == 1


def test_one_key_used_by_two_tenants_makes_two_jobs(http: HttpScene) -> None:
    assert http.submit("owner", key="k") != http.submit("stranger", key="k")


def test_a_batch_keeps_what_is_right(http: HttpScene) -> None:
    jobs = [{"command": ["true"]}, {"command": []}, {"command": ["false"]}]

    answers = http.post("/v1/jobs/batch", json={"jobs": jobs}).json()["jobs"]

    assert [answer.get("status") for answer in answers] == [None, 422, None]
    assert answers[0]["job_id"] < answers[2]["job_id"]


BAD_VALUES = [
    ({"water_temp_c": math.nan}, "reading.not_finite"),
    ({"power_w": math.inf}, "reading.not_finite"),
    ({"power_w": -math.inf}, "reading.not_finite"),
    ({"water_temp_c": 900.0}, "reading.range"),
    ({"heat_register_wh": -1}, "reading.range"),
    ({"heat_register_wh": 10**400}, "reading.range"),
    ({"heat_register_wh": 1.5}, "reading.type"),
    ({"water_temp_c": "warm"}, "reading.type"),
    ({"water_temp_c": True}, "reading.type"),
    ({"simulated": "no"}, "reading.type"),
    ({"control_state": ""}, "reading.type"),
    ({"node_id": 77}, "reading.other_node"),
    ({"surprise": 1}, "reading.unknown"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD_VALUES)
def test_a_reading_that_cannot_be_is_refused_and_counted_and_the_rest_kept(
    http: HttpScene, wrong: dict[str, Any], code: str
) -> None:
    node_id = http.node(http.site())
    items = [asdict(reading(node_id, seq)) for seq in (1, 2, 3)]
    items[1] |= wrong

    # The standard library writes NaN and Infinity, as a careless agent would.
    body = json.dumps(items)
    answer = http.post(
        "/v1/agent/readings", "boiler", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["stored"] == 2
    assert [item["code"] for item in answer.json()["refused"]] == [code]
    metrics = http.get("/metrics", "operator").text
    assert f'chaufferie_readings_refused_total{{code="{code}"' in metrics


def test_a_reading_told_again_with_other_values_is_refused(http: HttpScene) -> None:
    node_id = http.node(http.site())
    first = asdict(reading(node_id, 1))
    http.post("/v1/agent/readings", "boiler", json=[first])

    answer = http.post("/v1/agent/readings", "boiler", json=[{**first, "heat_register_wh": 9}])

    assert answer.json()["refused"][0]["code"] == "reading.conflict"


def test_a_job_no_node_could_hold_is_refused_naming_the_largest(http: HttpScene) -> None:
    http.warm_node(name="small")

    answer = http.send_job(command=["true"], options=["-n", "128"])

    assert (answer.status_code, answer.json()["code"]) == (422, "job.too_large")
    assert "128 cores" in answer.json()["title"]
    assert "has 8 (small)" in answer.json()["title"]


def test_before_the_first_node_a_job_is_accepted_with_a_note(http: HttpScene) -> None:
    answer = http.send_job(command=["true"], options=["-n", "128"])

    assert answer.status_code == 201
    assert any("No node is enrolled yet" in note for note in answer.json()["notes"])


def test_an_unknown_address_answers_with_a_problem(http: HttpScene) -> None:
    answer = http.get("/v1/nothing")

    assert (answer.status_code, answer.json()["code"]) == (404, "http.404")


def test_a_failure_of_the_server_shows_nothing_of_its_inside(http: HttpScene) -> None:
    with http.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE job RENAME TO job_elsewhere")

    answer = http.get("/v1/jobs")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "SELECT" not in answer.text


def test_every_wrong_field_is_named_at_once_in_plain_words(http: HttpScene) -> None:
    answer = http.call("PUT", "/v1/meters/1", "operator", json={"tolerance_frac": 5, "digit": 1})
    asked = http.get("/v1/jobs?limit=0&from_s=yesterday")

    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert answer.json()["title"] == "tolerance_frac must be less than 1; digit is not known here."
    assert list(answer.json()["fields"]) == ["tolerance_frac", "digit"]
    assert asked.json()["fields"] == {
        "from_s": "must be a number",
        "limit": "must be at least 1",
    }


def test_every_pattern_that_people_meet_has_words(http: HttpScene) -> None:
    met = {
        word["pattern"]
        for path, methods in http.app.openapi()["paths"].items()
        if not path.startswith("/v1/agent")
        for word in _schemas(http.app.openapi(), methods)
        if "pattern" in word
    }

    assert met - set(PATTERNS) == set()
    assert len(met) > 4


def _schemas(document: dict[str, Any], part: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Every object that a part of the description holds or names."""
    if isinstance(part, list):
        for item in part:
            yield from _schemas(document, item)
    elif isinstance(part, dict):
        yield part
        for item in part.values():
            yield from _schemas(document, item)
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            yield from _schemas(document, document["components"]["schemas"][name])

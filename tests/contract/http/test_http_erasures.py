"""*Delete my data now* over HTTP: who may ask, what is answered, what nodes are told."""

import hashlib
import json

import pytest

from tests.support.http_scene import BOOT_ID, HttpScene

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def ended(http: HttpScene) -> int:
    """A job that ended and left a file and a line of output."""
    http.warm_node()
    http.put(f"/v1/files/{SHA256}", content=DATA)
    item = {"path": "mesh", "sha256": SHA256, "size_bytes": len(DATA)}
    job_id = http.submit(command=["sim"], inputs=[item], environment={"WORD": "secret"})
    (key,) = http.start()
    body = {"key": key, "stream": "stdout", "offset": 0, "data_base64": "c2VjcmV0"}
    http.post("/v1/agent/output", "boiler", json=body)
    digest = http.send_result(key, b"left")
    http.finish(key, files=[{"path": "out", "sha256": digest, "size_bytes": 4}])
    return job_id


def test_a_job_is_forgotten_and_the_receipt_says_so(http: HttpScene, ended: int) -> None:
    answer = http.post("/v1/erasures", json={"job_id": ended})
    shown = http.get(f"/v1/jobs/{ended}").json()

    assert answer.status_code == 201
    line = json.loads(answer.json()["receipt"][0])
    assert (line["jobs"], line["files"], line["bytes"]) == (1, 2, 104)
    assert (shown["name"], shown["files"], shown["notes"]) == ("forgotten", [], [])
    assert shown["forgotten_at_s"] is not None
    assert shown["energy"] is not None
    for path in ("output", "logs", "files/out"):
        gone = http.get(f"/v1/jobs/{ended}/{path}")
        assert (gone.status_code, gone.json()["code"]) == (410, "job.forgotten")
        assert gone.json()["title"].startswith(f"Job {ended} was forgotten at 20")
    assert http.call("HEAD", f"/v1/files/{SHA256}", "owner").status_code == 404
    for path in ("explain", "timeline"):
        assert http.get(f"/v1/jobs/{ended}/{path}").status_code == 200
    assert http.get("/v1/jobs").json()["jobs"][0]["name"] == "forgotten"


def test_the_node_is_told_and_its_word_is_the_second_line(http: HttpScene, ended: int) -> None:
    number = http.post("/v1/erasures", json={"job_id": ended}).json()["erasure_id"]
    beat = {"boot_id": BOOT_ID}
    look = {"boot_id": BOOT_ID, "free_cores": 8, "total_cores": 8}

    told = http.post("/v1/agent/heartbeat", "boiler", json=beat).json()["erase"]
    again = http.post("/v1/agent/exchange", "boiler", json=look).json()["erase"]
    before = http.get(f"/v1/erasures/{number}").json()
    after = http.post("/v1/agent/exchange", "boiler", json={**look, "erased": told}).json()
    confirmed = http.get(f"/v1/erasures/{number}").json()

    assert told == again == [[ended, 1]]
    assert after["erase"] == []
    assert (before["confirmed_at_s"], len(before["receipt"])) == (None, 1)
    assert len(confirmed["receipt"]) == 2
    assert confirmed["nodes"][0]["node"] == "boiler"


def test_nobody_forgets_for_another_but_the_operator(http: HttpScene, ended: int) -> None:
    assert http.post("/v1/erasures", "stranger", json={"job_id": ended}).status_code == 404
    assert http.get(f"/v1/jobs/{ended}").json()["name"] == "sim"
    number = http.post("/v1/erasures", "operator", json={"job_id": ended}).json()["erasure_id"]

    assert http.get(f"/v1/erasures/{number}", "stranger").status_code == 404
    assert http.get("/v1/erasures", "stranger").json() == {"erasures": []}
    assert len(http.get("/v1/erasures").json()["erasures"]) == 1


def test_a_running_job_forgets_nothing(http: HttpScene, ended: int) -> None:
    running = http.submit()
    http.start()

    by_job = http.post("/v1/erasures", f"job {running}", json={"job_id": ended})
    of_itself = http.post("/v1/erasures", json={"job_id": running})
    of_all = http.post("/v1/erasures", json={"all": True})

    assert (by_job.status_code, by_job.json()["code"]) == (403, "key.of_job")
    for answer in (of_itself, of_all):
        assert (answer.status_code, answer.json()["code"]) == (409, "erasure.not_ended")
        assert str(running) in answer.json()["title"]
    assert http.get(f"/v1/jobs/{ended}").json()["name"] == "sim"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "job_id": 1},
        {"job_id": 1, "project": "cfd"},
        {"job_id": 0},
        {"job_id": 1 << 63},
        {"job_id": "1_2"},
        {"job_id": "1"},
        {"project": ""},
        {"all": True, "really": True},
    ],
)
def test_what_is_to_be_forgotten_must_be_said_plainly(
    http: HttpScene, ended: int, body: dict[str, object]
) -> None:
    answer = http.post("/v1/erasures", json=body)

    assert answer.status_code == 422
    assert http.get(f"/v1/jobs/{ended}").json()["name"] == "sim"


def test_what_was_forgotten_is_not_forgotten_again(http: HttpScene, ended: int) -> None:
    http.post("/v1/erasures", json={"all": True})

    again = http.post("/v1/erasures", json={"all": True})
    one = http.post("/v1/erasures", json={"job_id": ended})

    assert (again.status_code, again.json()["code"]) == (409, "erasure.nothing")
    assert (one.status_code, one.json()["code"]) == (410, "job.forgotten")


@pytest.mark.parametrize("path", ["/v1/erasures", "/v1/erasures/check"])
def test_what_cannot_be_forgotten_is_refused_before_anybody_is_asked(
    http: HttpScene, ended: int, path: str
) -> None:
    running = http.submit(command=["true"], options=["-A", "mesh"])

    nobody = http.post(path, json={"job_id": running + 1000})
    stranger = http.post(path, "stranger", json={"job_id": ended})
    no_project = http.post(path, json={"project": "no-such"})
    not_ended = http.post(path, json={"project": "mesh"})

    assert (nobody.status_code, stranger.status_code) == (404, 404)
    assert (no_project.status_code, no_project.json()["code"]) == (404, "not_found")
    assert "'no-such'" in no_project.json()["title"]
    assert (not_ended.status_code, not_ended.json()["code"]) == (409, "erasure.not_ended")


def test_a_check_counts_and_forgets_nothing(http: HttpScene, ended: int) -> None:
    of_one = http.post("/v1/erasures/check", json={"job_id": ended})
    of_all = http.post("/v1/erasures/check", json={"all": True})

    assert (of_one.status_code, of_one.json()) == (200, {"jobs": 1})
    assert of_all.json() == {"jobs": 1}
    assert http.get(f"/v1/jobs/{ended}").json()["name"] == "sim"
    assert http.get("/v1/erasures").json() == {"erasures": []}

"""What comes back from a job: its state, its output as it is written, its files, its reasons."""

import base64
import hashlib
from typing import Any

import pytest

from tests.support.http_scene import HttpScene

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA).hexdigest()
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def _write(
    http: HttpScene, key: tuple[int, int], text: bytes, offset: int = 0, stream: str = "stdout"
) -> None:
    body = {
        "key": key,
        "stream": stream,
        "offset": offset,
        "data_base64": base64.b64encode(text).decode(),
    }
    assert http.post("/v1/agent/output", "boiler", json=body).status_code == 200


def _read(http: HttpScene, job_id: int, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = http.get(f"/v1/jobs/{job_id}/output{query}").json()
    return {**answer, "text": base64.b64decode(answer["data_base64"])}


@pytest.fixture
def running(http: HttpScene) -> tuple[int, int]:
    """A job that runs on the node ``boiler``."""
    http.warm_node()
    http.submit(command=["sim"], options=["-t", "1"])
    (key,) = http.start()
    return key


def test_output_can_be_read_while_the_job_runs_and_is_final_after_it(
    http: HttpScene, running: tuple[int, int]
) -> None:
    _write(http, running, b"step 1\n")
    first = _read(http, running[0])
    _write(http, running, b"step 2\n", offset=7)
    second = _read(http, running[0], f"?offset={first['next_offset']}&wait_s=5")
    http.finish(running)
    last = _read(http, running[0], f"?offset={second['next_offset']}&wait_s=5")

    assert (first["text"], first["is_final"]) == (b"step 1\n", False)
    assert (second["text"], second["is_final"]) == (b"step 2\n", False)
    assert (last["text"], last["is_final"]) == (b"", True)


def test_the_two_streams_are_apart(http: HttpScene, running: tuple[int, int]) -> None:
    _write(http, running, b"out")
    _write(http, running, b"err", stream="stderr")

    assert _read(http, running[0])["text"] == b"out"
    assert _read(http, running[0], "?stream=stderr")["text"] == b"err"
    assert http.get(f"/v1/jobs/{running[0]}/output?stream=stdin").status_code == 422


def test_a_follower_of_a_lost_attempt_learns_that_it_writes_no_more(
    http: HttpScene, running: tuple[int, int]
) -> None:
    _write(http, running, b"half")
    http.finish(running, reason="node_restarted", exit_code=None)
    again = http.start()

    first = _read(http, running[0], "?attempt=1&offset=4")

    assert again == [(running[0], 2)]
    assert (first["attempt"], first["is_final"]) == (1, True)
    _write(http, again[0], b"whole")
    assert _read(http, running[0])["text"] == b"whole"


def test_a_job_that_wrote_nothing_ends_a_follower_at_once(
    http: HttpScene, running: tuple[int, int]
) -> None:
    http.finish(running)

    assert _read(http, running[0], "?wait_s=60")["is_final"] is True


def test_files_come_back_whole_and_in_ranges(http: HttpScene, running: tuple[int, int]) -> None:
    http.send_result(running, DATA)
    files = [
        {"path": "out/field.dat", "sha256": SHA256, "size_bytes": len(DATA)},
        {"path": "empty.log", "sha256": EMPTY_SHA256, "size_bytes": 0},
    ]
    http.finish(running, files=files)
    address = f"/v1/jobs/{running[0]}/files/out/field.dat"

    whole = http.get(address)
    part = http.get(address, headers={"Range": "bytes=95-"})

    assert whole.content == DATA
    assert whole.headers["ETag"] == f'"{SHA256}"'
    assert (part.status_code, part.content) == (206, DATA[95:])
    assert part.headers["Content-Range"] == "bytes 95-99/100"
    assert http.get(address, headers={"Range": "bytes=100-"}).status_code == 416
    assert http.get(f"/v1/jobs/{running[0]}/files/empty.log").content == b""
    assert http.get(f"/v1/jobs/{running[0]}/files/nothing").status_code == 404
    assert http.get(address, "stranger").status_code == 404
    assert [item["path"] for item in http.get(f"/v1/jobs/{running[0]}").json()["files"]] == [
        "empty.log",
        "out/field.dat",
    ]


def test_a_file_whose_bytes_differ_from_its_name_is_not_kept(http: HttpScene) -> None:
    answer = http.put(f"/v1/files/{SHA256}", content=b"other")

    assert (answer.status_code, answer.json()["code"]) == (422, "file.digest")
    assert http.call("HEAD", f"/v1/files/{SHA256}", "owner").status_code == 404
    assert http.put(f"/v1/files/{SHA256}", content=DATA).status_code == 201


def test_knowing_a_digest_is_not_having_the_file(http: HttpScene) -> None:
    http.put(f"/v1/files/{SHA256}", "owner", content=DATA)
    item = {"path": "mesh", "sha256": SHA256, "size_bytes": len(DATA)}

    assert http.call("HEAD", f"/v1/files/{SHA256}", "stranger").status_code == 404
    assert http.send_job("stranger", command=["true"], inputs=[item]).status_code == 422
    assert http.put(f"/v1/files/{SHA256}", "stranger", content=b"guess").status_code == 422
    assert http.send_job("owner", command=["true"], inputs=[item]).status_code == 201


def test_a_node_fetches_the_inputs_of_its_own_jobs_only(http: HttpScene) -> None:
    http.warm_node()
    http.node(http.site("other"), "other")
    http.put(f"/v1/files/{SHA256}", content=DATA)
    item = {"path": "mesh", "sha256": SHA256, "size_bytes": len(DATA)}
    http.submit(command=["true"], inputs=[item])
    early = f"/v1/agent/attempts/1/1/files/{SHA256}"
    assert http.get(early, "boiler").status_code == 410

    (key,) = http.start()
    address = f"/v1/agent/attempts/{key[0]}/{key[1]}/files/{SHA256}"

    assert http.get(address, "boiler").content == DATA
    assert http.get(address, "other").status_code == 410
    assert http.get(address.replace(SHA256, "ab" * 32), "boiler").status_code == 404


def test_a_finished_job_shows_what_it_used(http: HttpScene, running: tuple[int, int]) -> None:
    http.finish(running, reason="program_failed", exit_code=3, detail="It said why.")

    job = http.get(f"/v1/jobs/{running[0]}").json()

    assert (job["state"], job["exit_code"], job["detail"]) == ("failed", 3, "It said why.")
    (attempt,) = job["attempts"]
    assert (attempt["wall_s"], attempt["cpu_s"], attempt["is_simulated"]) == (1.0, 0.5, True)
    assert attempt["energy_estimate_wh"] > 0


def test_explain_says_why_here_with_the_temperatures(http: HttpScene) -> None:
    http.warm_node("cold", water_temp_c=24.1)
    http.warm_node("warm", water_temp_c=38.0)
    job_id = http.submit(command=["sim"])
    http.start("cold")

    answer = http.get(f"/v1/jobs/{job_id}/explain").json()

    assert (answer["state"], answer["code"]) == ("running", "coldest_water")
    assert "site of cold (cold) is emptiest: 24.1 °C" in answer["sentence"]
    assert "next was warm, 38.0 °C" in answer["sentence"]
    (attempt,) = answer["attempts"]
    assert [item["node_name"] for item in attempt["why"]["candidates"]] == ["cold", "warm"]


def test_explain_says_why_not_yet(http: HttpScene, running: tuple[int, int]) -> None:
    assert running
    http.submit(command=["sim"], options=["-n", "8"])
    waiting = http.submit("stranger", command=["sim"], options=["-n", "8"])
    http.scheduler.turn()

    answer = http.get(f"/v1/jobs/{waiting}/explain", "stranger").json()

    assert answer["code"] == "waiting_for_cores"
    assert "8 cores" in answer["sentence"]
    assert "1 job is ahead of it" in answer["sentence"]


def test_explain_of_a_held_job_says_how_to_release_it(http: HttpScene) -> None:
    http.warm_node()
    job_id = http.submit(command=["sim"], options=["--hold"])

    assert f"release {job_id}" in http.get(f"/v1/jobs/{job_id}/explain").json()["sentence"]
    http.post(f"/v1/jobs/{job_id}/release")
    assert http.get(f"/v1/jobs/{job_id}/explain").json()["code"] == "about_to_start"


def test_checking_a_job_stores_nothing(http: HttpScene) -> None:
    http.warm_node()

    answer = http.post("/v1/jobs/check", json={"script": "#!/bin/sh\n#SBATCH -n 2\ntrue\n"}).json()

    assert answer["would_fit"] == ["boiler"]
    assert answer["resources"]["cores"] == 2
    assert any("No --time was given" in note for note in answer["notes"])
    assert http.get("/v1/jobs").json()["jobs"] == []


def test_a_drained_node_gets_no_work_until_it_is_resumed(http: HttpScene) -> None:
    node_id = http.warm_node()
    assert http.post(f"/v1/nodes/{node_id}/drain", "operator").json()["state"] == "drained"
    job_id = http.submit()
    assert http.start() == []
    assert http.get(f"/v1/jobs/{job_id}/explain").json()["code"] == "no_node_open"

    http.post(f"/v1/nodes/{node_id}/resume", "operator")

    assert http.start() == [(job_id, 1)]


def test_a_node_joins_with_a_token_that_works_once(http: HttpScene) -> None:
    site = http.post("/v1/sites", "operator", json={"name": "Pool", "storage_wh_per_k": 500.0})
    body = {"site_id": site.json()["site_id"], "node_name": "n1", "life_s": 60}
    token = http.post("/v1/enrolments", "operator", json=body).json()["token"]
    spec = {"cores": 4, "mem_mib": 8000, "idle_power_w": 100, "max_power_w": 900}
    enrol = {"token": token, "spec": spec}

    assert http.post("/v1/agent/enrol", None, json=enrol).status_code == 200
    assert http.post("/v1/agent/enrol", None, json=enrol).status_code == 401
    assert [node["name"] for node in http.get("/v1/nodes").json()["nodes"]] == ["n1"]
    again = http.post("/v1/sites", "operator", json={"name": "Pool", "storage_wh_per_k": 1.0})
    assert again.status_code == 409

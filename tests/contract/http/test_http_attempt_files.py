"""What nodes hand over while a job runs and when it has ended, and what is refused of it."""

import hashlib
from typing import Any

import httpx2
import pytest

from tests.support.http_scene import HttpScene

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA).hexdigest()
NEWER = b"newer"
NEWER_SHA256 = hashlib.sha256(NEWER).hexdigest()


@pytest.fixture
def running(http: HttpScene) -> tuple[int, int]:
    """A job that runs on the node ``boiler``."""
    http.warm_node()
    http.submit(command=["sim"], options=["--copy-results-every=10min"])
    (key,) = http.start()
    return key


def _attempt(key: tuple[int, int]) -> str:
    return f"/v1/agent/attempts/{key[0]}/{key[1]}"


def _file(path: str, sha256: str = SHA256, size_bytes: int = len(DATA)) -> dict[str, Any]:
    return {"path": path, "sha256": sha256, "size_bytes": size_bytes}


def _copy(http: HttpScene, key: tuple[int, int], *files: dict[str, Any]) -> httpx2.Response:
    return http.put(f"{_attempt(key)}/results", "boiler", json={"files": list(files)})


def _listed(http: HttpScene, job_id: int) -> list[str]:
    return [item["path"] for item in http.get(f"/v1/jobs/{job_id}").json()["files"]]


def test_what_a_running_job_wrote_can_be_fetched(http: HttpScene, running: tuple[int, int]) -> None:
    http.send_result(running, DATA)
    assert _copy(http, running, _file("out/field.dat")).json() == {"listed": 1, "left_out": 0}

    job = http.get(f"/v1/jobs/{running[0]}").json()
    fetched = http.get(f"/v1/jobs/{running[0]}/files/out/field.dat")

    assert job["state"] == "running"
    assert [item["path"] for item in job["files"]] == ["out/field.dat"]
    assert fetched.content == DATA


def test_a_transfer_that_broke_goes_on_only_in_the_same_copy(
    http: HttpScene, running: tuple[int, int]
) -> None:
    address = f"/v1/jobs/{running[0]}/files/field.dat"
    http.send_result(running, DATA)
    _copy(http, running, _file("field.dat"))
    part = {"Range": "bytes=90-", "If-Match": f'"{SHA256}"'}
    same = http.get(address, headers=part)
    http.send_result(running, NEWER)
    _copy(http, running, _file("field.dat", NEWER_SHA256, len(NEWER)))

    other = http.get(address, headers=part)
    anew = http.get(address, headers={"Range": "bytes=3-", "If-Range": f'"{SHA256}"'})
    on = http.get(address, headers={"Range": "bytes=3-", "If-Range": f'"{NEWER_SHA256}"'})
    unchanged = http.get(address, headers={"If-None-Match": f'"{NEWER_SHA256}"'})

    assert (same.status_code, same.content) == (206, DATA[90:])
    assert (other.status_code, other.json()["code"]) == (412, "file.changed")
    assert (anew.status_code, anew.content) == (200, NEWER)
    assert (on.status_code, on.content) == (206, NEWER[3:])
    assert unchanged.status_code == 304


def test_the_end_takes_the_place_of_the_last_copy(
    http: HttpScene, running: tuple[int, int]
) -> None:
    http.send_result(running, DATA)
    _copy(http, running, _file("a"), _file("b"))
    http.send_result(running, NEWER)

    http.finish(running, files=[_file("a", NEWER_SHA256, len(NEWER))])

    assert _listed(http, running[0]) == ["a"]
    assert http.get(f"/v1/jobs/{running[0]}/files/a").content == NEWER


def test_a_node_is_told_what_it_need_not_send(http: HttpScene, running: tuple[int, int]) -> None:
    asked = {"sha256s": [SHA256, NEWER_SHA256, hashlib.sha256(b"").hexdigest()]}
    before = http.post(f"{_attempt(running)}/missing", "boiler", json=asked).json()
    http.send_result(running, DATA)
    after = http.post(f"{_attempt(running)}/missing", "boiler", json=asked).json()

    assert before == {"missing": [SHA256, NEWER_SHA256]}
    assert after == {"missing": [NEWER_SHA256]}


def test_a_node_learns_nothing_of_other_tenants_and_cannot_give_their_files_away(
    http: HttpScene, running: tuple[int, int]
) -> None:
    http.put(f"/v1/files/{SHA256}", "stranger", content=DATA)
    asked = {"sha256s": [SHA256]}

    missing = http.post(f"{_attempt(running)}/missing", "boiler", json=asked).json()
    http.finish(running, files=[_file("stolen")])

    assert missing == {"missing": [SHA256]}
    assert http.get(f"/v1/jobs/{running[0]}/files/stolen").status_code == 404


def test_only_the_node_of_an_attempt_may_speak_for_it(
    http: HttpScene, running: tuple[int, int]
) -> None:
    http.node(http.site("other"), "other")
    here = _attempt(running)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{here}/missing", {"json": {"sha256s": []}}),
        ("PUT", f"{here}/results", {"json": {"files": []}}),
        ("PUT", f"{here}/files/{SHA256}", {"content": DATA}),
        ("POST", f"{here}/uploads", {}),
    ]

    def codes(who: str) -> list[str]:
        return [
            http.call(method, path, who, **arguments).json()["code"]
            for method, path, arguments in calls
        ]

    assert codes("other") == ["attempt.fenced"] * 4
    http.finish(running)
    assert codes("boiler") == ["attempt.fenced"] * 4


BAD_NAMES = [
    "../out",
    "a/../../out",
    "/etc/passwd",
    "",
    ".",
    "two\nlines",
    "bell\a",
    "nul\0",
    "del\x7f",
    "x" * 256,
    "/".join(["deep"] * 300),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_cannot_be_kept_is_left_out_and_said(
    http: HttpScene, running: tuple[int, int], name: str
) -> None:
    http.send_result(running, DATA)
    answer = _copy(http, running, _file(name), _file("good"))
    http.finish(running, files=[_file(name), _file("good")])

    assert answer.json() == {"listed": 1, "left_out": 1}
    job = http.get(f"/v1/jobs/{running[0]}").json()
    assert [item["path"] for item in job["files"]] == ["good"]
    assert "1 files were left out for their names" in job["detail"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_an_input_of_such_a_name_is_refused(http: HttpScene, name: str) -> None:
    item = {"path": name, "sha256": SHA256, "size_bytes": len(DATA)}
    http.put(f"/v1/files/{SHA256}", content=DATA)

    answer = http.send_job(command=["true"], inputs=[item])

    assert answer.status_code == 422
    assert answer.json()["code"] in {"file.path", "request.invalid"}


def test_a_name_that_is_no_text_is_refused(http: HttpScene, running: tuple[int, int]) -> None:
    raw = b'{"files": [{"path": "na\\udcefve", "sha256": "%s", "size_bytes": 1}]}'
    answer = http.put(
        f"{_attempt(running)}/results",
        "boiler",
        content=raw % SHA256.encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in {200, 422}
    assert _listed(http, running[0]) == []


def test_an_input_cannot_be_a_file_and_a_directory(http: HttpScene) -> None:
    http.put(f"/v1/files/{SHA256}", content=DATA)
    inputs = [_file("a/b"), _file("a")]

    answer = http.send_job(command=["true"], inputs=inputs)

    assert (answer.status_code, answer.json()["code"]) == (422, "file.twice")
    assert "'a'" in answer.json()["title"]


def test_numbers_that_no_database_holds_are_refused(
    http: HttpScene, running: tuple[int, int]
) -> None:
    far = f"/v1/agent/attempts/{10**30}/1/missing"
    assert http.post(far, "boiler", json={"sha256s": []}).status_code == 422
    assert _copy(http, running, _file("a", SHA256, 10**30)).status_code == 422


def _checkpoint(http: HttpScene, key: tuple[int, int], *files: dict[str, Any]) -> httpx2.Response:
    return http.put(f"{_attempt(key)}/checkpoint", "boiler", json={"files": list(files)})


def test_the_next_attempt_finds_the_checkpoint_of_the_one_before(http: HttpScene) -> None:
    http.warm_node()
    http.submit(command=["sim"], options=["--checkpoint"])
    (first,) = http.start()
    http.send_result(first, DATA)
    assert _checkpoint(http, first, _file("checkpoint/state")).json() == {"saved": 1}
    http.finish(first, reason="node_restarted", exit_code=None)
    (second,) = http.start()

    found = http.get(f"{_attempt(second)}/checkpoint", "boiler").json()
    fetched = http.get(f"{_attempt(second)}/files/{SHA256}", "boiler")

    assert found == {"files": [_file("checkpoint/state")]}
    assert fetched.content == DATA
    assert http.get(f"{_attempt(first)}/checkpoint", "boiler").status_code == 410
    assert _checkpoint(http, first, _file("checkpoint/old")).status_code == 410


@pytest.mark.parametrize("name", [*BAD_NAMES, "elsewhere", "checkpoint", "checkpoint/../x"])
def test_a_checkpoint_with_a_file_elsewhere_is_refused_whole(
    http: HttpScene, running: tuple[int, int], name: str
) -> None:
    http.send_result(running, DATA)
    refused = _checkpoint(http, running, _file("checkpoint/good"), _file(name))

    assert (refused.status_code, refused.json()["code"]) == (422, "checkpoint.path")
    assert http.get(f"{_attempt(running)}/checkpoint", "boiler").json() == {"files": []}

"""What a job writes, as server-sent events: read as a browser's EventSource reads them."""

import asyncio
import base64
import json
from dataclasses import dataclass

import httpx2
import pytest

from api.jobs import live_output
from api.jobs.live_output import Follower, Position, events
from tests.support.http_scene import HttpScene


@dataclass(frozen=True)
class Told:
    """One event, its data decoded."""

    kind: str
    id: str
    document: dict[str, object]

    @property
    def text(self) -> bytes:
        return base64.b64decode(str(self.document["data_base64"]))


def _told(answer: httpx2.Response) -> list[Told]:
    assert answer.status_code == 200, answer.text
    source = httpx2.EventSource(answer, max_event_size=1 << 20)
    return [
        Told(event.event, event.id, json.loads(event.data)) for event in source if event.data != ""
    ]


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


@pytest.fixture
def running(http: HttpScene) -> tuple[int, int]:
    """A job that runs on the node ``boiler``."""
    http.warm_node()
    http.submit(command=["sim"], options=["-t", "1"])
    (key,) = http.start()
    return key


def test_both_streams_come_and_then_the_end(http: HttpScene, running: tuple[int, int]) -> None:
    _write(http, running, b"out\xff\r\n")
    _write(http, running, b"err", stream="stderr")
    http.finish(running, reason="program_failed", exit_code=3)

    answer = http.get(f"/v1/jobs/{running[0]}/logs?follow=true")
    told = _told(answer)

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert [(one.kind, one.id) for one in told] == [
        ("stdout", "1-6-0"),
        ("stderr", "1-6-3"),
        ("end", "1-6-3"),
    ]
    assert (told[0].text, told[1].text) == (b"out\xff\r\n", b"err")
    assert told[2].document == {
        "attempt": 1,
        "state": "failed",
        "reason": "program_failed",
        "exit_code": 3,
    }


def test_without_follow_it_ends_where_there_is_no_more_yet(
    http: HttpScene, running: tuple[int, int]
) -> None:
    _write(http, running, b"so far")

    (only,) = _told(http.get(f"/v1/jobs/{running[0]}/logs"))

    assert (only.kind, only.text) == ("stdout", b"so far")


def test_whoever_comes_back_goes_on_behind_the_last_event(
    http: HttpScene, running: tuple[int, int]
) -> None:
    _write(http, running, b"first")
    (first,) = _told(http.get(f"/v1/jobs/{running[0]}/logs"))
    _write(http, running, b" last", offset=5)
    http.finish(running)
    address = f"/v1/jobs/{running[0]}/logs?follow=true&stream=stdout"

    rest = _told(http.get(address, headers={"Last-Event-ID": first.id}))
    after = http.get(address, headers={"Last-Event-ID": rest[-1].id})

    assert [(one.kind, one.id) for one in rest] == [("stdout", "1-10-0"), ("end", "1-10-0")]
    assert rest[0].text == b" last"
    assert after.status_code == 204


def test_one_that_never_started_ends_once(http: HttpScene) -> None:
    job_id = http.submit(command=["sim"], options=["--hold"])
    http.post(f"/v1/jobs/{job_id}/cancel")
    address = f"/v1/jobs/{job_id}/logs?follow=true"

    (end,) = _told(http.get(address))

    assert (end.kind, end.document["state"]) == ("end", "cancelled")
    assert http.get(address, headers={"Last-Event-ID": end.id}).status_code == 204


def test_the_next_attempt_comes_behind_the_one_before(
    http: HttpScene, running: tuple[int, int]
) -> None:
    _write(http, running, b"half")
    (half,) = _told(http.get(f"/v1/jobs/{running[0]}/logs"))
    http.finish(running, reason="node_restarted", exit_code=None)
    (again,) = http.start()
    _write(http, again, b"whole")
    http.finish(again)

    told = _told(http.get(f"/v1/jobs/{running[0]}/logs", headers={"Last-Event-ID": half.id}))

    assert [(one.kind, one.id) for one in told] == [("stdout", "2-5-0"), ("end", "2-5-0")]
    assert told[0].document["attempt"] == 2


def test_what_is_long_comes_in_events_that_clients_take(
    http: HttpScene, running: tuple[int, int]
) -> None:
    piece = bytes(range(256)) * 2048  # half a MiB
    for number in range(5):
        _write(http, running, piece, offset=number * len(piece))
    http.finish(running)

    told = _told(http.get(f"/v1/jobs/{running[0]}/logs?stream=stdout"))

    assert b"".join(one.text for one in told[:-1]) == piece * 5
    assert all(len(one.text) <= 1 << 18 for one in told[:-1])


@pytest.mark.parametrize(
    "event_id", ["x", "1", "1-2", "-1-0-0", "1-0-0-0", "1e3-0-0", "2-0-0", "٣-0-0", "9" * 400]
)
def test_an_id_that_was_never_told_is_refused(
    http: HttpScene, running: tuple[int, int], event_id: str
) -> None:
    headers = {"Last-Event-ID": event_id.encode()}

    answer = http.get(f"/v1/jobs/{running[0]}/logs?follow=true", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "output.event_id")


def test_a_place_behind_everything_waits_for_more_and_is_no_error(
    http: HttpScene, running: tuple[int, int]
) -> None:
    headers = {"Last-Event-ID": f"1-{10**17}-0"}

    assert _told(http.get(f"/v1/jobs/{running[0]}/logs", headers=headers)) == []


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("stranger", "{}/logs?follow=true", 404),
        ("owner", "999/logs", 404),
        ("owner", "{}/logs?stream=stdin", 422),
        ("owner", "{}/logs?follow=perhaps", 422),
    ],
)
def test_what_cannot_be_followed_is_refused_before_the_first_event(
    http: HttpScene, running: tuple[int, int], who: str, path: str, status: int
) -> None:
    assert http.get(f"/v1/jobs/{path.format(running[0])}", who).status_code == status


def _follow(http: HttpScene, one: int, answers: list[bool], counted: int) -> list[bytes]:
    """The first events of somebody who follows; the key is asked about as often as it says."""

    async def is_admitted() -> bool:
        return answers.pop(0)

    follower = Follower(
        instance_id=one,
        streams=("stdout",),
        position=Position(attempt=1),
        waits=True,
        is_admitted=is_admitted,
    )

    async def read() -> list[bytes]:
        found: list[bytes] = []
        async for piece in events(http.services, follower):
            found.append(piece)
            if len(found) == counted:
                break
        return found

    return asyncio.run(read())


def test_silence_is_broken_and_ends_when_the_key_does(
    http: HttpScene, running: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_output, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(live_output, "LOOK_AGAIN_S", 0.01)

    said = _follow(http, running[0], [True, True, False], 100)

    assert said == [b"retry: 1000\n\n", b": ping\n\n", b": ping\n\n"]


def test_a_server_that_stops_lets_its_followers_go(
    http: HttpScene, running: tuple[int, int]
) -> None:
    http.services.hub.end()

    assert _follow(http, running[0], [], 100) == [b"retry: 1000\n\n"]

"""Requests that somebody thought of: each is refused, or does no harm, on both databases."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, NamedTuple

from api.names import LARGEST
from tests.support.builders import reading
from tests.support.hostile import HostileScene, Told

_JSON = {"Content-Type": "application/json"}
_HUGE = "9" * 30
_ENDLESS = "9" * 5000
_TRUE = b'{"command":["true"]}'


class Sent(NamedTuple):
    """A request, and what it must bring."""

    status: int
    method: str
    path: str
    who: str | None = "owner"
    body: str | bytes = b""
    headers: Mapping[str, Any] = MappingProxyType({})

    def __str__(self) -> str:
        return f"{self.method} {self.path[:80]} {self.body[:80]!r} {dict(self.headers)}"


def _deep(depth: int) -> str:
    return '{"boot_id":"b","status":' + '{"a":' * depth + "1" + "}" * (depth + 1)


def _reading(**wrong: Any) -> str:  # noqa: ANN401
    return json.dumps([{**asdict(reading(1, 9)), **wrong}])


_PATHS = [
    Sent(404, "GET", f"/v1/jobs/{'9' * 18}"),
    Sent(422, "GET", f"/v1/jobs/{_HUGE}"),
    Sent(422, "GET", f"/v1/jobs/{'1' * 60_000}"),
    Sent(422, "GET", "/v1/jobs/%00"),
    Sent(422, "GET", "/v1/jobs/%ff"),
    Sent(422, "GET", "/v1/jobs/%D9%A1"),  # the digit one, in Arabic
    Sent(422, "GET", f"/v1/jobs/1_[0-{'9' * 900}]"),
    Sent(422, "GET", "/v1/jobs/1/files/%00"),
    Sent(404, "GET", "/v1/jobs/1/files/%2e%2e/%2e%2e/etc/passwd"),
    Sent(422, "GET", f"/v1/jobs/1/files/{'a/' * 20_000}"),
    Sent(422, "GET", f"/v1/jobs?before_id={_HUGE}"),
    Sent(422, "GET", "/v1/jobs?name=%00"),
    Sent(200, "GET", "/v1/jobs?name=%ff%fe"),
    Sent(200, "GET", "/v1/jobs?" + "&".join(["state=queued"] * 5000)),
    Sent(422, "GET", "/v1/jobs?limit=NaN"),
    Sent(422, "GET", "/v1/jobs/1?wait_s=NaN"),
    Sent(422, "GET", "/v1/jobs/1?wait_s=inf"),
    Sent(422, "GET", f"/v1/jobs/1/output?offset={_HUGE}"),
    Sent(200, "GET", f"/v1/jobs/1/output?offset={LARGEST}"),
    Sent(422, "GET", f"/v1/jobs/1/output?attempt={2**31}"),
    Sent(422, "GET", f"/v1/heat?site_id={_HUGE}", "operator"),
    Sent(200, "GET", "/v1/heat?to_s=1e308", "operator"),
    Sent(422, "GET", "/v1/heat?from_s=NaN", "operator"),
    Sent(422, "GET", "/v1/keys?tenant=%00", "operator"),
    Sent(422, "GET", "/v1/projects?tenant=%00"),
    Sent(422, "GET", "/v1/usage?tenant=%00"),
    Sent(422, "GET", f"/v1/usage?after={'W' * 19_999}"),
    Sent(422, "POST", f"/v1/nodes/{_HUGE}/drain", "operator"),
    Sent(422, "HEAD", "/v1/uploads/%00"),
    Sent(422, "DELETE", "/v1/uploads/%00"),
    Sent(422, "PATCH", "/v1/agent/uploads/%00", "boiler"),
    Sent(405, "TRACE", "/v1/jobs"),
    Sent(405, "BREW", "/v1/jobs"),
]
_BODIES = [
    Sent(400, "POST", "/v1/jobs", body="[" * 100_000, headers=_JSON),
    Sent(400, "POST", "/v1/agent/heartbeat", "boiler", _deep(100_000), _JSON),
    Sent(200, "POST", "/v1/agent/heartbeat", "boiler", _deep(500), _JSON),
    Sent(200, "POST", "/v1/agent/heartbeat", "boiler", '{"boot_id":"b","status":{"a":NaN}}', _JSON),
    Sent(422, "POST", "/v1/agent/heartbeat", "boiler", '{"boot_id":"a\\u0000"}', _JSON),
    Sent(400, "POST", "/v1/jobs/wait", body=f'{{"job_ids":[{_ENDLESS}]}}', headers=_JSON),
    Sent(422, "POST", "/v1/jobs/wait", body=f'{{"job_ids":[{_HUGE}]}}', headers=_JSON),
    Sent(422, "POST", "/v1/jobs/wait", body='{"job_ids":[1e400,NaN]}', headers=_JSON),
    Sent(422, "POST", "/v1/jobs", body='{"\\ud800":1}', headers=_JSON),
    Sent(422, "POST", "/v1/jobs", body='{"a\\nb":1}', headers=_JSON),
    Sent(422, "POST", "/v1/jobs", body=json.dumps({"x" * 5000: 1}), headers=_JSON),
    Sent(422, "POST", "/v1/sites", "operator", '{"name":"a\\nb","storage_wh_per_k":5}', _JSON),
    Sent(422, "POST", "/v1/jobs", body="", headers=_JSON),
    Sent(422, "POST", "/v1/jobs", body="null", headers=_JSON),
    Sent(422, "POST", "/v1/jobs", body=_TRUE, headers={"Content-Type": "text/plain"}),
    Sent(422, "POST", "/v1/jobs", body=_TRUE, headers={"Content-Type": b"\xff"}),
    Sent(400, "POST", "/v1/jobs", body=b"\x1f\x8b", headers={**_JSON, "Content-Encoding": "gzip"}),
    Sent(422, "POST", "/v1/jobs", body=_TRUE, headers={**_JSON, "Idempotency-Key": b"\0"}),
    Sent(422, "POST", "/v1/jobs", body=_TRUE, headers={**_JSON, "Idempotency-Key": ""}),
    Sent(201, "POST", "/v1/jobs", body=_TRUE, headers={**_JSON, "Idempotency-Key": b"\xff\xfe"}),
    Sent(403, "POST", "/leave", None, headers={"Origin": "http://[::1"}),
    Sent(401, "POST", "/enter", None, body=b"key=%00%ff" + b"\xff" * 5000),
    Sent(422, "POST", "/v1/uploads", headers={"Upload-Length": _ENDLESS}),
    Sent(422, "POST", "/v1/uploads", headers={"Upload-Length": "5", "Upload-Metadata": "sha256 !"}),
]
_SPEC = '{"cores":1,"mem_mib":1,"idle_power_w":%s,"max_power_w":%s}'
_OF_THE_NODE = [
    Sent(422, "PUT", "/v1/agent/spec", "boiler", _SPEC % ("Infinity", "1"), _JSON),
    Sent(422, "PUT", "/v1/agent/spec", "boiler", _SPEC % ("5", "1"), _JSON),
    Sent(422, "PUT", "/v1/agent/spec", "boiler", _SPEC % ("1", "1e300"), _JSON),
]


def _judge(scene: HostileScene, sent: Sent) -> int:
    answer = scene.call(
        sent.method, sent.path, sent.who, content=sent.body, headers=dict(sent.headers)
    )
    kind = answer.headers.get("content-type", "")
    is_page = kind.startswith("text/html")
    told = Told(answer.status_code, kind, b"" if is_page else answer.content)
    scene.judge(str(sent), answer.text[:300], told)
    return answer.status_code


def test_what_somebody_thought_of_is_answered_as_it_should_be(scene: HostileScene) -> None:
    all_sent = (*_PATHS, *_BODIES, *_OF_THE_NODE)

    got = {str(sent): _judge(scene, sent) for sent in all_sent}

    assert got == {str(sent): sent.status for sent in all_sent}
    assert scene.faults == {}
    assert scene.findings() == []


def test_a_reading_whose_texts_no_database_keeps_is_refused_alone(scene: HostileScene) -> None:
    for name in ("heat_meter_serial", "electricity_meter_serial", "control_state"):
        for wrong in ("a\0b", "\ud800", "x" * 10_000, "a\nb"):
            body = _reading(**{name: wrong})
            answer = scene.post("/v1/agent/readings", "boiler", content=body, headers=_JSON)

            assert [item["code"] for item in answer.json()["refused"]] == ["reading.type"]
    answer = scene.post(
        "/v1/agent/readings", "boiler", content=_reading(**{"\ud800": 1}), headers=_JSON
    )
    assert [item["code"] for item in answer.json()["refused"]] == ["reading.unknown"]


def test_the_end_of_an_attempt_is_taken_though_its_sentence_holds_a_nul(
    scene: HostileScene,
) -> None:
    job_id = int(scene.known["job_id"][1])
    (key,) = [key for key in ((job_id, 1),) if str(key[0]) in scene.known["instance_id"]]

    scene.finish(key, reason="program_failed", exit_code=3, detail="broke\0n")

    told = scene.get(f"/v1/jobs/{job_id}").json()
    assert (told["state"], told["attempts"][0]["detail"]) == ("failed", "broken")


def test_a_key_of_any_form_is_only_unknown(scene: HostileScene) -> None:
    forms = [b"\xff", b"a" * 9000, b"chf_\xc3\xa9.x", b"chf_%00.x", b"chf_."]
    forms += [f"chj_{form}".encode() for form in ("9" * 400, f"1_{_HUGE}.x", "1", "_", "-1_1.x")]
    for form in forms:
        answer = scene.client.get("/v1/whoami", headers={b"Authorization": b"Bearer " + form})

        assert (answer.status_code, answer.json()["code"]) == (401, "key.unknown"), form

"""Webhooks over HTTP: made, shown, removed; and mail under the operator's rules."""

import base64

import pytest

from domain.notices.rules import NoticeRules, NoticeWords, read_notice_rules
from tests.support.http_scene import HttpScene

URL = "https://hooks.lab.example/done"


def _rules(**words: str) -> NoticeRules:
    rules = read_notice_rules(NoticeWords(**words))
    assert isinstance(rules, NoticeRules)
    return rules


@pytest.fixture(autouse=True)
def _allowed(http: HttpScene) -> None:
    http.services.notice_rules = _rules(webhook_hosts="hooks.lab.example")


def test_a_webhook_is_made_and_its_secret_shown_once(http: HttpScene) -> None:
    made = http.post("/v1/webhooks", json={"url": URL, "types": "begin,fail"})
    shown = http.get("/v1/webhooks")

    assert made.status_code == 201
    secret = made.json()["secret"]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    (item,) = shown.json()["webhooks"]
    assert (item["url"], item["types"], item["waiting"]) == (URL, ["begin", "fail"], 0)
    assert "secret" not in item
    assert secret not in shown.text


def test_webhooks_are_their_tenants_and_the_operators(http: HttpScene) -> None:
    number = http.post("/v1/webhooks", json={"url": URL}).json()["webhook_id"]

    assert http.get("/v1/webhooks", "stranger").json() == {"webhooks": []}
    assert http.call("DELETE", f"/v1/webhooks/{number}", "stranger").status_code == 404
    assert http.post(f"/v1/webhooks/{number}/ping", "stranger").status_code == 404
    assert len(http.get("/v1/webhooks", "operator").json()["webhooks"]) == 1
    assert http.post(f"/v1/webhooks/{number}/ping").status_code == 202
    assert http.get("/v1/webhooks").json()["webhooks"][0]["waiting"] == 1
    assert http.call("DELETE", f"/v1/webhooks/{number}", "owner").status_code == 200
    assert http.get("/v1/webhooks").json() == {"webhooks": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "https://evil.example/"}, "webhook.host"),
        ({"url": "https://169.254.169.254/"}, "webhook.host"),
        ({"url": "http://hooks.lab.example/done"}, "webhook.host"),
        ({"url": "https://x@hooks.lab.example/"}, "webhook.url"),
        ({"url": ""}, "webhook.url"),
        ({"url": URL, "types": ""}, "webhook.types"),
        ({"url": URL, "types": "none"}, "webhook.types"),
        ({"url": URL, "types": "time_limit_80"}, "webhook.types"),
        ({"url": URL, "types": "ended"}, "webhook.types"),
        ({"url": URL, "secret": "mine"}, "request.invalid"),
        ({"url": ["x"]}, "request.invalid"),
        ({"url": URL, "project": "a\nb"}, "request.invalid"),
    ],
)
def test_what_cannot_be_is_refused(http: HttpScene, body: dict[str, object], code: str) -> None:
    answer = http.post("/v1/webhooks", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert http.get("/v1/webhooks").json() == {"webhooks": []}


def test_a_running_job_makes_no_webhooks(http: HttpScene) -> None:
    http.warm_node()
    job_id = http.submit()
    http.start()

    answer = http.post("/v1/webhooks", f"job {job_id}", json={"url": URL})

    assert (answer.status_code, answer.json()["code"]) == (403, "key.of_job")
    assert http.get("/v1/webhooks", f"job {job_id}").status_code == 200


def _notes(http: HttpScene, *options: str) -> list[str]:
    asked = ["--mail-type=END", *options]
    job_id = http.submit(command=["sim"], options=asked)
    notes: list[str] = http.get(f"/v1/jobs/{job_id}").json()["notes"]
    return [note for note in notes if "--mail" in note]


def test_without_a_relay_it_is_said_that_no_mail_is_sent(http: HttpScene) -> None:
    (note,) = _notes(http, "--mail-user=jane@lab.example")

    assert note == "--mail-user: no mail is sent, for the operator has set no mail relay."


def test_mail_goes_to_allowed_domains_only(http: HttpScene) -> None:
    http.services.notice_rules = _rules(mail_relay="smtp://relay", mail_from="hpc@lab.example")

    assert _notes(http, "--mail-user=jane@lab.example") == []
    (note,) = _notes(http, "--mail-user=jane@lab.example,joe@evil.example")
    assert "no mail goes to joe@evil.example" in note
    assert "lab.example only" in note

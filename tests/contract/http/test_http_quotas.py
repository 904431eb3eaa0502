"""Quotas over HTTP: the operator sets them, tenants see their own, and both learn why."""

from typing import Any

import pytest

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene


def put(http: HttpScene, who: str = "operator", tenant: str = "lab", **body: Any) -> Any:  # noqa: ANN401
    return http.post("/v1/quotas", who, json={"tenant": tenant, **body})


def shown(http: HttpScene, who: str) -> dict[tuple[str, str | None, str], tuple[str, str]]:
    lines = http.get("/v1/quotas", who).json()["quotas"]
    return {
        (line["tenant"], line["project"], line["quota"]): (line["used"], line["limit"])
        for line in lines
        if line["quota"] != "stored_bytes"
    }


def test_a_tenant_sees_its_own_quotas_and_what_it_uses(http: HttpScene) -> None:
    put(http, limits={"queued-jobs": "5", "kwh/month": "1.5"})
    put(http, tenant="another lab", limits={"cores": "3"})
    http.submit()

    assert shown(http, "owner") == {
        ("lab", None, "kwh/month"): ("0", "1.5"),
        ("lab", None, "queued_jobs"): ("1", "5"),
    }
    assert shown(http, "stranger") == {("another lab", None, "cores"): ("0", "3")}
    assert len(shown(http, "operator")) == 3
    assert http.get("/v1/quotas?tenant=another lab", "owner").status_code == 404
    (stored,) = http.get("/v1/quotas?tenant=operator", "operator").json()["quotas"]
    assert (stored["quota"], stored["limit"]) == ("stored_bytes", str(100 << 30))


def test_setting_one_leaves_the_others_and_null_takes_one_away(http: HttpScene) -> None:
    put(http, limits={"cores": "3", "running_jobs": "2"})

    answer = put(http, limits={"cores": None, "queued_jobs": "9"})

    assert answer.status_code == 200
    assert {line["quota"] for line in answer.json()["quotas"]} == {
        "queued_jobs",
        "running_jobs",
        "stored_bytes",
    }


def test_only_operators_set_quotas(http: HttpScene) -> None:
    answer = put(http, "owner", limits={"cores": "3"})

    assert (answer.status_code, answer.json()["code"]) == (403, "key.scope")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"limits": {"cores": "3", "nodes": "1"}}, "quota.unknown"),
        ({"limits": {"cores": "-3"}}, "quota.amount"),
        ({"limits": {"cost/month": "3"}}, "quota.no_prices"),
        ({"limits": {"cores": "3"}, "tenant": "nobody"}, "tenant.unknown"),
        ({"limits": {"cores": "3"}, "project": "nothing"}, "project.unknown"),
        ({"limits": {"cores": "3", "kwh/month": "1"}, "safe": True}, "quota.not_safe"),
        ({"limits": {"kwh/month": None}, "safe": True}, "quota.not_safe"),
        ({"limits": {}}, "request.invalid"),
        ({"limits": {"cores": 3.5}}, "request.invalid"),
        ({"limits": {"cores": "3"}, "user": "marie"}, "request.invalid"),
    ],
)
def test_a_mistake_sets_nothing(http: HttpScene, body: dict[str, Any], code: str) -> None:
    answer = put(http, **body)

    status = 404 if code in UNKNOWN_NAMES else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert shown(http, "operator") == {}


def test_a_safe_budget_says_what_it_keeps_for_what_runs(http: HttpScene) -> None:
    http.warm_node()
    put(http, limits={"core-hours/total": "1.5"}, safe=True)
    http.submit()
    waiting = http.submit()
    http.start()

    why = http.get(f"/v1/jobs/{waiting}/explain").json()
    line = http.get("/v1/quotas", "owner").json()["quotas"][0]

    assert (why["state"], why["code"]) == ("queued", "quota.core_hours")
    assert why["sentence"] == (
        "The budget of core-hours is safe, so that nothing starts which it might not cover to the "
        "end: 1.500 of it are left, 0.500 when what runs has reached its time limits, and this "
        "job may take 1.000 within its own; it starts when enough is left, or with a shorter "
        "--time."
    )
    assert (line["quota"], line["is_safe"], line["is_used_up"]) == ("core_hours/total", True, False)
    assert (line["used"], line["ended"], line["limit"]) == ("0", "0", "1.5")


def test_a_full_queue_refuses_in_words_and_so_does_a_trial(http: HttpScene) -> None:
    put(http, limits={"queued-jobs": "1"})
    first = http.send_job("owner")

    refused = http.send_job("owner")
    tried = http.post("/v1/jobs/check", json={"command": ["true"]})
    many = http.post("/v1/jobs/batch", json={"jobs": [{"command": ["true"]}]}).json()["jobs"]

    assert first.status_code == 201
    assert (refused.status_code, refused.json()["code"]) == (422, "quota.queued_jobs")
    assert "1 of 1 are used and 1 more are asked for" in refused.json()["title"]
    assert (tried.status_code, tried.json()["code"]) == (422, "quota.queued_jobs")
    assert many[0]["code"] == "quota.queued_jobs"
    assert http.send_job("stranger").status_code == 201


def test_what_waits_for_a_quota_says_so(http: HttpScene) -> None:
    http.warm_node()
    put(http, limits={"running-jobs": "1"})
    http.submit()
    waiting = http.submit()
    http.start()

    why = http.get(f"/v1/jobs/{waiting}/explain").json()
    tried = http.post("/v1/jobs/check", json={"command": ["true"]}).json()["likely_start"]

    assert (why["state"], why["code"]) == ("queued", "quota.running_jobs")
    assert "running jobs is reached: 1 of 1 are in use" in why["sentence"]
    assert (tried["at_s"], tried["sentence"]) == (None, f"Not known. {why['sentence']}")


def test_a_budget_that_is_used_up_names_use_and_limit_to_those_who_wait(http: HttpScene) -> None:
    http.warm_node()
    put(http, limits={"core-hours/total": "1", "running-jobs": "1"})
    http.submit()
    waiting = http.submit()
    ((key),) = http.start()

    http.finish(key, wall_s=7200.0)

    assert http.start() == []
    why = http.get(f"/v1/jobs/{waiting}/explain").json()
    assert (why["state"], why["code"]) == ("queued", "quota.core_hours")
    assert why["sentence"] == (
        "The budget of core-hours is used up: 2.000 of 1 are used; it waits until it is raised, "
        "what runs goes on."
    )
    refused = http.send_job().json()
    assert refused["code"] == "quota.core_hours"
    assert refused["title"].endswith("2.000 of 1 are used; ask the operator for more.")
    put(http, limits={"core-hours/total": "3"})
    assert [key[0] for key in http.start()] == [waiting]

"""Who may do what: every route, for every kind of caller, read off the application itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.problems import UNKNOWN_NAMES
from domain.access import ROLE_SCOPES, Role, Scope
from tests.support.http_scene import HttpScene
from tests.support.routes import declared_scopes, routes_of, scope_of

SHA256 = "ab" * 32


def calls_of(http: HttpScene, job_id: int = 1) -> Iterator[tuple[str, str, Scope]]:
    """Each method and address, its places filled in, with the scope it asks for."""
    places = {"{job_id}": str(job_id), "{path:path}": "result.dat", "{sha256}": SHA256}
    places |= {"{node_id}": "1", "{key_id}": "999", "{name}": "page.css"}
    places |= {"{site_id}": "1", "{instance_id}": "1", "{attempt}": "1", "{upload_id}": "1"}
    places |= {"{webhook_id}": "999", "{erasure_id}": "999", "{reservation_id}": "999"}
    places |= {"{tenant_id}": "999", "{project_id}": "999", "{user_id}": "999"}
    places |= {"{collectivity_id}": "999", "{account_id}": "999"}
    places |= {
        "{form}": "csv",
        "{colour}": "1a5e9a",
        "{code}": "2345",
        "{report_id}": "9",
        "{deed}": "calendar",
    }
    places |= {"{meter_id}": "999", "{case}": "1.1.1", "{declaration_id}": "999"}
    places |= {"{decision_id}": "999"}
    places |= {"{reference}": "M-1", "{number}": "CHALEUR-2026-00001", "{year}": "2026"}
    places |= {"{dispute_id}": "999", "{kind}": "year", "{period}": "2026", "{version}": "1"}
    for route in routes_of(http.app):
        path = route.path or ""
        for place, value in places.items():
            path = path.replace(place, value)
        assert "{" not in path
        yield from ((method, path, scope_of(route)) for method in sorted(route.methods or ()))


def test_every_route_declares_exactly_one_scope(http: HttpScene) -> None:
    declared = [
        (route.path, set(declared_scopes(route.dependant))) for route in routes_of(http.app)
    ]

    assert [path for path, scopes in declared if len(scopes) != 1] == []
    assert len(declared) >= 50


def test_nothing_is_served_beside_the_declared_routes(http: HttpScene) -> None:
    routes = [route.original_route for route in routes_of(http.app)]

    assert [route for route in routes if not isinstance(route, APIRoute)] == []


@pytest.mark.parametrize("caller", ["none", "unknown", "revoked", "expired"])
def test_without_a_valid_key_only_public_routes_answer(http: HttpScene, caller: str) -> None:
    http.tokens |= {
        "unknown": "chf_0123456789ab.nothing",
        "revoked": http.revoked_key(),
        "expired": http.expired_key(),
    }
    who = None if caller == "none" else caller
    expected = {"none": "key.missing"}.get(caller, f"key.{caller}")

    answers = {
        f"{method} {path}": http.call(method, path, who)
        for method, path, scope in calls_of(http)
        if scope is not Scope.PUBLIC
    }

    assert {call: answer.status_code for call, answer in answers.items()} == dict.fromkeys(
        answers, 401
    )
    bodies = [answer for call, answer in answers.items() if not call.startswith("HEAD")]
    assert {answer.json()["code"] for answer in bodies} == {expected}
    assert all(answer.headers["WWW-Authenticate"] == "Bearer" for answer in answers.values())


@pytest.mark.parametrize("role", list(Role))
def test_a_key_gets_403_wherever_its_role_lacks_the_scope(http: HttpScene, role: Role) -> None:
    node_id = http.node(http.site())
    tenant = "lab" if role in {Role.TENANT, Role.OPERATOR} else None
    fields = {"node_id": node_id} if role is Role.NODE else {}
    http.tokens["caller"] = http.key(role, tenant=tenant, **fields)

    refused = {
        f"{method} {path}"
        for method, path, _ in calls_of(http)
        if http.call(method, path, "caller").status_code == 403
    }

    open_to_all = {Scope.PUBLIC, Scope.OWN}
    lacking = {
        f"{method} {path}"
        for method, path, scope in calls_of(http)
        if scope not in ROLE_SCOPES[role] | open_to_all
    }
    assert refused == lacking


def test_a_job_is_there_for_its_owner_and_the_operator_and_for_nobody_else(
    http: HttpScene,
) -> None:
    job_id = http.submit("owner")
    own = [
        (method, path)
        for method, path, _ in calls_of(http, job_id)
        if path.startswith(f"/v1/jobs/{job_id}") and "/files/" not in path
    ]

    assert len(own) == 12
    own.sort(key=lambda call: call[1].endswith("/cancel"))  # a job that has ended is not steered
    asked = {"priority": {"points": 0}, "modify": {"options": ["--time=30"]}}
    for method, path in own:
        body: dict[str, Any] = {"json": asked.get(path.rpartition("/")[2])}
        assert http.call(method, path, "stranger", **body).status_code == 404, path
        assert http.call(method, path, "owner", **body).status_code == 200, path
        assert http.call(method, path, "operator", **body).status_code == 200, path


def test_what_is_not_mine_looks_like_what_does_not_exist(http: HttpScene) -> None:
    job_id = http.submit("owner")

    not_mine = http.get(f"/v1/jobs/{job_id}", "stranger")
    not_there = http.get("/v1/jobs/999999", "stranger")

    assert not_mine.json() == not_there.json()


def test_lists_and_waits_leave_out_what_belongs_to_another_tenant(http: HttpScene) -> None:
    job_id = http.submit("owner")

    assert http.get("/v1/jobs", "stranger").json()["jobs"] == []
    waited = http.post("/v1/jobs/wait", "stranger", json={"job_ids": [job_id]})
    assert waited.json() == {"states": {}}
    assert [job["job_id"] for job in http.get("/v1/jobs").json()["jobs"]] == [job_id]


def test_a_buyer_sees_the_heat_of_its_sites_only(http: HttpScene) -> None:
    mine, other = http.site("mine"), http.site("other")
    http.tokens["buyer"] = http.key(Role.BUYER, site_ids=(mine,))

    seen = http.get("/v1/heat", "buyer").json()["sites"]

    assert [site["site_id"] for site in seen] == [mine]
    assert http.get(f"/v1/heat?site_id={other}", "buyer").status_code == 404
    assert http.get(f"/v1/heat?site_id={other}", "operator").status_code == 200


def test_a_node_cannot_speak_for_another_nodes_attempt(http: HttpScene) -> None:
    http.warm_node("one")
    http.warm_node("two")
    http.submit()
    http.scheduler.turn()
    claimed = http.start("one") or http.start("two")
    thief = "two" if http.get("/v1/jobs").json()["jobs"][0]["node"] == "one" else "one"

    body = {"key": claimed[0], "stream": "stdout", "offset": 0, "data_base64": "aGk="}

    assert http.post("/v1/agent/output", thief, json=body).status_code == 410


def test_revoking_a_key_ends_it_at_once(http: HttpScene) -> None:
    made = http.post("/v1/keys", "operator", json={"name": "x", "role": "tenant", "tenant": "lab"})
    http.tokens["new"] = made.json()["token"]
    assert http.get("/v1/whoami", "new").status_code == 200

    ended = http.call("DELETE", f"/v1/keys/{made.json()['key_id']}", "operator")

    assert ended.status_code == 200
    assert http.get("/v1/whoami", "new").json()["code"] == "key.revoked"


def test_no_listing_of_keys_shows_a_secret(http: HttpScene) -> None:
    listing = http.get("/v1/keys", "operator").text

    assert all(token not in listing for token in http.tokens.values())
    assert "secret" not in listing


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x", "role": "tenant"}, "key.tenant"),
        ({"name": "x", "role": "tenant", "tenant": "t", "scopes": ["keys:admin"]}, "key.scope"),
        ({"name": "x", "role": "node"}, "key.node"),
        ({"name": "x", "role": "node", "node_id": 7}, "node.unknown"),
        ({"name": "x", "role": "buyer"}, "key.site"),
        ({"name": "x", "role": "buyer", "site_ids": [7]}, "site.unknown"),
    ],
)
def test_a_key_beyond_its_role_is_refused(
    http: HttpScene, body: dict[str, object], code: str
) -> None:
    answer = http.post("/v1/keys", "operator", json=body)

    status = 404 if code in UNKNOWN_NAMES else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)

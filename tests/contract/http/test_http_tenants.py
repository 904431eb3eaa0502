"""Tenants, projects and users over HTTP."""

import pytest

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene

MOST = 2**63 - 1


def test_a_tenant_from_its_first_to_its_last_day(http: HttpScene) -> None:
    tenant_id = http.post("/v1/tenants", "operator", json={"name": "university"}).json()[
        "tenant_id"
    ]
    body = {"name": "laptop", "role": "tenant", "tenant": "university", "user": "marie"}
    http.tokens["marie"] = http.post("/v1/keys", "operator", json=body).json()["token"]
    job_id = http.submit("marie")
    seen = http.get("/v1/whoami", "marie").json()

    closed = http.post(f"/v1/tenants/{tenant_id}/close", "operator")

    assert (seen["tenant"], seen["user"]) == ("university", "marie")
    assert closed.json() == {"tenant_id": tenant_id, "keys_revoked": 1}
    assert http.get("/v1/jobs", "marie").json()["code"] == "key.revoked"
    assert http.get(f"/v1/jobs/{job_id}", "operator").json()["state"] == "queued"
    again = http.post("/v1/keys", "operator", json=body)
    assert (again.status_code, again.json()["code"]) == (422, "tenant.closed")


def test_a_removed_user_is_shut_out_at_once(http: HttpScene) -> None:
    body = {"name": "laptop", "role": "tenant", "tenant": "lab", "user": "marie"}
    http.tokens["marie"] = http.post("/v1/keys", "operator", json=body).json()["token"]
    assert http.get("/v1/jobs", "marie").status_code == 200
    (marie,) = http.get("/v1/users?tenant=lab", "operator").json()["users"]

    removed = http.call("DELETE", f"/v1/users/{marie['user_id']}", "operator")

    assert removed.json()["keys_revoked"] == 1
    assert http.get("/v1/jobs", "marie").json()["code"] == "key.revoked"
    assert http.get("/v1/jobs", "owner").status_code == 200
    assert http.get("/v1/users?tenant=another lab", "operator").json() == {"users": []}


def test_jobs_name_a_project_of_their_tenant(http: HttpScene) -> None:
    def project(tenant: str, name: str) -> int:
        answer = http.post("/v1/projects", "operator", json={"tenant": tenant, "name": name})
        return int(answer.json()["project_id"])

    free = http.send_job("owner", command=["true"], options=["-A", "anything"])
    mesh = project("lab", "mesh")
    project("lab", "flow")
    known = http.send_job("owner", command=["true"], options=["--account=mesh"])
    unknown = http.send_job("owner", command=["true"], options=["--account=msh"])
    elsewhere = http.send_job("stranger", command=["true"], options=["--account=msh"])
    http.post(f"/v1/projects/{mesh}/close", "operator")
    closed = http.send_job("owner", command=["true"], options=["--account=mesh"])
    tried = http.post("/v1/jobs/check", json={"command": ["true"], "options": ["--account=mesh"]})
    project("lab", "mesh")
    reopened = http.send_job("owner", command=["true"], options=["--account=mesh"])

    words = [" ".join(answer.json()["notes"]) for answer in (free, known, unknown, elsewhere)]
    assert ["--account" in said for said in words] == [False, False, True, False]
    assert "--account=msh is none of your projects" in words[2]
    assert (closed.status_code, closed.json()["code"]) == (422, "project.closed")
    assert "flow" in closed.json()["title"]
    assert tried.json()["code"] == "project.closed"
    assert reopened.status_code == 201


def test_a_tenant_sees_its_own_projects_only(http: HttpScene) -> None:
    for tenant in ("lab", "another lab"):
        http.post("/v1/projects", "operator", json={"tenant": tenant, "name": "mesh"})

    def tenants_seen(who: str) -> list[str]:
        listed = http.get("/v1/projects", who).json()["projects"]
        return [item["tenant"] for item in listed]

    assert tenants_seen("owner") == ["lab"]
    assert http.get("/v1/projects?tenant=another lab", "owner").status_code == 404
    assert tenants_seen("operator") == ["another lab", "lab"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/projects", {"tenant": "nobody", "name": "x"}, "tenant.unknown"),
        ("/v1/users", {"tenant": "nobody", "name": "x"}, "tenant.unknown"),
        ("/v1/tenants", {"name": ""}, "request.invalid"),
        ("/v1/tenants", {"name": "  "}, "request.invalid"),
        ("/v1/tenants", {"name": "a\nb"}, "request.invalid"),
        ("/v1/tenants", {"name": "x\u0000"}, "request.invalid"),
        ("/v1/tenants", {"name": "\u009b31m"}, "request.invalid"),
        ("/v1/tenants", {"name": "x" * 201}, "request.invalid"),
        ("/v1/tenants", {"name": 7}, "request.invalid"),
        ("/v1/users", {"tenant": "lab", "name": "x", "role": "operator"}, "request.invalid"),
        ("/v1/keys", {"name": "x", "role": "operator", "user": "marie"}, "key.user"),
    ],
)
def test_what_is_no_name_is_refused(
    http: HttpScene, path: str, body: dict[str, object], code: str
) -> None:
    answer = http.post(path, "operator", json=body)

    status = 404 if code in UNKNOWN_NAMES else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("number", [0, -1, MOST + 1, 10**30])
def test_a_number_that_no_row_can_have_is_refused(http: HttpScene, number: int) -> None:
    for method, path in (
        ("POST", f"/v1/tenants/{number}/close"),
        ("POST", f"/v1/projects/{number}/close"),
        ("DELETE", f"/v1/users/{number}"),
        ("DELETE", f"/v1/keys/{number}"),
    ):
        assert http.call(method, path, "operator").status_code == 422, path


def test_the_operators_tenant_stays(http: HttpScene) -> None:
    listed = http.get("/v1/tenants", "operator").json()["tenants"]
    own = next(item for item in listed if item["name"] == "operator")

    answer = http.post(f"/v1/tenants/{own['tenant_id']}/close", "operator")

    assert (answer.status_code, answer.json()["code"]) == (422, "tenant.operator")

"""The key that a job finds on its node: narrow, and good for as long as it runs."""

import pytest

from domain.access import Role
from tests.support.http_scene import HttpScene


def test_a_job_submits_and_looks_in_its_tenants_name(http: HttpScene) -> None:
    http.warm_node()
    parent = http.submit("owner")
    (key,) = http.start()
    me = f"job {parent}"

    child = http.submit(me)

    assert http.get(f"/v1/jobs/{child}", "owner").status_code == 200
    assert http.get(f"/v1/jobs/{child}", "stranger").status_code == 404
    assert {job["job_id"] for job in http.get("/v1/jobs", me).json()["jobs"]} == {parent, child}
    assert http.post(f"/v1/jobs/{child}/cancel", me).json()["state"] == "cancelled"
    assert http.put("/v1/files/" + "0" * 64, me, content=b"x").status_code != 401

    http.finish(key)
    ended = http.get("/v1/jobs", me)
    assert (ended.status_code, ended.json()["code"]) == (401, "key.job_ended")


def test_a_job_of_an_operator_has_no_more_rights_than_one_of_a_tenant(http: HttpScene) -> None:
    http.warm_node()
    parent = http.submit("operator")
    mine = http.submit("owner")
    http.start()
    me = f"job {parent}"

    assert http.get(f"/v1/jobs/{mine}", me).status_code == 404
    for path in ("/v1/keys", "/v1/nodes", "/v1/heat"):
        assert http.get(path, me).json()["code"] == "key.scope"


def test_the_key_of_a_job_ends_with_the_key_it_was_submitted_with(http: HttpScene) -> None:
    http.warm_node()
    made = http.post("/v1/keys", "operator", json={"name": "x", "role": "tenant", "tenant": "lab"})
    http.tokens["new"] = made.json()["token"]
    parent = http.submit("new")
    http.start()
    assert http.get("/v1/jobs", f"job {parent}").status_code == 200

    http.call("DELETE", f"/v1/keys/{made.json()['key_id']}", "operator")

    assert http.get("/v1/jobs", f"job {parent}").json()["code"] == "key.revoked"


def test_a_job_of_a_key_that_may_only_read_may_not_submit(http: HttpScene) -> None:
    http.warm_node()
    http.tokens["both"] = http.key(Role.TENANT, tenant="lab")
    parent = http.submit("both")
    http.start()
    assert http.get("/v1/whoami", f"job {parent}").json()["scopes"] == ["jobs:read", "jobs:write"]


@pytest.mark.parametrize("token", ["chj_", "chj_1.1", "chj_1.1.x", "chj_..", "chj_x.y.z"])
def test_a_key_that_was_made_up_is_not_known(http: HttpScene, token: str) -> None:
    http.tokens["forged"] = token
    answer = http.get("/v1/jobs", "forged")
    assert (answer.status_code, answer.json()["code"]) == (401, "key.unknown")


def test_a_key_cannot_be_bent_to_another_job(http: HttpScene) -> None:
    http.warm_node()
    one, other = http.submit("owner"), http.submit("stranger")
    http.start()
    http.tokens["bent"] = http.tokens[f"job {one}"].replace(f"chj_{one}.", f"chj_{other}.")
    assert http.get("/v1/jobs", "bent").json()["code"] == "key.unknown"

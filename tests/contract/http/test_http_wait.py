"""Waiting for many jobs in one request."""

from tests.support.http_scene import HttpScene


def test_waiting_for_any_answers_with_those_that_ended(http: HttpScene) -> None:
    http.warm_node()
    first, second = http.submit(), http.submit()
    body = {"job_ids": [first, second], "until": "any"}
    keys = http.start()

    early = http.post("/v1/jobs/wait", json={**body, "wait_s": 0.1}).json()
    http.finish(next(key for key in keys if key[0] == second), reason="program_failed", exit_code=2)
    late = http.post("/v1/jobs/wait", json={**body, "wait_s": 30}).json()
    everything = http.post("/v1/jobs/wait", json={"job_ids": [first, second]}).json()

    assert early == {"states": {}, "unknown": []}
    assert late == {"states": {str(second): "failed"}, "unknown": []}
    assert everything == {"states": {str(first): "running", str(second): "failed"}}


def test_what_nobody_knows_is_not_waited_for(http: HttpScene) -> None:
    job_id = http.submit("owner")
    body = {"job_ids": [job_id, 999], "wait_s": 60}

    strange = http.post("/v1/jobs/wait", "stranger", json=body).json()
    for_any = http.post("/v1/jobs/wait", "owner", json={**body, "until": "any"}).json()

    assert strange == {"states": {}}
    assert for_any == {"states": {}, "unknown": [999]}

"""Who goes before whom: priorities as people may give them, and their terms explained."""

from typing import Any

import pytest

from domain.access import Role
from tests.support.http_scene import HttpScene

TRUE: dict[str, Any] = {"command": ["true"]}


def blocked_node(http: HttpScene) -> None:
    """A node whose eight cores are all taken by the operator's job."""
    http.warm_node("boiler")
    http.submit("operator", **TRUE, options=["-n", "8", "--time=60"])
    assert http.start("boiler")


@pytest.mark.parametrize(
    ("options", "points"),
    [
        (["--nice"], -100),
        (["--nice=250"], -250),
        (["--priority=-5"], -5),
        (["--priority=-5", "--nice=10"], -15),
        (["--nice=2147483645"], -1_000_000),
    ],
)
def test_anybody_moves_his_own_job_after_others(
    http: HttpScene, options: list[str], points: int
) -> None:
    job_id = http.submit(**TRUE, options=options)

    assert http.get(f"/v1/jobs/{job_id}").json()["priority"] == points


@pytest.mark.parametrize("options", [["--nice=-1"], ["--priority=1"]])
def test_only_the_operator_moves_one_before_others(http: HttpScene, options: list[str]) -> None:
    refused = http.send_job(**TRUE, options=options)

    assert (refused.status_code, refused.json()["code"]) == (422, "priority.operator_only")
    assert http.send_job("operator", **TRUE, options=options).status_code == 201


@pytest.mark.parametrize("option", ["--nice=high", "--priority=1.5", "--priority=TOP"])
def test_what_is_no_number_is_refused(http: HttpScene, option: str) -> None:
    answer = http.send_job(**TRUE, options=[option])

    assert (answer.status_code, answer.json()["code"]) == (422, "sbatch.bad_value")


def test_a_waiting_job_is_moved_and_its_terms_are_explained(http: HttpScene) -> None:
    blocked_node(http)
    first = http.submit(**TRUE)
    second = http.submit(**TRUE, options=["--nice=50"])
    http.scheduler.turn()

    moved = http.post(f"/v1/jobs/{second}/priority", "operator", json={"points": 70})
    http.scheduler.turn()
    told = http.get(f"/v1/jobs/{second}/explain").json()
    behind = http.get(f"/v1/jobs/{first}/explain").json()

    assert moved.json() == {"job_id": second, "ref": str(second), "priority": 70}
    terms = {term["name"]: term for term in told["priority"]["terms"]}
    assert set(terms) == {"age", "tenant_share", "project_share", "size", "priority"}
    assert terms["priority"] == {"name": "priority", "value": 70.0, "weight": 1.0, "points": 70.0}
    assert terms["tenant_share"]["weight"] == 2400.0
    total = sum(term["points"] for term in terms.values())
    assert told["priority"]["points"] == pytest.approx(total)
    assert "no job is ahead of it" in told["sentence"]
    assert "1 job is ahead of it" in behind["sentence"]


def test_who_waits_first_is_told_which_node_is_kept_and_from_when(http: HttpScene) -> None:
    blocked_node(http)
    began_s = http.clock.now_s
    wide = http.submit(**TRUE, options=["--exclusive"])
    narrow = http.submit(**TRUE)
    http.clock.advance(30.0)
    http.scheduler.turn()

    told = http.get(f"/v1/jobs/{wide}/explain").json()

    assert told["kept"] == {"nodes": ["boiler"], "from_s": pytest.approx(began_s + 3600.0)}
    assert "boiler is kept for it" in told["sentence"]
    assert http.get(f"/v1/jobs/{narrow}/explain").json()["kept"] is None


def test_a_user_takes_back_what_he_lowered_and_no_more(http: HttpScene) -> None:
    job_id = http.submit(**TRUE, options=["--nice=50"])
    path = f"/v1/jobs/{job_id}/priority"

    assert http.post(path, json={"points": 0}).status_code == 200
    refused = http.post(path, json={"points": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "priority.operator_only")
    http.post(path, "operator", json={"points": 40})
    assert http.post(path, json={"points": 30}).status_code == 200
    assert http.post(path, json={"points": 40}).status_code == 403
    assert http.get(f"/v1/jobs/{job_id}").json()["priority"] == 30


def test_priorities_that_make_no_sense_are_refused(http: HttpScene) -> None:
    array = http.submit(**TRUE, options=["--array=0-3"])
    ended = http.submit(**TRUE)
    http.post(f"/v1/jobs/{ended}/cancel")

    of_element = http.post(f"/v1/jobs/{array}_1/priority", json={"points": -1})
    too_late = http.post(f"/v1/jobs/{ended}/priority", json={"points": -1})
    foreign = http.post(f"/v1/jobs/{array}/priority", "stranger", json={"points": -1})
    too_many = http.post(f"/v1/jobs/{array}/priority", json={"points": -1_000_001})

    assert (of_element.status_code, of_element.json()["code"]) == (422, "priority.of_element")
    assert (too_late.status_code, too_late.json()["code"]) == (409, "priority.ended")
    assert (foreign.status_code, too_many.status_code) == (404, 422)
    assert http.post(f"/v1/jobs/{array}/priority", json={"points": -1}).status_code == 200


def test_fair_share_is_explained_as_the_engine_has_it(http: HttpScene) -> None:
    """One tenant ran a job of ten minutes on all cores, another never ran any."""
    http.warm_node("boiler")
    http.submit(**TRUE, options=["-n", "8", "--time=60"])
    (claim,) = http.start("boiler")
    http.clock.advance(600.0)
    http.finish(claim, wall_s=600.0)
    http.scheduler.turn()
    jobs = {who: http.submit(who, **TRUE, options=["--begin=+1h"]) for who in ("owner", "stranger")}

    shares = {}
    for who, job_id in jobs.items():
        told = http.get(f"/v1/jobs/{job_id}/explain", who).json()
        terms = {term["name"]: term["value"] for term in told["priority"]["terms"]}
        shares[who] = terms["tenant_share"]

    # A sixth of what all cores do in an hour, by the only one that took any.
    assert shares == {"owner": pytest.approx(0.5 ** (1 / 6), abs=1e-3), "stranger": 1.0}


def test_a_buyer_and_a_node_move_nothing(http: HttpScene) -> None:
    job_id = http.submit(**TRUE)
    http.tokens["buyer"] = http.key(Role.BUYER)

    answer = http.post(f"/v1/jobs/{job_id}/priority", "buyer", json={"points": -1})

    assert answer.status_code == 403

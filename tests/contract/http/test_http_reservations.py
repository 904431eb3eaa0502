"""Reservations over HTTP: made by the operator, named by jobs, explained to who waits."""

from typing import Any

import pytest

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene

HOUR_S = 3600.0
TRUE: dict[str, Any] = {"command": ["true"]}


def reserve(http: HttpScene, who: str = "operator", **fields: Any) -> Any:  # noqa: ANN401
    body = {
        "name": "course",
        "starts_at_s": http.clock.now_s + HOUR_S,
        "duration_s": 2 * HOUR_S,
        "nodes": ["boiler"],
        "tenant": "lab",
        **fields,
    }
    return http.post("/v1/reservations", who, json=body)


def test_made_listed_and_deleted_by_the_operator_alone(http: HttpScene) -> None:
    http.warm_node("boiler")

    refused = reserve(http, "owner")
    made = reserve(http)
    number = made.json()["reservation_id"]
    listed = http.get("/v1/reservations").json()["reservations"]
    foreign = http.get("/v1/reservations", "stranger").json()["reservations"]

    assert (refused.status_code, made.status_code) == (403, 201)
    assert made.json() == {"reservation_id": number, "nodes": ["boiler"], "lasting_into": []}
    assert listed == [
        {
            "reservation_id": number,
            "name": "course",
            "starts_at_s": http.clock.now_s + HOUR_S,
            "ends_at_s": http.clock.now_s + 3 * HOUR_S,
            "nodes": ["boiler"],
            "tenant": "lab",
            "project": None,
        }
    ]
    assert foreign == []
    path = f"/v1/reservations/{number}"
    assert http.call("DELETE", path, "owner").status_code == 403
    assert http.call("DELETE", path, "operator").status_code == 200
    assert http.call("DELETE", path, "operator").status_code == 404
    assert http.get("/v1/reservations").json() == {"reservations": []}


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"nodes": ["nowhere"]}, 404, "node.unknown"),
        ({"nodes": []}, 422, "reservation.nodes"),
        ({"site": "site of boiler"}, 422, "reservation.nodes"),
        ({"nodes": [], "site": "nowhere"}, 404, "site.unknown"),
        ({"tenant": "nobody"}, 404, "tenant.unknown"),
        ({"starts_at_s": 1000.0}, 422, "reservation.past"),
        ({"name": "another"}, 409, "reservation.overlaps"),
        ({"starts_at_s": 4e9}, 409, "reservation.exists"),
        ({"name": "a b"}, 422, "request.invalid"),
        ({"duration_s": 0}, 422, "request.invalid"),
        ({"duration_s": 1e300}, 422, "request.invalid"),
        ({"starts_at_s": -1}, 422, "request.invalid"),
        ({"colour": "red"}, 422, "request.invalid"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    http: HttpScene, fields: dict[str, Any], status: int, code: str
) -> None:
    http.warm_node("boiler")
    assert reserve(http).status_code == 201

    answer = reserve(http, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["title"].count(". ") == 0


def test_a_job_in_a_reservation_starts_in_it_and_others_after_it(http: HttpScene) -> None:
    node_id = http.warm_node("boiler")
    reserve(http)
    inside = http.submit(**TRUE, options=["--reservation=course", "--time=30"])
    short = http.submit(**TRUE, options=["--time=30"])
    long = http.submit(**TRUE, options=["--time=120"])

    first = [key[0] for key in http.start("boiler")]
    waits = {job: http.get(f"/v1/jobs/{job}/explain").json() for job in (inside, long)}
    http.clock.advance(HOUR_S + 1.0)
    http.read_instruments(node_id, "boiler")
    http.finish((short, 1))
    second = [key[0] for key in http.start("boiler")]

    assert (first, second) == ([short], [inside])
    assert waits[inside]["code"] == "reservation_to_begin"
    assert "Its reservation begins in 60 min" in waits[inside]["sentence"]
    assert waits[long]["code"] == "runs_into_reservation"
    assert "the only node that could take it, boiler, is reserved" in waits[long]["sentence"]
    assert http.get(f"/v1/jobs/{inside}").json()["reservation"] == "course"


@pytest.mark.parametrize(
    ("who", "options", "code"),
    [
        ("owner", ["--reservation=nothing"], "reservation.unknown"),
        ("stranger", ["--reservation=course"], "reservation.unknown"),
        ("owner", ["--reservation=works"], "reservation.maintenance"),
        ("owner", ["--reservation=thesis"], "reservation.project"),
        ("owner", ["--reservation=course", "--time=121"], "reservation.too_short"),
        ("owner", ["--reservation=course", "--begin=+2h"], "reservation.too_short"),
        ("owner", ["--reservation=course", "--type=flex"], "reservation.flex"),
        ("owner", ["--reservation=course", "--nodelist=other"], "reservation.too_small"),
        ("owner", ["--reservation=a,b"], "sbatch.bad_value"),
    ],
)
def test_a_job_that_cannot_run_in_it_is_refused(
    http: HttpScene, who: str, options: list[str], code: str
) -> None:
    for name in ("boiler", "other", "third"):
        http.warm_node(name)
    reserve(http)
    reserve(http, name="works", nodes=["other"], tenant=None)
    reserve(http, name="thesis", nodes=["third"], project="thesis")

    answer = http.send_job(who, **TRUE, options=options)

    status = 404 if code in UNKNOWN_NAMES else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    accepted = http.send_job(**TRUE, options=["--reservation=thesis", "--account=thesis"])
    assert accepted.status_code == 201


def test_maintenance_lets_nobody_start_what_would_last_into_it(http: HttpScene) -> None:
    http.warm_node("boiler")
    holding = http.submit(**TRUE, options=["--time=120"])
    http.start("boiler")

    made = reserve(http, name="works", tenant=None)
    blocked = http.submit("stranger", **TRUE, options=["--time=61"])

    assert made.json()["lasting_into"] == [holding]
    assert blocked not in [key[0] for key in http.start("boiler")]
    told = http.get(f"/v1/jobs/{blocked}/explain", "stranger").json()
    assert told["code"] == "runs_into_reservation"
    assert "works" not in told["sentence"]


def test_jobs_of_a_deleted_reservation_wait_as_any_others(http: HttpScene) -> None:
    http.warm_node("boiler")
    number = reserve(http).json()["reservation_id"]
    job_id = http.submit(**TRUE, options=["--reservation=course"])
    assert http.start("boiler") == []

    http.call("DELETE", f"/v1/reservations/{number}", "operator")

    assert [key[0] for key in http.start("boiler")] == [job_id]

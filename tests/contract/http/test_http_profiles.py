"""Programs that nodes declare: shown, asked for, refused where no node has them."""

from typing import Any

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene

SOLVER = {"name": "solver", "title": "A solver", "command": "solver {input}", "most_tasks": 2}


def two_nodes(http: HttpScene) -> dict[str, int]:
    """One node with an old version, one with a newer and with a program that has no command."""
    found = {}
    for name, profiles in (
        ("old", [{**SOLVER, "version": "9.1"}]),
        ("new", [{**SOLVER, "version": "10.0"}, {"name": "cases", "version": "1"}]),
    ):
        found[name] = http.node(http.site(f"site of {name}"), name, profiles=profiles)
        http.read_instruments(found[name], name)
    return found


def submit(http: HttpScene, *options: str, **body: Any) -> int:  # noqa: ANN401 - any field
    return http.submit(options=list(options), **body)


def test_programs_are_shown_newest_version_first(http: HttpScene) -> None:
    two_nodes(http)
    cases, solver = http.get("/v1/profiles").json()["profiles"]

    assert cases["name"] == "cases"
    assert (solver["title"], solver["command"], solver["most_tasks"]) == (
        "A solver",
        "solver {input}",
        2,
    )
    told = [
        (item["version"], [node["name"] for node in item["nodes"]]) for item in solver["versions"]
    ]
    assert told == [("10.0", ["new"]), ("9.1", ["old"])]
    labels = {node["name"]: node["profiles"] for node in http.get("/v1/nodes").json()["nodes"]}
    assert labels == {"old": ["solver/9.1"], "new": ["solver/10.0", "cases/1"]}
    assert http.get("/v1/profiles", None).status_code == 401


def test_a_job_goes_where_its_program_is(http: HttpScene) -> None:
    two_nodes(http)
    newer = submit(http, "--profile", "solver/10+")
    older = submit(http, "--profile=solver/9", command=["true"])
    other = submit(http, "--profile", "cases", script="#!/bin/sh\n")

    assert http.start("old") == [(older, 1)]
    assert http.start("new") == [(newer, 1), (other, 1)]
    assert http.get(f"/v1/jobs/{newer}").json()["name"] == "solver"


def test_what_no_node_has_is_refused(http: HttpScene) -> None:
    two_nodes(http)
    for options, code, said in (
        (
            ["--profile=comsol"],
            "job.no_such_profile",
            "there are: cases/1, solver/10.0, solver/9.1",
        ),
        (["--profile=solver/11+"], "job.no_such_profile", "there are: solver/10.0, solver/9.1."),
        (["--profile=cases"], "job.no_command", "name a script"),
        (["--profile=solver", "-n", "3"], "job.too_many_tasks", "at most 2"),
        (["--profile=solver", "-c", "9"], "job.too_large", "node with the program solver has 8"),
        (["--profile=a b"], "sbatch.bad_value", "openfoam/2312+"),
        (["--profile=energy"], "sbatch.nothing_to_run", "name a script"),
    ):
        answer = http.send_job(options=options)
        assert answer.status_code == (404 if code in UNKNOWN_NAMES else 422), options
        assert (answer.json()["code"], said in answer.json()["title"]) == (code, True), answer.text


def test_slurms_own_option_of_that_name_is_noted(http: HttpScene) -> None:
    two_nodes(http)
    script = "#!/bin/sh\n#SBATCH --profile=solver\n"
    answer = http.send_job(script=script)
    assert answer.status_code == 201
    assert any("--profile is accepted and means nothing" in note for note in answer.json()["notes"])


def test_a_program_that_vanished_is_waited_for_with_its_reason(http: HttpScene) -> None:
    numbers = two_nodes(http)
    http.post(f"/v1/nodes/{numbers['new']}/drain", "operator")
    job_id = submit(http, "--profile", "solver/10")
    assert http.start("old") == []

    told = http.get(f"/v1/jobs/{job_id}/explain").json()
    assert told["code"] == "no_node_with_features"
    assert "It needs solver 10, and the nodes that have it are down" in told["sentence"]


def test_a_program_that_cannot_be_is_refused(http: HttpScene) -> None:
    http.node(http.site())
    spec = {"cores": 1, "mem_mib": 1, "idle_power_w": 0.0, "max_power_w": 1.0}
    for wrong in (
        {"name": "A B"},
        {"name": "a", "version": "1 2"},
        {"name": "a", "most_tasks": 0},
        {"name": "a", "notes": "x" * 9999},
        {"version": "1"},
        {"name": "a", "surprise": 1},
    ):
        answer = http.put("/v1/agent/spec", "boiler", json={**spec, "profiles": [wrong]})
        assert answer.status_code == 422, wrong

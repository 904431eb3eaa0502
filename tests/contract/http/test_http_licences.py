"""Licences over HTTP: asked for, refused, waited for, counted and shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.billing.operator_file import OperatorFile, read_operator_file
from domain.fleet.profiles import NodeProfile
from tests.support.databases import Databases
from tests.support.http_scene import HttpScene

DECLARED = """
[[licence_servers]]
name = "siemens"
hosts = ["lic.example.org"]
ports = [1999, 2099]
seats = { solver = 3, hpc = 8 }

[[licence_servers]]
name = "ours"
hosts = ["ours.example.org"]
ports = [27000]
seats = { mesher = 1 }
tenants = ["lab"]
"""
STARCCM = NodeProfile(
    name="starccm",
    version="19.2",
    command="starccm+",
    licence_servers=("siemens",),
    licences=("hpc=per core", "solver=per job", "uncounted=per job"),
)


@pytest.fixture
def licensed(sqlite_databases: Databases, tmp_path: Path) -> Iterator[HttpScene]:
    (tmp_path / "operator.toml").write_text(DECLARED)
    operator_file = read_operator_file(None, tmp_path)
    assert isinstance(operator_file, OperatorFile)
    made = HttpScene(sqlite_databases.fresh(), tmp_path / "files", operator_file=operator_file)
    yield made
    made.close()


def asking(*options: str) -> dict[str, Any]:
    return {"command": ["solve"], "options": list(options)}


def seats_of(http: HttpScene, number: int) -> Any:  # noqa: ANN401 - JSON
    return http.get(f"/v1/jobs/{number}").json()["licences"]


def test_jobs_wait_for_seats_and_say_for_which(licensed: HttpScene) -> None:
    licensed.warm_node()
    first = licensed.submit(**asking("-L", "solver:2"))
    second = licensed.submit(**asking("--licence=solver:2"))
    (key,) = licensed.start()

    said = licensed.get(f"/v1/jobs/{second}/explain").json()
    shown = {item["name"]: item for item in licensed.get("/v1/licences").json()["licences"]}
    scraped = licensed.get("/metrics", "operator").text

    assert key[0] == first
    assert seats_of(licensed, second) == {"solver": 2}
    assert said["code"] == "waiting_for_licences"
    assert "It takes 2 seats of the licence solver; 2 of 3 are in use" in said["sentence"]
    assert shown["solver"] == {
        "name": "solver",
        "server": "siemens",
        "total": 3,
        "used": 2,
        "free": 1,
        "waiting": 2,
        "waiting_jobs": 1,
    }
    assert shown["hpc"]["used"] == shown["hpc"]["waiting"] == 0
    assert 'chaufferie_licence_seats{licence="solver",which="total"} 3.0' in scraped
    assert 'chaufferie_licence_seats{licence="solver",which="used"} 2.0' in scraped
    assert 'chaufferie_licence_seats{licence="solver",which="waiting"} 2.0' in scraped
    licensed.finish(key)
    assert [key[0] for key in licensed.start()] == [second]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--licence=nothing:1"], "licence.unknown", "there are: hpc, mesher, solver"),
        (["-L", "solver:4"], "licence.too_many", "takes 4 seats of the licence solver"),
        (["-L", "solver:3,hpc:9"], "licence.too_many", "there are 8"),
        (["-L", "solver:0"], "sbatch.bad_value", "write names with numbers of seats"),
        (["-L", "solver@server:1"], "sbatch.bad_value", "write names with numbers of seats"),
    ],
)
def test_what_there_is_not_is_refused(
    licensed: HttpScene, options: list[str], code: str, said: str
) -> None:
    refused = licensed.send_job(**asking(*options))

    assert refused.status_code == 422
    assert refused.json()["code"] == code
    assert said in refused.json()["title"]
    tried = licensed.post("/v1/jobs/check", json=asking(*options))
    assert tried.json()["code"] == code


def test_a_server_may_be_for_some_tenants_only(licensed: HttpScene) -> None:
    def names(who: str) -> list[str]:
        found = licensed.get("/v1/licences", who).json()["licences"]
        return [item["name"] for item in found]

    refused = licensed.send_job("stranger", **asking("-L", "mesher"))

    assert licensed.send_job("owner", **asking("-L", "mesher")).status_code == 201
    assert refused.json()["code"] == "licence.unknown"
    assert "mesher'" in refused.json()["title"]
    assert names("owner") == names("operator") == ["hpc", "mesher", "solver"]
    assert names("stranger") == ["hpc", "solver"]


def test_where_nothing_is_counted_a_foreign_script_runs_and_a_person_is_told(
    http: HttpScene,
) -> None:
    script = "#!/bin/sh\n#SBATCH --licenses=scratch:1\ntrue\n"

    accepted = http.send_job(script=script)
    refused = http.send_job(**asking("--licence=scratch:1"))

    assert accepted.status_code == 201
    assert any("none are counted" in note for note in accepted.json()["notes"])
    assert seats_of(http, accepted.json()["job_id"]) == {}
    assert refused.json()["code"] == "licence.unknown"
    assert http.get("/v1/licences").json() == {"licences": []}


def test_a_profile_takes_its_seats_by_job_and_by_core(licensed: HttpScene) -> None:
    licensed.node(licensed.site(), profiles=(STARCCM,))
    profile = "--profile=starccm"

    plain = licensed.submit(**asking(profile, "-n", "4"))
    said = licensed.submit(**asking(profile, "-n", "4", "-L", "hpc:2"))
    refused = licensed.send_job(**asking(profile, "-n", "8", "-L", "hpc:9"))
    whole = licensed.send_job(**asking(profile, "--exclusive"))
    shown = licensed.get("/v1/profiles").json()["profiles"][0]

    assert seats_of(licensed, plain) == {"hpc": 4, "solver": 1}
    assert seats_of(licensed, said) == {"hpc": 2, "solver": 1}
    assert refused.json()["code"] == "licence.too_many"
    assert whole.json()["code"] == "licence.per_core"
    assert "--licence hpc:N" in whole.json()["title"]
    assert shown["licence_servers"] == ["siemens"]
    assert shown["licences"]["hpc"] == "per core"


def test_a_changed_job_takes_what_it_takes_then(licensed: HttpScene) -> None:
    licensed.node(licensed.site(), profiles=(STARCCM,))
    number = licensed.submit(**asking("--profile=starccm", "-n", "4", "--hold"))

    def changed(*options: str) -> Any:  # noqa: ANN401 - JSON
        path = f"/v1/jobs/{number}/modify"
        answer = licensed.post(path, json={"options": list(options)})
        return seats_of(licensed, number) if answer.status_code == 200 else answer.json()["code"]

    assert changed("-n", "6") == {"hpc": 6, "solver": 1}
    assert changed("--licence=hpc:3") == {"hpc": 3, "solver": 1}
    assert changed("-n", "5") == {"hpc": 3, "solver": 1}
    assert changed("--licence=none") == {"hpc": 5, "solver": 1}
    assert changed("--licence=hpc:9") == "licence.too_many"
    assert changed("--licence=what") == "licence.unknown"
    (waiting,) = [
        item["waiting_jobs"]
        for item in licensed.get("/v1/licences").json()["licences"]
        if item["name"] == "hpc"
    ]
    assert waiting == 0  # It is held.


def test_an_inventory_with_other_words_is_refused(licensed: HttpScene) -> None:
    licensed.node(licensed.site())
    for wrong in ({"licences": ["hpc=per year"]}, {"licence_servers": ["a b"]}):
        spec = {
            "cores": 1,
            "mem_mib": 1,
            "idle_power_w": 1,
            "max_power_w": 2,
            "profiles": [{"name": "x", **wrong}],
        }
        assert licensed.put("/v1/agent/spec", "boiler", json=spec).status_code == 422

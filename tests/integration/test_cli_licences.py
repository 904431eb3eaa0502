"""Counted licences as an operator declares them and people take them."""

import os
from collections.abc import Iterator

import pytest

from tests.support.cluster import running_cluster
from tests.support.command_line import CommandLine
from tests.support.warden import until

DECLARED = """
[[licence_servers]]
name = "siemens"
hosts = ["licences.example.org"]
ports = [1999, 2099]
seats = { ccmppower = 2, hpcdomains = 8 }
"""


@pytest.fixture(scope="module")
def licensed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("licensed")
    data = folder / "data"
    data.mkdir()
    (data / "operator.toml").write_text(DECLARED)
    with running_cluster(data, sites=1) as cluster:
        yield CommandLine(cluster, folder)


def state_of(typed: CommandLine, number: str) -> str:
    return str(typed.document("job", number)["state"])


def test_a_job_waits_for_a_seat_and_says_so(licensed: CommandLine) -> None:
    over = licensed.folder / "over"
    lasting = licensed.submit(
        "--licence", "ccmppower:2", "--", "sh", "-c", f"until [ -e {over} ]; do sleep 0.1; done"
    )
    until(lambda: state_of(licensed, lasting) == "running", "it runs")
    script = licensed.write(
        "two.sh", "#!/bin/sh\n#SBATCH --licenses=ccmppower:1,hpcdomains\ntrue\n"
    )
    waiting = licensed.submit(os.fspath(script))

    explained = licensed.run("explain", waiting).stdout
    shown = {item["name"]: item for item in licensed.document("licences")["licences"]}
    table = licensed.run("licences").stdout
    slurm = licensed.run("slurm", "scontrol", "show", "lic", "ccmppower").stdout
    described = licensed.run("slurm", "scontrol", "show", "job", waiting).stdout

    assert "It takes 1 seat of the licence ccmppower; 2 of 2 are in use" in explained
    assert licensed.document("job", waiting)["waiting"]["code"] == "waiting_for_licences"
    assert "ccmppower" in licensed.run("job", waiting).stdout
    assert (shown["ccmppower"]["used"], shown["ccmppower"]["waiting"]) == (2, 1)
    assert "JOBS WAITING" in table
    assert slurm == "LicenseName=ccmppower\n    Total=2 Used=2 Free=0 Reserved=0 Remote=no\n"
    assert "Licenses=ccmppower:1,hpcdomains:1" in described
    over.touch()
    assert licensed.run("wait", lasting, waiting).returncode == 0
    assert {item["used"] for item in licensed.document("licences")["licences"]} == {0}


def test_an_array_has_as_many_at_once_as_there_are_seats(licensed: CommandLine) -> None:
    script = 'mkdir -p "$DIR/$CHAUFFERIE_ATTEMPT"; ls "$DIR" | wc -l >> "$DIR.seen"; sleep 0.3; '
    script += 'rmdir "$DIR/$CHAUFFERIE_ATTEMPT"'
    folder = licensed.folder / "at-once"

    done = licensed.run(
        *("submit", "--wait", "--array=0-5", "-L", "ccmppower:1", "--export", f"DIR={folder}"),
        *("--", "sh", "-c", script),
    )

    seen = (licensed.folder / "at-once.seen").read_text().split()
    assert done.returncode == 0, done.stderr
    assert len(seen) == 6
    assert max(map(int, seen)) <= 2


def test_mistakes_end_in_one_sentence(licensed: CommandLine) -> None:
    def said(*words: str) -> str:
        ran = licensed.run("submit", *words, "--", "true")
        assert ran.returncode != 0
        assert len(ran.stderr.strip().splitlines()) == 1
        return ran.stderr

    assert "There is no licence 'abaqus' that you may use" in said("--licence", "abaqus:1")
    assert "takes 3 seats of the licence ccmppower, and there are 2" in said("-L", "ccmppower:3")
    assert "write names with numbers of seats" in said("--licence=ccmppower:none")


def test_a_waiting_job_takes_others(licensed: CommandLine) -> None:
    number = licensed.submit("--hold", "-L", "ccmppower", "--", "true")

    changed = licensed.run("modify", number, "--licence", "hpcdomains:3")
    updated = licensed.run("slurm", "scontrol", "update", f"JobId={number}", "Licenses=")

    assert changed.returncode == updated.returncode == 0
    assert licensed.document("job", number)["licences"] == {}
    assert licensed.run("cancel", number).returncode == 0

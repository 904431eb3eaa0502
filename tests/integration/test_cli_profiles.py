"""A program that is on one of two nodes only, through the command line and with real processes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster, until
from tests.support.command_line import CommandLine

SOLVER = """#!/bin/sh
case "$1" in
-v) echo "This is Solver, version 2.7" ;;
*) echo "solved $1 with $THREADS threads of $CHAUFFERIE_PROFILE"; touch "$1.out" ;;
esac
"""
RECIPE = """name = "solver"
title = "A solver of ours"
[detect]
programs = ["solver"]
version_command = ["{program}", "-v"]
version_pattern = 'version (\\d[\\d.]*)'
[environment]
THREADS = "{cores}"
[run]
input = "*.inp"
command = ["{program}", "{input_stem}"]
most_tasks = 1
"""
HANGING = """name = "hanging"
[detect]
programs = ["hanging"]
version_command = ["{program}"]
"""


def install(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the PATH of the second node's agent."""
    folder = tmp_path_factory.mktemp("programs")
    install(folder, "solver", SOLVER)
    install(folder, "hanging", "#!/bin/sh\ntrap '' TERM\nsleep 600\n")
    return folder


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[Cluster]:
    recipes = tmp_path_factory.mktemp("recipes")
    (recipes / "solver.toml").write_text(RECIPE)
    (recipes / "hanging.toml").write_text(HANGING)
    (recipes / "wrong.toml").write_text('name = "wrong"\n[detect]\nprograms = "wrong"\n')
    settings = {
        index: {"profiles_folder": str(recipes), "look_again_every_s": 1.0} for index in range(2)
    }
    variables = {1: {"PATH": f"{programs}:/usr/bin:/bin"}}
    data_dir = tmp_path_factory.mktemp("profiles")
    with running_cluster(data_dir, settings=settings, variables=variables) as running:
        yield running


@pytest.fixture
def typed(mixed: Cluster, tmp_path: Path) -> CommandLine:
    line = CommandLine(mixed, tmp_path)
    until(lambda: "solver" in told_by(line), 60.0)
    return line


def told_by(typed: CommandLine) -> dict[str, list[tuple[str, list[str]]]]:
    """The versions of each program, and where they are."""
    return {
        profile["name"]: [
            (item["version"], [node["name"] for node in item["nodes"]])
            for item in profile["versions"]
        ]
        for profile in typed.document("profiles")["profiles"]
    }


def test_it_is_shown_where_it_can_run(typed: CommandLine) -> None:
    told = told_by(typed)
    assert told["solver"] == [("2.7", ["node1"])]
    assert "hanging" not in told
    assert "python" in told
    (line,) = [row for row in typed.run("profiles").stdout.splitlines() if "solver" in row]
    assert all(part in line for part in ("2.7", "node1"))


def test_a_wrong_file_is_told_in_the_agents_log(mixed: Cluster, typed: CommandLine) -> None:
    log = (mixed.data_dir / "agent-node1.log").read_text()
    said = "wrong.toml, line 3: detect.programs: expected a list of words"
    assert log.count(said) == 1
    assert typed.run("profiles").returncode == 0


def test_a_job_that_names_it_runs_there_with_its_command(typed: CommandLine) -> None:
    typed.write("beam.inp", "*HEADING")
    job_id = typed.submit("--wait", "--profile", "solver", "-c", "2", "--stage", "beam.inp")

    document = typed.document("job", job_id)
    assert (document["node"], document["name"]) == ("node1", "solver")
    assert typed.run("logs", job_id).stdout == "solved beam with 2 threads of solver/2.7\n"
    assert typed.run("get", job_id, "got").returncode == 0
    assert (typed.folder / "got" / "beam.out").exists()


def test_a_script_finds_it_on_its_path(typed: CommandLine) -> None:
    typed.write("job.sh", "#!/bin/bash -e\nsolver plate\n")
    job_id = typed.submit("--wait", "--profile=solver/2+", "job.sh")

    assert typed.document("job", job_id)["node"] == "node1"
    assert "solved plate with 1 threads" in typed.run("logs", job_id).stdout


def test_a_command_finds_it_there_too_and_the_commands_of_slurm(typed: CommandLine) -> None:
    job_id = typed.submit("--wait", "--profile=solver", "--", "solver", "shell")
    assert "solved shell with 1 threads" in typed.run("logs", job_id).stdout

    job_id = typed.submit("--wait", "--", "srun", "echo", "a step")
    assert typed.run("logs", job_id).stdout == "a step\n"

    ran = typed.run("submit", "--wait", "--", "no-such-program")
    assert ran.returncode != 0
    shown = typed.run("job", ran.stdout.split()[-1]).stdout
    assert "no program of this name is on the job's PATH" in " ".join(shown.split())


def test_what_is_nowhere_is_refused_and_a_missing_input_is_said(typed: CommandLine) -> None:
    for words, said in (
        (["--profile", "solver/3+"], "No node has the program solver/3+; there are: solver/2.7."),
        (["--profile", "comsol"], "No node has the program comsol; there are: "),
        (["--profile", "solver", "-n", "2"], "solver runs as at most 1"),
        (["--profile", "so lver"], "write a program such as openfoam"),
    ):
        ran = typed.run("submit", *words)
        assert ran.returncode in {1, 2, 3}, ran
        assert said in ran.stderr
        assert ran.stderr.count("\n") == 1
    ran = typed.run("submit", "--wait", "--profile", "solver")
    assert ran.returncode != 0
    job_id = ran.stdout.split()[-1]
    assert "*.inp; 0 came with the job" in typed.run("explain", job_id).stdout


def test_a_program_that_is_removed_is_found_missing(typed: CommandLine, programs: Path) -> None:
    (programs / "solver").rename(programs / "solver.away")
    try:
        until(lambda: "solver" not in told_by(typed), 120.0)
        refused = typed.run("submit", "--profile", "solver")
        assert "No node has the program solver" in refused.stderr
    finally:
        (programs / "solver.away").rename(programs / "solver")
    until(lambda: "solver" in told_by(typed), 120.0)
    time.sleep(3.0)  # the API believes inventories for two seconds
    assert typed.run("submit", "--test-only", "--profile", "solver").returncode == 0

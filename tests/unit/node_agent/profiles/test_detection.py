"""Programs found on a machine of our own making: real files, real processes."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from domain.fleet.licences import LicenceServer
from domain.fleet.profiles import parse_profile
from domain.jobs.job_spec import InputFile, JobSpec, Resources
from domain.refusal import Refused
from node_agent.profiles.detection import Detected, detect, newest
from node_agent.profiles.granting import ProfileGrant, grant_profile
from node_agent.profiles.reading import read_recipe
from node_agent.profiles.recipe import Recipe

RECIPE = """name = "solver"
[detect]
programs = ["solver-mpi", "solver"]
folders = ["{opt}/solver-*/bin"]
version_command = ["{{program}}", "-v"]
version_pattern = 'version (\\S+)'
settings_file = "{{folder}}/../etc/settings.sh"
[environment]
THREADS = "{{cpus_per_task}}"
HOME_OF = "{{folder}}"
[run]
input = "*.inp"
command = ["{{program}}", "-i", "{{input}}", "-o", "{{input_stem}}.out"]
launcher = ["mpirun", "-n", "{{ntasks}}"]
"""


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    file = tmp_path / "solver.toml"
    file.write_text(RECIPE.format(opt=tmp_path))
    found = read_recipe(file)
    assert isinstance(found, Recipe), found
    return found


def install(folder: Path, body: str, name: str = "solver") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def versions(recipe: Recipe, patience_s: float = 30.0) -> list[str]:
    return [one.version for one in detect([recipe], patience_s=patience_s)]


def test_nothing_is_found_where_nothing_is(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "bin" / "solver").mkdir(parents=True)
    assert versions(recipe) == []


def test_each_version_is_found_once_newest_first(recipe: Recipe, tmp_path: Path) -> None:
    on_path = install(tmp_path / "bin", "echo version 2.9")
    install(tmp_path / "solver-9" / "bin", "echo version 2.9")
    install(tmp_path / "solver-10" / "bin", "echo version 2.10 >&2; exit 3")
    newer, older = detect([recipe], patience_s=30.0)
    assert (newer.version, older.version, older.program) == ("2.10", "2.9", on_path)
    assert newer.told.label == "solver/2.10"
    assert newer.told.command == "solver -i {input} -o {input_stem}.out"


def test_a_program_that_hangs_is_none_and_costs_its_time_only(
    recipe: Recipe, tmp_path: Path
) -> None:
    install(tmp_path / "bin", "trap '' TERM; sleep 600")
    install(tmp_path / "solver-1" / "bin", "echo version 1")
    began_s = time.monotonic()
    assert versions(recipe, patience_s=2.0) == ["1"]
    assert time.monotonic() - began_s < 60.0


@pytest.mark.parametrize(
    "said", ["", "echo nonsense", "echo 'version ;rm'", "head -c 9999 /dev/zero"]
)
def test_a_version_that_cannot_be_read_is_unknown(
    recipe: Recipe, tmp_path: Path, said: str
) -> None:
    install(tmp_path / "bin", said)
    assert versions(recipe) == [""]


def found_in(recipe: Recipe, tmp_path: Path) -> list[Detected]:
    install(tmp_path / "solver-1" / "bin", "echo version 1")
    etc = tmp_path / "solver-1" / "etc"
    etc.mkdir()
    (etc / "settings.sh").write_text(
        'echo noise\nexport SOLVER_HOME="/a b"\nexport PATH="$PATH:/extra"\nread x\nfalse\n'
    )
    install(tmp_path / "bin", "echo version 2")
    return detect([recipe], patience_s=30.0)


def a_spec(profile: str | None = "solver", *names: str, ntasks: int = 1, **fields: str) -> JobSpec:
    return JobSpec(
        name="x",
        profile=profile,
        inputs=tuple(InputFile(path=name, sha256="0" * 64, size_bytes=1) for name in names),
        resources=Resources(cores=ntasks * 2, ntasks=ntasks, cpus_per_task=2),
        **fields,  # type: ignore[arg-type]
    )


def test_the_newest_that_will_do_is_granted(recipe: Recipe, tmp_path: Path) -> None:
    found = found_in(recipe, tmp_path)
    wish = parse_profile("solver/1+")
    assert wish is not None
    chosen = newest(found, wish)
    assert chosen is not None
    assert chosen.version == "2"
    grant = grant_profile(a_spec("solver", "beam.inp", "notes.txt"), found, 2)
    assert isinstance(grant, ProfileGrant)
    program = f"{tmp_path}/bin/solver"
    assert grant.command == (program, "-i", "beam.inp", "-o", "beam.out")
    assert grant.environment["THREADS"] == "2"
    assert grant.environment["CHAUFFERIE_PROFILE"] == "solver/2"
    assert grant.environment["CHAUFFERIE_LAUNCH"] == ""


def test_ranks_and_settings(recipe: Recipe, tmp_path: Path) -> None:
    found = found_in(recipe, tmp_path)
    grant = grant_profile(a_spec("solver/1", "beam.inp", ntasks=3), found, 6)
    assert isinstance(grant, ProfileGrant)
    assert grant.command[:3] == ("mpirun", "-n", "3")
    assert grant.environment["CHAUFFERIE_LAUNCH"] == "mpirun -n 3"
    assert grant.environment["SOLVER_HOME"] == "/a b"
    assert grant.folders[0] == f"{tmp_path}/solver-1/bin"
    assert "/extra" in grant.folders
    assert "PATH" not in grant.environment


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (a_spec("solver"), "0 came with the job"),
        (a_spec("solver", "a.inp", "b.inp"), "2 came with the job"),
        (a_spec("solver", "sub/a.inp"), "0 came with the job"),
        (a_spec("solver", "-a.inp"), "0 came with the job"),
        (a_spec("solver/3+", "a.inp"), "solver/3+ is not on this node any more"),
        (a_spec("other"), "other is not on this node any more"),
    ],
)
def test_what_cannot_be_run_is_said(
    recipe: Recipe, tmp_path: Path, spec: JobSpec, said: str
) -> None:
    found = found_in(recipe, tmp_path)
    answer = grant_profile(spec, found, 1)
    assert isinstance(answer, Refused)
    assert said in answer.sentence


def test_a_job_that_names_none_gets_none_and_a_script_is_its_own_command(
    recipe: Recipe, tmp_path: Path
) -> None:
    found = found_in(recipe, tmp_path)
    assert grant_profile(a_spec(None), found, 1) is None
    grant = grant_profile(a_spec("solver", script="#!/bin/sh\n"), found, 1)
    assert isinstance(grant, ProfileGrant)
    assert grant.command == ()


def test_a_program_is_told_where_its_licence_servers_are(recipe: Recipe, tmp_path: Path) -> None:
    install(tmp_path / "bin", "echo version 2.7")
    wanted = {"flex": ("LM_LICENSE_FILE", "FLEX"), "triad": ("LM_LICENSE_FILE",), "gone": ("GONE",)}
    licensed = replace(recipe, licence_servers=wanted, licences={"seat": "per core"})
    found = detect([licensed])
    servers = (
        LicenceServer(name="other", hosts=("x",), ports=(1,), seats={}),
        LicenceServer(name="flex", hosts=("lic",), ports=(1999, 2099), seats={}),
        LicenceServer(name="triad", hosts=("a", "b", "c"), ports=(1055,), seats={}),
    )

    grant = grant_profile(a_spec("solver", script="#!/bin/sh\n"), found, 1, servers)

    assert isinstance(grant, ProfileGrant)
    assert grant.environment["LM_LICENSE_FILE"] == "1999@lic:1055@a,1055@b,1055@c"
    assert grant.environment["FLEX"] == "1999@lic"
    assert "GONE" not in grant.environment
    assert grant.licence_servers == ("flex", "triad", "gone")
    assert found[0].told.licence_servers == ("flex", "gone", "triad")
    assert found[0].told.licences == ("seat=per core",)

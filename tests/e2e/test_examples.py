"""The example jobs through the whole house: submitted, placed, run, fetched and checked."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.embedded import COMMAND, Up, running_up

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_PATIENCE_S = 170.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One job script, what travels with it, and what its success leaves."""

    folder: str
    script: str
    staged: tuple[str, ...]
    needs: tuple[str, ...] = ()  #: Programs of the machine, beside Python.
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    leaves: str
    exit_code: int = 0

    def __str__(self) -> str:
        return f"{self.folder}-{self.script}{''.join(self.arguments)}"


_CAVITY = ("check_cavity.py", "cavity/0/*", "cavity/constant/*", "cavity/system/*")
_MELT = ("melt.in", "check_melt.py")
CASES = (
    Example(
        folder="lattice_boltzmann",
        script="channel_flow.sh",
        staged=("channel_flow.py",),
        arguments=("--ny", "32", "--nx", "160", "--steps", "600"),
        leaves="channel_flow.png",
    ),
    Example(
        folder="calculix",
        script="beam.sh",
        staged=("beam.py",),
        needs=("ccx",),
        leaves="beam.dat",
    ),
    Example(
        folder="calculix",
        script="beam.sh",
        staged=("beam.py",),
        needs=("ccx",),
        arguments=("1",),  # One element over the height bends too little, and the job says so.
        leaves="beam.dat",
        exit_code=1,
    ),
    Example(
        folder="openfoam", script="cavity.sh", staged=_CAVITY, needs=("icoFoam",), leaves="log.*"
    ),
    Example(
        folder="openfoam",
        script="cavity_mpi.sh",
        staged=_CAVITY,
        needs=("icoFoam", "mpirun"),
        leaves="log.*",
    ),
    Example(folder="lammps", script="melt.sh", staged=_MELT, needs=("lmp",), leaves="melted.data"),
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running_up(tmp_path_factory.mktemp("up")) as running:
        yield running


def _run(up: Up, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "CHAUFFERIE_DATA_DIR": str(up.data), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("example", CASES, ids=str)
def test_example_runs_on_a_boiler_and_comes_back(up: Up, tmp_path: Path, example: Example) -> None:
    for program in example.needs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed; examples/README.md names its package")
    folder = EXAMPLES / example.folder
    staged = [
        f"--stage={path.relative_to(folder)}"
        for pattern in example.staged
        for path in sorted(folder.glob(pattern))
    ]

    submitted = _run(
        up, folder, "submit", *example.options, *staged, "--parsable", example.script,
        *example.arguments,
    )  # fmt: skip
    assert submitted.returncode == 0, submitted.stderr
    job_id = submitted.stdout.strip()
    waited = _run(up, folder, "wait", job_id)
    logs = _run(up, folder, "logs", job_id)
    assert waited.returncode == example.exit_code, logs.stdout + logs.stderr

    assert _run(up, folder, "get", job_id, str(tmp_path / "results")).returncode == 0
    assert list((tmp_path / "results").rglob(example.leaves)), logs.stdout

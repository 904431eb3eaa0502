"""The page for those who come from Slurm, followed command by command."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import ROOT, Cluster
from tests.support.pages import commands

PAGE = "howto/coming_from_slurm.md"
SCRIPTS = commands(PAGE)


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_every_command_of_the_page_does_as_it_says(
    number: int, cluster: Cluster, tmp_path: Path
) -> None:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    ran = subprocess.run(
        ["bash", "-c", SCRIPTS[number]],
        cwd=tmp_path,
        env=cluster.environment(PATH=path, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, f"{SCRIPTS[number]}\n{ran.stdout}\n{ran.stderr}"
    assert ran.stdout.strip()


def test_the_page_has_a_row_for_each_command_of_slurm() -> None:
    text = (ROOT / "docs" / PAGE).read_text()
    rows = "".join(line for line in text.splitlines() if line.startswith("| `"))

    commands_of_slurm = "sinfo sbatch squeue scancel scontrol sacct srun salloc sprio sshare"
    assert [name for name in commands_of_slurm.split() if f"`{name}" not in rows] == []
    assert len(SCRIPTS) >= 8

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import ROOT, Cluster
from tests.support.pages import blocks, commands


def run(command: list[str], cluster: Cluster, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = cluster.environment(PATH=path, PYTHONPATH=str(ROOT))
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", range(len(blocks("reference/sdk.md", "python"))))
def test_a_python_example_runs(number: int, cluster: Cluster, tmp_path: Path) -> None:
    ran = run(
        [sys.executable, "-c", blocks("reference/sdk.md", "python")[number]], cluster, tmp_path
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


@pytest.mark.parametrize("number", range(len(commands("reference/cli.md"))))
def test_the_commands_of_an_example_end_as_it_says(
    number: int, cluster: Cluster, tmp_path: Path
) -> None:
    ran = run(["bash", "-c", commands("reference/cli.md")[number]], cluster, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()

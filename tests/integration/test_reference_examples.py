import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import ROOT, Cluster

REFERENCE = ROOT / "docs" / "reference"


def blocks(page: str, language: str) -> list[str]:
    text = (REFERENCE / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """Every console block as a script that stops at the first line with an unexpected exit code."""
    scripts = []
    for block in blocks(page, "console"):
        lines: list[str] = []
        for line in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
            command, _, wanted = line.partition("  # exit ")
            lines.append(
                f"{command}\ncode=$?\n"
                f'[ $code -eq {wanted or 0} ] || {{ echo "exit $code: line {len(lines) + 1}" >&2; '
                "exit 99; }\n"
            )
        scripts.append("".join(lines))
    return scripts


def run(command: list[str], cluster: Cluster, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = cluster.environment(PATH=path, PYTHONPATH=str(ROOT))
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", range(len(blocks("sdk.md", "python"))))
def test_a_python_example_runs(number: int, cluster: Cluster, tmp_path: Path) -> None:
    ran = run([sys.executable, "-c", blocks("sdk.md", "python")[number]], cluster, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


@pytest.mark.parametrize("number", range(len(commands("cli.md"))))
def test_the_commands_of_an_example_end_as_it_says(
    number: int, cluster: Cluster, tmp_path: Path
) -> None:
    ran = run(["bash", "-c", commands("cli.md")[number]], cluster, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()

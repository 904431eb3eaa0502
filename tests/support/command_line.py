"""The command `chaufferie`, run as a user of a cluster runs it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT, Cluster

PROGRAM = str(Path(sys.executable).parent / "chaufferie")
_PATIENCE_S = 150.0


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A folder to stand in, and the variables that are set there."""

    cluster: Cluster
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start the command; the caller ends it.

        Ctrl-C reaches it even where this run is in the background of a shell, which ignores it.
        """
        return subprocess.Popen(
            ["env", "--default-signal=INT", PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def document(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """What the command prints with ``--json``."""
        ran = self.run(*words, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def submit(self, *words: str) -> str:
        """Submit; the number of the job."""
        ran = self.run("submit", "--parsable", *words)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def environment(self) -> dict[str, str]:
        """What the command finds set."""
        return self.cluster.environment(PYTHONPATH=str(ROOT), **self.variables)

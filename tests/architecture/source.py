"""The files of the project, as a checkout or an archive has them: no cache, no environment."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "api",
    "chaufferie",
    "domain",
    "metering",
    "node_agent",
    "scheduler",
    "simulation",
    "store",
    "worker",
)


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed; relative to the root, in order."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        names = {Path(name) for name in listing.stdout.split("\0") if name}
    else:  # an archive without history
        names = {path.relative_to(ROOT) for path in ROOT.rglob("*") if _is_ours(path)}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") for part in parts[:-1])
    return path.is_file() and (not hidden or parts[0] == ".ci") and "__pycache__" not in parts


def python_files() -> list[Path]:
    """Every Python file of the project, tests and measurements included."""
    return [path for path in project_files() if path.suffix == ".py"]


def package_files() -> list[Path]:
    """Every Python file that is installed."""
    return [path for path in python_files() if path.parts[0] in PACKAGES]

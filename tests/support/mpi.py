"""An implementation of MPI: the machine's own, or one from the package index."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
_INSTALL_S = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Mpi:
    """Where it is on this machine."""

    folder: str  #: Of ``mpirun``.
    library: str


def mpi_of(
    name: str, *, says: str, lock: str, library: str, factory: pytest.TempPathFactory
) -> Mpi:
    """The one whose ``mpirun`` says this of itself; the test is skipped where none can be had.

    ``lock`` is the file of the one package to install, ``library`` what its library is called.
    """
    found = shutil.which("mpirun")
    is_there = found is not None and says in _version(found)
    prefix = Path(found or "").resolve().parents[1] if is_there else _installed(name, lock, factory)
    libraries = sorted(prefix.glob(f"lib*/**/{library}"))
    if not libraries:
        pytest.skip(f"there is no library of {name} below {prefix}")
    return Mpi(folder=str(prefix / "bin"), library=str(libraries[0]))


def _version(mpirun: str) -> str:
    asked = subprocess.run([mpirun, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout


def _installed(name: str, lock: str, factory: pytest.TempPathFactory) -> Path:
    prefix = factory.mktemp("mpi") / "env"
    try:
        subprocess.run([sys.executable, "-m", "venv", prefix], check=True, timeout=_INSTALL_S)
        subprocess.run(
            [
                *(prefix / "bin" / "pip", "install", "--quiet", "--require-hashes"),
                *("-r", _REQUIREMENTS / lock),
            ],
            check=True,
            timeout=_INSTALL_S,
            capture_output=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"{name} is not on this machine and could not be installed: {error}")
    return prefix

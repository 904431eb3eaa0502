"""How the node's ``mpirun`` is told where to start copies: that of Open MPI, or Hydra."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence

#: What Hydra says of itself when it is asked for its version.
_HYDRA_SAYS = ("HYDRA", "Intel(R) MPI")
_PATIENCE_S = 30.0


@contextlib.contextmanager
def words_for(
    mpirun: str, ntasks: int, seats: Sequence[tuple[str, int]], environment: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """The words that have this many copies started, so many on each of these nodes.

    Without seats they are started on this node. They are good for as long as the block runs.
    """
    words = (mpirun, "-np", str(ntasks))
    if not seats:
        yield words
    elif not _is_hydra(mpirun, environment):
        yield (*words, "--host", ",".join(f"{name}:{count}" for name, count in seats))
    else:
        # Intel's takes counts from a file only.
        with tempfile.NamedTemporaryFile("w", prefix="srun-", suffix=".machines") as file:
            file.writelines(f"{name}:{count}\n" for name, count in seats)
            file.flush()
            yield (*words, "-genvnone", "-machinefile", file.name)


def _is_hydra(mpirun: str, environment: Mapping[str, str]) -> bool:
    """Which kind it is; one that does not say is taken for Open MPI's."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        asked = subprocess.run(
            [mpirun, "--version"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
        said = asked.stdout.decode(errors="replace")
        return any(word in said for word in _HYDRA_SAYS)
    return False

"""``sbatch``: as `chaufferie submit`; inside a job it takes the job's files along."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

#: More than the server takes of one job; then nothing is taken along in silence.
_MOST_FILES = 10_000


def files_to_take_along(directory: Path, environment: Mapping[str, str]) -> list[str]:
    """Files below the directory that a job submitted from a running one would find beside it.

    On a cluster both would stand in the same directory; here the new one starts in one of its
    own. What the running job still prints to stays behind. Outside a job, nothing is taken.
    """
    submit_dir = environment.get("SLURM_SUBMIT_DIR")
    is_in_job = submit_dir is not None and "CHAUFFERIE_OUTPUTS" in environment
    if not is_in_job or not directory.resolve().is_relative_to(Path(submit_dir or "/").resolve()):
        return []
    outputs = environment["CHAUFFERIE_OUTPUTS"].split(os.pathsep)
    printed = {os.path.realpath(name) for name in outputs}
    found: list[str] = []
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            path = Path(folder) / name
            is_file = stat.S_ISREG(path.lstat().st_mode)
            if is_file and os.path.realpath(path) not in printed:
                found.append(os.fspath(path.relative_to(directory)))
            if len(found) > _MOST_FILES:
                return found
    return found

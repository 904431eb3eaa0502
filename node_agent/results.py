"""What a job left in its working directory."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.files import ResultFile

MOST_FILES = 10_000
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files to hand over, and whether some were left behind for their number."""

    files: tuple[ResultFile, ...]
    is_cut: bool


def collect(work: Path, inputs: Mapping[str, tuple[int, int]]) -> Found:
    """Regular files that are new or changed; links and devices stay behind.

    ``inputs`` maps a relative path to the size and modification time [ns] it was staged with.
    """
    files: list[ResultFile] = []
    for folder, _, names in os.walk(work):
        for name in names:
            path = Path(folder) / name
            found = path.lstat()
            relative = os.fspath(path.relative_to(work))
            if not stat.S_ISREG(found.st_mode):
                continue
            if inputs.get(relative) == (found.st_size, found.st_mtime_ns):
                continue
            if len(files) == MOST_FILES:
                return Found(files=tuple(files), is_cut=True)
            files.append(
                ResultFile(path=relative, sha256=sha256_of(path), size_bytes=found.st_size)
            )
    return Found(files=tuple(sorted(files, key=lambda item: item.path)), is_cut=False)


def sha256_of(path: Path) -> str:
    """Content address of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK_BYTES):
            digest.update(data)
    return digest.hexdigest()

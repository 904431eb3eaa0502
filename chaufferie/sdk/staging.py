"""Files that travel with a job: named relative to the submit directory, sent once by content."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.sending import send_file
from chaufferie.sdk.transport import Transport
from domain.files.job_files import EMPTY_SHA256, check_relative_path
from domain.refusal import Refused

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file, and where it will be in the working directory."""

    file: Path
    path: str
    sha256: str
    size_bytes: int
    executable: bool

    def as_document(self) -> dict[str, Any]:
        """How a submission names it."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "executable": self.executable,
        }


def find_inputs(named: Sequence[str | Path], submit_dir: Path) -> tuple[Input, ...]:
    """The files that these names stand for; a directory stands for all the files in it.

    Raises ``BadInputError`` for a name that is blank, missing, odd or outside ``submit_dir``.
    """
    found: dict[str, Input] = {}
    for name in named:
        if not str(name).strip():
            raise BadInputError(
                "An input has a blank name; name a file, or . for all that is here."
            )
        start = submit_dir / name
        if not start.exists():
            raise BadInputError(f"The input {str(name)!r} does not exist; check its name.")
        for file in _files(start):
            path = _relative(file, submit_dir)
            if path not in found:
                found[path] = _read(file, path)
    return tuple(found.values())


def upload(transport: Transport, inputs: Iterable[Input]) -> int:
    """Send the files that the server has not; the number of bytes sent."""
    sent_bytes = 0
    for one in {item.sha256: item for item in inputs}.values():
        if one.sha256 != EMPTY_SHA256 and not transport.has(f"/v1/files/{one.sha256}"):
            send_file(transport, one.file, one.sha256, one.size_bytes)
            sent_bytes += one.size_bytes
    return sent_bytes


def sha256_of(file: Path) -> str:
    """The digest by which the server knows a file."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _files(start: Path) -> Iterator[Path]:
    if not start.is_dir():
        yield start
        return
    for folder, folders, names in os.walk(start):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names))


def _relative(file: Path, submit_dir: Path) -> str:
    """The path inside the submit directory; symbolic links keep the name they have there."""
    path = os.path.relpath(file.absolute(), submit_dir.absolute())
    checked = check_relative_path(path)
    if not isinstance(checked, Refused):
        return checked
    if Path(path).parts[:1] == ("..",):
        raise BadInputError(
            f"The input {str(file)!r} lies outside {submit_dir}; submit from a directory that "
            "holds both, or copy it there."
        )
    raise BadInputError(checked.sentence, code=checked.code)


def _read(file: Path, path: str) -> Input:
    if not file.is_file():
        raise BadInputError(f"The input {str(file)!r} is no file and cannot be sent.")
    try:
        size_bytes = file.stat().st_size
        sha256 = sha256_of(file)
    except OSError as error:
        raise BadInputError(f"The input {str(file)!r} cannot be read: {error.strerror}.") from error
    executable = os.access(file, os.X_OK)
    return Input(file=file, path=path, sha256=sha256, size_bytes=size_bytes, executable=executable)

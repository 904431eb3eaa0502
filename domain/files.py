"""Files that a job produced, named by content."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from domain.refusal import Refused

MAX_PATH_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """One file left in the working directory when the attempt ended."""

    path: str  #: Relative to the working directory, with ``/``.
    sha256: str
    size_bytes: int


def check_relative_path(path: str) -> str | Refused:
    """The path in its shortest form, or why it may not be used inside a working directory."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        return Refused(
            code="file.path",
            sentence=f"The file name {path!r} must be a path inside the working directory.",
        )
    if len(path.encode("utf-8", "surrogateescape")) > MAX_PATH_BYTES:
        return Refused(
            code="file.path", sentence=f"A file name is longer than {MAX_PATH_BYTES} bytes."
        )
    return str(pure)

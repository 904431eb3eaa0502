"""Files that travel with jobs: named by content, at a place inside the working directory."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from domain.refusal import Refused

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255
#: Of the working directory: what a job that declares it finds again on its next node.
CHECKPOINT_FOLDER = "checkpoint"
#: What nobody need send or keep: everybody has it.
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

_SHA256 = re.compile(r"[0-9a-f]{64}")
#: A name with one of these could break a listing, a log line or a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: What stands in a text for bytes that are no UTF-8.
_NOT_TEXT = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """One file left in the working directory when the attempt ended."""

    path: str  #: Relative to the working directory, with ``/``.
    sha256: str
    size_bytes: int


def check_sha256(text: str) -> Refused | None:
    """Whether this is a sha256 in lower-case hexadecimal."""
    if _SHA256.fullmatch(text):
        return None
    return Refused(code="file.sha256", sentence="A file is named by its sha256 in hexadecimal.")


def check_relative_path(path: str) -> str | Refused:
    """The path in its shortest form, or why it may not be used inside a working directory."""
    if _NOT_TEXT.search(path):
        return _refuse(f"The file name {path!r} is not UTF-8 text; rename it.")
    if _CONTROL.search(path):
        return _refuse(f"The file name {path!r} holds a control character; rename it.")
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        return _refuse(f"The file name {path!r} must be a path inside the working directory.")
    is_long = len(path.encode()) > MAX_PATH_BYTES
    if is_long or any(len(part.encode()) > MAX_NAME_BYTES for part in pure.parts):
        return _refuse(
            f"A file name is longer than {MAX_PATH_BYTES} bytes, or a part of it than "
            f"{MAX_NAME_BYTES}."
        )
    return str(pure)


def _refuse(sentence: str) -> Refused:
    return Refused(code="file.path", sentence=sentence)

"""What a job left in its working directory: found, and opened, without following it outside.

A job, or a process of it that goes on in secret, may change its directory while it is read. So
every name is opened relative to the directory above it, and no link is ever followed; what was
checked is what is read.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from domain.files.globs import Selection
from domain.files.job_files import ResultFile, check_relative_path
from domain.refusal import Refused

MOST_FILES = 10_000
MOST_ENTRIES = 200_000
MOST_LEVELS = 64
_CHUNK_BYTES = 1 << 20
#: Of a file of this size, so much at least must be on the disk: the rest would be zeros made up.
_SPARSE_FROM_BYTES = 1 << 30
_LEAST_ALLOCATED_FRAC = 0.01
_BLOCK_BYTES = 512
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Not to wait for the other end of a pipe that took the place of a file.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

Inputs = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """By which a file is known not to have changed."""

    size_bytes: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Stamp":
        """The stamp of what was found."""
        return cls(size_bytes=found.st_size, changed_ns=found.st_mtime_ns, inode=found.st_ino)


@dataclass(slots=True, kw_only=True)
class Found:
    """The files to hand over, and what stays behind."""

    files: dict[str, ResultFile] = field(default_factory=dict)  #: By path.
    stamps: dict[str, Stamp] = field(default_factory=dict)
    left_behind: "Counter[str]" = field(default_factory=Counter)  #: By what is wrong with them.

    def remarks(self) -> str:
        """What stayed behind and why, in sentences; empty where nothing did."""
        return " ".join(
            f"{count} {'file' if count == 1 else 'files'} stayed behind: {why}."
            for why, count in sorted(self.left_behind.items())
        )


def collect(
    work: Path,
    inputs: Inputs,
    selection: Selection | None = None,
    before: Found | None = None,
    *,
    start: tuple[str, ...] = (),
) -> Found:
    """Regular files that are new or changed; links, pipes and devices stay behind.

    ``inputs`` maps a relative path to the size and modification time [ns] it was staged with. What
    has not changed since ``before`` is not read again. With ``start``, what is below this folder.
    """
    chosen = selection or Selection()
    known = before or Found()
    found = Found()
    for path, descriptor in _files(work, inputs, chosen, found, start):
        with os.fdopen(descriptor, "rb") as file:
            if len(found.files) == MOST_FILES:
                found.left_behind[f"only {MOST_FILES} can come back"] += 1
                continue
            stamp = Stamp.of(os.fstat(file.fileno()))
            if path in known.files and known.stamps[path] == stamp:
                found.files[path] = known.files[path]
            else:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                found.files[path] = ResultFile(
                    path=path, sha256=sha256, size_bytes=stamp.size_bytes
                )
            found.stamps[path] = stamp
    return found


def open_regular(work: Path, path: str) -> BinaryIO | None:
    """The regular file at this path; None where there is none, or a link on the way to it."""
    *folders, name = path.split("/")
    try:
        above = _open_folder(work, folders)
    except OSError:
        return None
    try:
        descriptor = os.open(name, _FILE, dir_fd=above)
    except OSError:
        return None
    finally:
        os.close(above)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def open_unchanged(work: Path, path: str, stamp: Stamp) -> BinaryIO | None:
    """The file that was found; None where another one, or something else, is there now."""
    file = open_regular(work, path)
    if file is not None and Stamp.of(os.fstat(file.fileno())) != stamp:
        file.close()
        return None
    return file


def _files(
    work: Path, inputs: Inputs, selection: Selection, found: Found, start: tuple[str, ...]
) -> Iterator[tuple[str, int]]:
    """Each file that may come back, with a descriptor that the caller closes."""
    seen = 0
    waiting = [start]
    while waiting:
        above = waiting.pop()
        try:
            folder = _open_folder(work, above)
        except OSError:
            continue  # It went away, or became a link.
        try:
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda one: one.name):
                    seen += 1
                    if seen > MOST_ENTRIES:
                        found.left_behind["the directory holds too much to look through"] += 1
                        return
                    if entry.is_dir(follow_symlinks=False):
                        _descend(above, entry.name, waiting, found)
                        continue
                    path = "/".join((*above, entry.name))
                    descriptor = _open_wanted(folder, entry, path, inputs, selection, found)
                    if descriptor is not None:
                        yield path, descriptor
        finally:
            os.close(folder)


def _descend(
    above: tuple[str, ...], name: str, waiting: list[tuple[str, ...]], found: Found
) -> None:
    below = (*above, name)
    if len(below) < MOST_LEVELS and not isinstance(check_relative_path("/".join(below)), Refused):
        waiting.append(below)
    else:
        found.left_behind["their directory cannot be named"] += 1


def _open_wanted(  # noqa: PLR0917 - one step of the loop above
    folder: int,
    entry: "os.DirEntry[str]",
    path: str,
    inputs: Inputs,
    selection: Selection,
    found: Found,
) -> int | None:
    """The open file, if it is one, new, wanted, and can be named."""
    try:
        if not selection.takes(path):
            return None
        if not entry.is_file(follow_symlinks=False):
            found.left_behind["they are links, pipes, sockets or devices"] += 1
            return None
        if isinstance(check_relative_path(path), Refused):
            found.left_behind["their names are too long or hold odd characters"] += 1
            return None
        descriptor = os.open(entry.name, _FILE, dir_fd=folder)
    except FileNotFoundError:
        return None  # It went away.
    except OSError:
        found.left_behind["they cannot be read"] += 1
        return None
    now = os.fstat(descriptor)
    if not stat.S_ISREG(now.st_mode) or inputs.get(path) == (now.st_size, now.st_mtime_ns):
        os.close(descriptor)
        return None
    if now.st_size > _SPARSE_FROM_BYTES and (
        now.st_blocks * _BLOCK_BYTES < now.st_size * _LEAST_ALLOCATED_FRAC
    ):
        found.left_behind["they are nearly all holes"] += 1
        os.close(descriptor)
        return None
    return descriptor


def _open_folder(work: Path, parts: Sequence[str]) -> int:
    """A directory below the working one; raises ``OSError`` where a link stands on the way."""
    folder = os.open(work, _FOLDER)
    for part in parts:
        try:
            below = os.open(part, _FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    return folder

"""The content store of one host: files in a private directory."""

import contextlib
import errno
import fcntl
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from domain.units import DAY_S
from store.clock import host_now_s
from store.files.content import BusyError, ContentKey, NoSpaceError

_PIECE_BYTES = 1 << 20
#: An upload that nobody added to for so long was left by a program that died [s].
STALE_AFTER_S = 7 * DAY_S
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class LocalContentStore:
    """Content in a directory that every API process and the worker share."""

    def __init__(self, directory: Path) -> None:
        """Use this directory, made private; what was left half received long ago goes."""
        self._contents = directory / "contents"
        self._incoming = directory / "incoming"
        for folder in (self._contents, self._incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):  # Its upload was completed just now.
                if path.stat().st_mtime < host_now_s() - STALE_AFTER_S:
                    path.unlink()

    def receive(self, name: str) -> "LocalReception":
        """Take up this upload at its end, or begin it; raises ``BusyError``."""
        return LocalReception(self._incoming / name, self._contents)

    def received_bytes(self, name: str) -> int:
        """How much of an upload is here; 0 where it was not begun."""
        try:
            return (self._incoming / name).stat().st_size
        except FileNotFoundError:
            return 0

    def discard(self, name: str) -> None:
        """Drop an upload; nothing where there is none."""
        (self._incoming / name).unlink(missing_ok=True)

    def open(self, key: ContentKey) -> BinaryIO | None:
        """The bytes, which can be read from any offset; None where they are not here."""
        try:
            return _path(self._contents, key).open("rb")
        except FileNotFoundError:
            return None

    def remove(self, key: ContentKey) -> None:
        """Drop content; nothing where there is none."""
        _path(self._contents, key).unlink(missing_ok=True)


class LocalReception:
    """One file being received; a lock on it keeps a second sender out."""

    def __init__(self, partial: Path, contents: Path) -> None:
        """Open the partial file at its end."""
        self._partial = partial
        self._contents = contents
        self._kept_in: Path | None = None
        self._file = partial.open("ab", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise BusyError from error
        self._size_bytes = os.fstat(self._file.fileno()).st_size
        # Of an upload that is taken up again, the beginning is read once more when it is sealed.
        self._digest = hashlib.sha256() if self._size_bytes == 0 else None

    @property
    def size_bytes(self) -> int:
        """How much of it is here."""
        return self._size_bytes

    def write(self, data: bytes) -> None:
        """Take the next bytes; raises ``NoSpaceError``."""
        left = memoryview(data)
        while left:
            try:
                written = self._file.write(left)
            except OSError as error:
                if error.errno in _FULL:
                    raise NoSpaceError from error
                raise
            if self._digest is not None:
                self._digest.update(left[:written])
            self._size_bytes += written
            left = left[written:]

    def seal(self) -> str:
        """Make what was received durable; the sha256 of all of it."""
        os.fsync(self._file.fileno())
        if self._digest is None:
            self._digest = hashlib.sha256()
            with self._partial.open("rb") as file:
                while data := file.read(_PIECE_BYTES):
                    self._digest.update(data)
        return self._digest.hexdigest()

    def keep(self, key: ContentKey) -> None:
        """Put it in its place, in one step, over what may be there."""
        path = _path(self._contents, key)
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._partial.rename(path)
        self._kept_in = path.parent

    def close(self) -> None:
        """Leave it: what was received and not kept can be taken up again by its name."""
        self._file.close()
        if self._kept_in is not None:
            folder = os.open(self._kept_in, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _path(contents: Path, key: ContentKey) -> Path:
    return contents / str(key.tenant_id) / key.sha256[:2] / key.sha256

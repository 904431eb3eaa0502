"""Files named by their content, behind a port small enough for S3 to come later."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Protocol

from domain.refusal import Refused

_CHUNK_BYTES = 1 << 20
_OUTPUT_NAMES = frozenset({"stdout", "stderr"})


class FileStore(Protocol):
    """Keeps files by sha256, and the growing output of running attempts."""

    def begin(self, sha256: str) -> "Upload | None":
        """Start to receive a file; None where it is already here."""
        ...

    def open(self, sha256: str) -> BinaryIO | None:
        """The file's bytes, or None."""
        ...

    def append_output(self, name: str, offset: int, data: bytes) -> int:
        """Write live output at this offset; the length it has afterwards."""
        ...

    def read_output(self, name: str, offset: int) -> bytes:
        """Live output from this offset on, empty where there is none."""
        ...

    def output_size(self, name: str) -> int:
        """How much live output there is [bytes]."""
        ...


class Upload(Protocol):
    """One file being received."""

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    def finish(self) -> Refused | None:
        """Keep the file if its content has the promised sha256."""
        ...

    def abandon(self) -> None:
        """Drop what was received."""
        ...


def check_sha256(text: str) -> Refused | None:
    """Whether this is a sha256 in lower-case hexadecimal."""
    if len(text) == hashlib.sha256().digest_size * 2 and set(text) <= set("0123456789abcdef"):
        return None
    return Refused(code="file.sha256", sentence="A file is named by its sha256 in hexadecimal.")


class LocalFileStore:
    """Files in a private directory of this host."""

    def __init__(self, directory: Path) -> None:
        """Use this directory, made private."""
        self._blobs = directory / "blobs"
        self._outputs = directory / "outputs"
        for folder in (self._blobs, self._outputs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, sha256: str) -> "LocalUpload | None":
        """Start to receive a file; None where it is already here."""
        path = self._path(sha256)
        if path.exists():
            return None
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return LocalUpload(path, sha256)

    def open(self, sha256: str) -> BinaryIO | None:
        """The file's bytes, or None."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            return None

    def append_output(self, name: str, offset: int, data: bytes) -> int:
        """Write live output at this offset; the length it has afterwards."""
        path = self._outputs / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if offset <= size:
                os.pwrite(descriptor, data, offset)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def read_output(self, name: str, offset: int) -> bytes:
        """Live output from this offset on, empty where there is none."""
        try:
            with (self._outputs / name).open("rb") as file:
                file.seek(offset)
                return file.read(_CHUNK_BYTES)
        except FileNotFoundError:
            return b""

    def output_size(self, name: str) -> int:
        """How much live output there is [bytes]."""
        try:
            return (self._outputs / name).stat().st_size
        except FileNotFoundError:
            return 0

    def _path(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256


class LocalUpload:
    """One file being received beside its final place."""

    def __init__(self, path: Path, sha256: str) -> None:
        """Receive into a temporary file of the same directory."""
        self._path = path
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self._file = self._partial.open("xb")

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(data)
        self._file.write(data)

    def finish(self) -> Refused | None:
        """Keep the file if its content has the promised sha256."""
        if self._digest.hexdigest() != self._sha256:
            self.abandon()
            return Refused(
                code="file.digest", sentence="The bytes received do not have the promised sha256."
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.rename(self._path)
        return None

    def abandon(self) -> None:
        """Drop what was received."""
        self._file.close()
        self._partial.unlink(missing_ok=True)


def output_name(instance_id: int, attempt: int, stream: str) -> str:
    """Where the live output of an attempt is kept."""
    if stream not in _OUTPUT_NAMES:
        message = f"no such output stream: {stream}"
        raise ValueError(message)
    return f"{instance_id}/{attempt}.{stream}"

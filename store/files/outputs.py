"""The growing output of attempts, written and read by offset."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 1 << 20
_NAMES = frozenset({"stdout", "stderr"})


class OutputStore(Protocol):
    """Keeps live output by name."""

    def append(self, name: str, offset: int, data: bytes) -> int:
        """Write at this offset; the length it has afterwards."""
        ...

    def read(self, name: str, offset: int, most_bytes: int = PIECE_BYTES) -> bytes:
        """What stands from this offset on, a piece of it; empty where there is none."""
        ...

    def size_bytes(self, name: str) -> int:
        """How much there is."""
        ...

    def remove(self, instance_id: int) -> None:
        """Drop what all attempts of an instance wrote; nothing where there is none."""
        ...


class LocalOutputStore:
    """Output in a private directory of this host."""

    def __init__(self, directory: Path) -> None:
        """Use this directory, made private."""
        self._directory = directory / "outputs"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def append(self, name: str, offset: int, data: bytes) -> int:
        """Write at this offset; the length it has afterwards."""
        path = self._directory / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if offset <= size:
                os.pwrite(descriptor, data, offset)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def read(self, name: str, offset: int, most_bytes: int = PIECE_BYTES) -> bytes:
        """What stands from this offset on, a piece of it; empty where there is none."""
        try:
            with (self._directory / name).open("rb") as file:
                file.seek(offset)
                return file.read(most_bytes)
        except FileNotFoundError:
            return b""

    def size_bytes(self, name: str) -> int:
        """How much there is."""
        try:
            return (self._directory / name).stat().st_size
        except FileNotFoundError:
            return 0

    def remove(self, instance_id: int) -> None:
        """Drop what all attempts of an instance wrote; nothing where there is none."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._directory / str(instance_id))


def output_name(instance_id: int, attempt: int, stream: str) -> str:
    """Where the live output of an attempt is kept."""
    if stream not in _NAMES:
        message = f"no such output stream: {stream}"
        raise ValueError(message)
    return f"{instance_id}/{attempt}.{stream}"

"""Results, fetched whole or not at all: a file stands under its name only when it is complete.

What has arrived waits beside it under a name of its own, so that a transfer that broke off goes on
from there: at once, or the next time the file is fetched.
"""

import fcntl
import hashlib
import os
import stat
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from chaufferie.sdk.errors import (
    DamagedFileError,
    FileChangedError,
    FileInTheWayError,
    NotFoundError,
    RefusedByServerError,
    ServerUnreachableError,
)
from chaufferie.sdk.staging import sha256_of
from chaufferie.sdk.transport import Transport
from domain.files.job_files import ResultFile, check_relative_path
from domain.refusal import Refused

_PIECE_BYTES = 1 << 20
_PARTIAL_CONTENT, _CHANGED, _NO_SUCH_RANGE = 206, 412, 416
_PAUSE_S = 0.5
#: Once some of a file has come, the rest is tried for so long, be the client however impatient [s].
_PATIENCE_S = 60.0
#: Characters of a name that are kept in that of its partial file: a name has 255 bytes at most.
_NAME_KEPT = 40


def fetch_file(
    transport: Transport, job_id: int, file: ResultFile, folder: Path, *, overwrite: bool
) -> Path:
    """The file, below ``folder``, under the name the job gave it.

    Raises ``FileChangedError`` where a job that still runs has written it anew meanwhile.
    """
    path = check_relative_path(file.path)
    if isinstance(path, Refused):
        raise DamagedFileError(path.sentence)
    target = folder / path
    if target.is_file() and sha256_of(target) == file.sha256:
        return target
    if target.is_dir() or (target.exists() and not overwrite):
        raise FileInTheWayError(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise FileInTheWayError(target.parent) from error
    partial = target.with_name(f".{target.name[:_NAME_KEPT]}.{file.sha256[:16]}.partial")
    with _open_partial(partial) as incoming:
        try:
            _receive(transport, f"/v1/jobs/{job_id}/files/{quote(path)}", file, incoming)
        except (DamagedFileError, FileChangedError):
            partial.unlink()
            raise
        partial.replace(target)
    return target


def _open_partial(partial: Path) -> BinaryIO:
    """The partial file, ours alone while it is open."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        incoming = os.fdopen(os.open(partial, flags, 0o600), "r+b")
    except OSError as error:
        raise FileInTheWayError(partial) from error
    found = os.fstat(incoming.fileno())
    try:
        fcntl.flock(incoming, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        incoming.close()
        raise FileInTheWayError(partial) from error
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        incoming.close()
        raise FileInTheWayError(partial)
    return incoming


def _receive(transport: Transport, address: str, file: ResultFile, incoming: BinaryIO) -> None:
    """Write what is missing of the file, over as many connections as it takes."""
    digest = hashlib.sha256()
    while data := incoming.read(_PIECE_BYTES):
        digest.update(data)
    give_up_s = time.monotonic() + transport.patience_s
    while incoming.tell() < file.size_bytes:
        before = incoming.tell()
        try:
            digest = _receive_some(transport, address, file, incoming, digest)
        except ServerUnreachableError:
            if incoming.tell() > before:
                give_up_s = time.monotonic() + max(transport.patience_s, _PATIENCE_S)
            elif time.monotonic() > give_up_s:
                raise
            time.sleep(_PAUSE_S)
    if incoming.tell() != file.size_bytes or digest.hexdigest() != file.sha256:
        raise DamagedFileError(f"{file.path} arrived damaged; fetch it again.")
    incoming.flush()
    os.fsync(incoming.fileno())


def _receive_some(
    transport: Transport,
    address: str,
    file: ResultFile,
    incoming: BinaryIO,
    digest: "hashlib._Hash",
) -> "hashlib._Hash":
    """Write what one connection brings; the digest of all that is here then."""
    tag = f'"{file.sha256}"'
    headers = {"If-Match": tag, "If-Range": tag, "Accept-Encoding": "identity"}
    if incoming.tell():
        headers["Range"] = f"bytes={incoming.tell()}-"
    try:
        with transport.stream(address, headers) as answer:
            if incoming.tell() and answer.status_code != _PARTIAL_CONTENT:
                incoming.seek(0)
                incoming.truncate()
                digest = hashlib.sha256()
            for piece in answer.iter_raw():
                if incoming.tell() + len(piece) > file.size_bytes:
                    raise DamagedFileError(f"{file.path} arrived damaged; fetch it again.")
                digest.update(piece)
                incoming.write(piece)
    except NotFoundError as error:
        raise FileChangedError(file.path) from error
    except RefusedByServerError as error:
        if error.status == _CHANGED:
            raise FileChangedError(file.path) from error
        if error.status == _NO_SUCH_RANGE:
            raise DamagedFileError(f"{file.path} arrived damaged; fetch it again.") from error
        raise
    return digest

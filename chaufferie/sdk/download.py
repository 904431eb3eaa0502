"""Results, fetched whole or not at all: a file stands under its name only when it is complete."""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import quote

from chaufferie.sdk.errors import DamagedFileError, FileInTheWayError
from chaufferie.sdk.staging import sha256_of
from chaufferie.sdk.transport import Transport
from domain.files import ResultFile, check_relative_path
from domain.refusal import Refused


def fetch_file(
    transport: Transport, job_id: int, file: ResultFile, folder: Path, *, overwrite: bool
) -> Path:
    """The file, below ``folder``, under the name the job gave it."""
    path = check_relative_path(file.path)
    if isinstance(path, Refused):
        raise DamagedFileError(path.sentence)
    target = folder / path
    if target.is_file() and sha256_of(target) == file.sha256:
        return target
    if target.exists() and not overwrite:
        raise FileInTheWayError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".incoming-") as private:
        incoming = Path(private) / "file"
        if _receive(transport, f"/v1/jobs/{job_id}/files/{quote(path)}", incoming) != file.sha256:
            raise DamagedFileError(f"{file.path} arrived damaged; fetch it again.")
        incoming.replace(target)
    return target


def _receive(transport: Transport, address: str, incoming: Path) -> str:
    """Write what is at this address to a file; its digest."""
    digest = hashlib.sha256()
    with incoming.open("wb") as file, transport.stream(address) as pieces:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()

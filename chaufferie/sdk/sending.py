"""Files on their way to the server: large ones in parts, and on from where a connection broke.

The protocol is tus 1.0.0. The server finds an upload again by the file's content, so that one that
was interrupted goes on the next time the same file is sent, by whatever program.
"""

import base64
import time
from pathlib import Path

from chaufferie.sdk.errors import BadInputError, NotFoundError, RefusedByServerError
from chaufferie.sdk.transport import Transport

#: What is sent in one request, and lost at most where a connection is cut before anything arrived.
PART_BYTES = 8 << 20
#: A part is tried for so long [s], be the client however impatient: much may have been sent.
_PATIENCE_S = 60.0
#: The last part is answered once the server has read the whole file again [s].
_ANSWER_S = 600.0
_BUSY_PAUSE_S = 0.5
_TUS = {"Tus-Resumable": "1.0.0"}


def send_file(transport: Transport, file: Path, sha256: str, size_bytes: int) -> None:
    """Send the bytes of a file that the server has not.

    Raises ``BadInputError`` where they are not those of this digest any more.
    """
    try:
        if size_bytes <= PART_BYTES:
            transport.put_file(f"/v1/files/{sha256}", file)
        else:
            _send_in_parts(transport, file, sha256, size_bytes)
    except RefusedByServerError as error:
        if error.code in {"file.digest", "upload.too_long"}:
            raise _changed(file) from error
        raise
    except FileNotFoundError as error:
        raise _changed(file) from error


def _send_in_parts(transport: Transport, file: Path, sha256: str, size_bytes: int) -> None:
    promise = base64.b64encode(sha256.encode()).decode()
    headers = {
        **_TUS,
        "Upload-Length": str(size_bytes),
        "Upload-Metadata": f"sha256 {promise}",
    }
    begun = transport.request("POST", "/v1/uploads", headers=headers)
    address, offset = begun.headers["Location"], int(begun.headers["Upload-Offset"])
    with file.open("rb") as content:
        while True:
            content.seek(offset)
            part = content.read(PART_BYTES)
            if not part and offset < size_bytes:
                raise _changed(file)
            try:
                offset = _send_part(transport, address, offset, part)
            except NotFoundError:
                # Complete, though the answer that said so was lost; or forgotten by the server.
                if transport.has(f"/v1/files/{sha256}"):
                    return
                raise
            if offset >= size_bytes:
                return


def _send_part(transport: Transport, address: str, offset: int, part: bytes) -> int:
    """Send a part; from where to go on, which the server knows best."""
    headers = {
        **_TUS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    try:
        answer = transport.request(
            "PATCH",
            address,
            headers=headers,
            content=part,
            wait_s=_ANSWER_S,
            patience_s=_PATIENCE_S,
        )
    except RefusedByServerError as error:
        if error.code == "upload.busy":
            time.sleep(_BUSY_PAUSE_S)
        elif error.code != "upload.offset":
            raise
        # The part arrived, or some of it, before the connection was cut.
        answer = transport.request("HEAD", address, headers=_TUS, patience_s=_PATIENCE_S)
    return int(answer.headers["Upload-Offset"])


def _changed(file: Path) -> BadInputError:
    return BadInputError(
        f"The input {str(file)!r} changed while it was sent; submit again when it is complete."
    )

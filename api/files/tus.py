"""Uploads in parts by the protocol tus 1.0.0 (https://tus.io): core, creation, termination.

The digest is promised in ``Upload-Metadata`` as ``sha256``. An upload that was begun for the same
file by the same sender is found again, so that a sender needs no memory of its own.
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping

from fastapi import Request, Response

from api.files.receiving import checked_sha256, receive_part
from api.problems import Problem, not_found
from api.services import Services
from domain.refusal import Refused
from store.files import uploads
from store.files.content import ContentKey
from store.files.uploads import Upload

VERSION = "1.0.0"
_HEADERS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
_PART_TYPE = "application/offset+octet-stream"
#: No disk of ours holds more; a longer number is a slip or an attack.
_LARGEST_BYTES = 1 << 50


async def create(
    request: Request, services: Services, tenant_id: int, *, node_id: int | None, address: str
) -> Response:
    """Begin an upload, or find it again: the answer says where it is and how much has come."""
    _check_version(request)
    size_bytes = _whole_number(request, "upload-length")
    if not 1 <= size_bytes <= _LARGEST_BYTES:
        raise _bad("Upload-Length", "a number of bytes; an empty file need not be sent")
    sha256 = checked_sha256(_metadata(request).get("sha256", ""))
    key = ContentKey(tenant_id=tenant_id, sha256=sha256)
    quota = services.keeping.quota
    begun = await services.write(lambda tx: uploads.begin(tx, key, size_bytes, node_id, quota))
    if isinstance(begun, Refused):
        raise Problem(422, begun)
    location = f"{address}/{begun.upload_id}"
    offset = await asyncio.to_thread(services.content.received_bytes, begun.upload_id)
    headers = {**_HEADERS, "Location": location, "Upload-Offset": str(offset)}
    return Response(status_code=201, headers=headers)


async def look(services: Services, upload: Upload) -> Response:
    """How much of an upload has come."""
    offset = await asyncio.to_thread(services.content.received_bytes, upload.upload_id)
    headers = {
        **_HEADERS,
        "Upload-Offset": str(offset),
        "Upload-Length": str(upload.size_bytes),
    }
    return Response(headers=headers)


async def go_on(request: Request, services: Services, upload: Upload) -> Response:
    """Take the next part."""
    _check_version(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != _PART_TYPE:
        sentence = f"Send the part as {_PART_TYPE}."
        raise Problem(415, Refused(code="upload.type", sentence=sentence))
    offset = _whole_number(request, "upload-offset")
    here = await receive_part(request, services, upload, offset)
    return Response(status_code=204, headers={**_HEADERS, "Upload-Offset": str(here)})


async def give_up(services: Services, upload: Upload) -> Response:
    """Drop what has come."""
    await services.write(lambda tx: uploads.end(tx, upload.upload_id))
    await asyncio.to_thread(services.content.discard, upload.upload_id)
    return Response(status_code=204, headers=_HEADERS)


async def find(
    services: Services, upload_id: str, *, tenant_id: int | None = None, node_id: int | None = None
) -> Upload:
    """An open upload of this sender, or 404."""
    upload = await services.read(
        lambda connection: uploads.find(connection, upload_id, tenant_id=tenant_id, node_id=node_id)
    )
    if upload is None:
        raise not_found("upload")
    return upload


def _check_version(request: Request) -> None:
    asked = request.headers.get("tus-resumable", VERSION)
    if asked != VERSION:
        refusal = Refused(code="upload.version", sentence=f"This server speaks tus {VERSION}.")
        raise Problem(412, refusal, headers={"Tus-Version": VERSION})


def _whole_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST_BYTES)):
        raise _bad(name.title(), "a number of bytes")
    return int(text)


def _metadata(request: Request) -> Mapping[str, str]:
    """The pairs of ``Upload-Metadata``: a key, a blank, a value in base64; commas between."""
    found: dict[str, str] = {}
    for pair in request.headers.get("upload-metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _bad("Upload-Metadata", "pairs such as `sha256 BASE64`") from None
    return found


def _bad(name: str, wanted: str) -> Problem:
    sentence = f"{name} must be {wanted}."
    return Problem(422, Refused(code="upload.header", sentence=sentence))

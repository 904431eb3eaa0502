"""Files by content: inputs that tenants send, results that nodes send, each streamed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.problems import Problem, not_found
from api.security import JobsWriter, NodeItself, ServicesOf, node_id_of, tenant_id_of
from api.services import Services
from domain.refusal import Refused
from store import uploads
from store.files import Upload, check_sha256

router = APIRouter(tags=["files"])

#: Larger results belong in storage of the tenant's own.
LARGEST_FILE_BYTES = 16 << 30
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_PIECE_BYTES = 1 << 20


@router.head("/v1/files/{sha256}")
async def has_input(sha256: str, services: ServicesOf, principal: JobsWriter) -> Response:
    """Whether this tenant has sent this file."""
    _check_name(sha256)
    tenant_id = tenant_id_of(principal)
    known = await services.read(lambda connection: uploads.owned(connection, tenant_id, [sha256]))
    if sha256 not in known:
        raise not_found("file")
    return Response()


@router.put("/v1/files/{sha256}")
async def put_input(
    sha256: str, request: Request, services: ServicesOf, principal: JobsWriter
) -> Response:
    """Take a file that a job will name among its inputs."""
    _check_name(sha256)
    tenant_id = tenant_id_of(principal)
    size_bytes = await receive(request, services, sha256)
    await services.write(lambda tx: uploads.note_upload(tx, tenant_id, sha256, size_bytes))
    return Response(status_code=201)


@router.head("/v1/agent/files/{sha256}")
async def has_result(sha256: str, services: ServicesOf, principal: NodeItself) -> Response:
    """Whether a result need not be sent again."""
    _check_name(sha256)
    node_id_of(principal)
    file = await asyncio.to_thread(services.files.open, sha256)
    if file is None:
        raise not_found("file")
    file.close()
    return Response()


@router.put("/v1/agent/files/{sha256}")
async def put_result(
    sha256: str, request: Request, services: ServicesOf, principal: NodeItself
) -> Response:
    """Take a file that a job left."""
    _check_name(sha256)
    node_id_of(principal)
    await receive(request, services, sha256)
    return Response(status_code=201)


@router.get("/v1/agent/files/{sha256}")
async def fetch_input(sha256: str, services: ServicesOf, principal: NodeItself) -> Response:
    """An input of a job that is placed on this node, and of no other."""
    _check_name(sha256)
    node_id = node_id_of(principal)
    needed = await services.read(
        lambda connection: uploads.is_input_on(connection, node_id, sha256)
    )
    if not needed:
        raise not_found("file")
    return await file_response(services, sha256, None)


async def receive(request: Request, services: Services, sha256: str) -> int:
    """Stream a body to the file store; the number of its bytes.

    The bytes are counted and their digest is checked even where the store has the file: whoever
    says to have a file must show it.
    """
    upload = await asyncio.to_thread(services.files.begin, sha256)
    digest = hashlib.sha256()
    size_bytes = 0
    try:
        async for data in request.stream():
            size_bytes += len(data)
            _check_size(size_bytes)
            await asyncio.to_thread(_take, upload, digest, data)
    except BaseException:
        if upload is not None:
            await asyncio.shield(asyncio.to_thread(upload.abandon))
        raise
    refused = await asyncio.to_thread(_finish, upload, digest.hexdigest() == sha256)
    if refused is not None:
        raise Problem(422, refused)
    return size_bytes


def _take(upload: Upload | None, digest: "hashlib._Hash", data: bytes) -> None:
    digest.update(data)
    if upload is not None:
        upload.write(data)


def _finish(upload: Upload | None, is_true: bool) -> Refused | None:  # noqa: FBT001 - for a thread
    if upload is not None:
        return upload.finish()
    if is_true:
        return None
    return Refused(
        code="file.digest", sentence="The bytes received do not have the promised sha256."
    )


def _check_size(size_bytes: int) -> None:
    if size_bytes > LARGEST_FILE_BYTES:
        limit = f"A file may have at most {LARGEST_FILE_BYTES >> 30} GiB."
        raise Problem(413, Refused(code="file.too_large", sentence=limit))


def _check_name(sha256: str) -> None:
    refused = check_sha256(sha256)
    if refused is not None:
        raise Problem(422, refused)


async def file_response(services: Services, sha256: str, asked_range: str | None) -> Response:
    """A file, or the one range of bytes that was asked for."""
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": "attachment",
        "ETag": f'"{sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    if sha256 == EMPTY_SHA256:  # Nodes do not send what everybody has.
        return Response(b"", media_type="application/octet-stream", headers=headers)
    file = await asyncio.to_thread(services.files.open, sha256)
    if file is None:
        raise not_found("file")
    size = await asyncio.to_thread(file.seek, 0, 2)
    span = (0, size)
    status = 200
    if asked_range is not None:
        chosen = parse_range(asked_range, size)
        if isinstance(chosen, Refused):
            file.close()
            raise Problem(416, chosen, headers={"Content-Range": f"bytes */{size}"})
        if chosen is not None:
            span, status = chosen, 206
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
    headers["Content-Length"] = str(span[1] - span[0])
    return StreamingResponse(
        _pieces(file, span),
        status_code=status,
        media_type="application/octet-stream",
        headers=headers,
    )


async def _pieces(file: BinaryIO, span: tuple[int, int]) -> AsyncIterator[bytes]:
    """The bytes of a span, read on a thread; the file is closed however this ends."""
    pieces = _read(file, span)
    try:
        while data := await asyncio.to_thread(next, pieces, b""):
            yield data
    finally:
        file.close()


def _read(file: BinaryIO, span: tuple[int, int]) -> Iterator[bytes]:
    file.seek(span[0])
    left = span[1] - span[0]
    while left > 0 and (data := file.read(min(_PIECE_BYTES, left))):
        left -= len(data)
        yield data


def parse_range(text: str, size: int) -> tuple[int, int] | Refused | None:
    """The half-open span of a ``Range`` header; None where it is one to be ignored (RFC 9110)."""
    unit, equals, spans = text.partition("=")
    first, dash, last = spans.strip().partition("-")
    is_number = all(not part or (part.isascii() and part.isdigit()) for part in (first, last))
    if unit.strip() != "bytes" or not equals or not dash or not is_number or not (first or last):
        return None
    if not first:
        begin, end = max(size - int(last), 0), size
    else:
        begin, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if begin >= end:
        return Refused(code="file.range", sentence=f"The file has {size} bytes and not that range.")
    return begin, end

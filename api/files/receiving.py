"""Files as they come in: streamed to the content store, checked, and then had by their tenant."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.problems import Problem
from api.services import Services
from domain.billing.quota import describe_bytes
from domain.files.job_files import EMPTY_SHA256, check_sha256
from domain.refusal import Refused
from store.files import stored_files, uploads
from store.files.content import BusyError, ContentKey, NoSpaceError, Reception, refuse_other_content
from store.files.uploads import Upload
from store.transaction import Transaction

#: What fits in one request; larger files are sent in parts, which a cut connection does not lose.
LARGEST_WHOLE_BYTES = 64 << 20
#: What is gathered of a stream before it is written.
_GATHERED_BYTES = 1 << 20
_INSUFFICIENT_STORAGE, _LOCKED = 507, 423


def checked_sha256(text: str) -> str:
    """The digest in a request, or 422."""
    refused = check_sha256(text)
    if refused is not None:
        raise Problem(422, refused)
    return text


async def receive_whole(request: Request, services: Services, key: ContentKey) -> None:
    """Take a file in one request; nothing of it stays unless all of it has come."""
    _refuse_encoding(request)
    name = f"whole-{secrets.token_hex(8)}"
    reception = services.content.receive(name)
    is_kept = False
    try:
        await _pour(request, reception, LARGEST_WHOLE_BYTES, _too_large)
        await _finish(services, reception, key, None)
        is_kept = True
    except ClientDisconnect:
        raise _cut() from None
    finally:
        await asyncio.shield(asyncio.to_thread(reception.close))
        if not is_kept:
            await asyncio.shield(asyncio.to_thread(services.content.discard, name))


async def receive_part(request: Request, services: Services, upload: Upload, offset: int) -> int:
    """Take more of an upload from this offset on; how much of it is here then.

    What came before a connection was cut stays. With its last byte the file is the tenant's.
    """
    _refuse_encoding(request)
    try:
        reception = await asyncio.to_thread(services.content.receive, upload.upload_id)
    except BusyError:
        raise Problem(
            _LOCKED,
            Refused(
                code="upload.busy",
                sentence="Another request sends to this upload; ask for its offset and go on.",
            ),
        ) from None
    is_refused = False
    try:
        if reception.size_bytes != offset:
            raise Problem(
                409,
                Refused(
                    code="upload.offset",
                    sentence=f"{reception.size_bytes} bytes are here; go on from there.",
                ),
                headers={"Upload-Offset": str(reception.size_bytes)},
            )
        await _pour(request, reception, upload.size_bytes, _too_long)
        if reception.size_bytes == upload.size_bytes:
            is_refused = True
            await _finish(services, reception, upload.key, upload)
            is_refused = False
    except ClientDisconnect:
        raise _cut() from None
    finally:
        await asyncio.shield(asyncio.to_thread(reception.close))
        if is_refused:
            await asyncio.shield(asyncio.to_thread(services.content.discard, upload.upload_id))
    return reception.size_bytes


async def _pour(
    request: Request, reception: Reception, most_bytes: int, refuse: Callable[[int], Problem]
) -> None:
    """Write the body to the reception, up to this size of the whole."""
    try:
        async for data in _gathered(request):
            room = most_bytes - reception.size_bytes
            await asyncio.to_thread(reception.write, data[:room])
            if len(data) > room:
                raise refuse(most_bytes)
    except NoSpaceError:
        raise Problem(
            _INSUFFICIENT_STORAGE,
            Refused(code="file.no_space", sentence="The server's disk is full; try again later."),
        ) from None


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces worth writing; what came before a cut is a piece too."""
    waiting = bytearray()
    try:
        async for data in request.stream():
            waiting += data
            if len(waiting) >= _GATHERED_BYTES:
                yield bytes(waiting)
                waiting.clear()
    except ClientDisconnect:
        if waiting:
            yield bytes(waiting)
        raise
    if waiting:
        yield bytes(waiting)


async def _finish(
    services: Services, reception: Reception, key: ContentKey, upload: Upload | None
) -> None:
    """Check what has come and give it to its tenant, or raise what is wrong with it."""
    found = await asyncio.to_thread(reception.seal)
    wrong = refuse_other_content(found, key.sha256)

    def operation(tx: Transaction) -> Refused | None:
        if upload is not None:
            uploads.end(tx, upload.upload_id)
        if wrong is not None or key.sha256 == EMPTY_SHA256:
            return wrong
        refused = stored_files.keep(tx, key, reception.size_bytes, services.keeping.quota)
        if refused is None:
            reception.keep(key)
        return refused

    refused = await services.write(operation)
    if refused is not None:
        raise Problem(422, refused)


def _too_large(most_bytes: int) -> Problem:
    sentence = (
        f"In one request a file may have at most {describe_bytes(most_bytes)}; "
        "send a larger one to /v1/uploads."
    )
    return Problem(413, Refused(code="file.too_large", sentence=sentence))


def _too_long(most_bytes: int) -> Problem:
    sentence = f"The upload was begun for {describe_bytes(most_bytes)} and goes on beyond."
    return Problem(413, Refused(code="upload.too_long", sentence=sentence))


def _refuse_encoding(request: Request) -> None:
    """A body is taken as it is: what unpacks itself on arrival could fill any disk."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise Problem(
            415,
            Refused(
                code="file.encoding",
                sentence="Files are taken as they are; send the bytes without Content-Encoding.",
            ),
        )


def _cut() -> Problem:
    """The answer that nobody hears any more."""
    return Problem(400, Refused(code="request.cut", sentence="The connection was cut."))

"""Files as answers: whole, or from where a transfer broke off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO

from fastapi import Depends, Header, Response
from fastapi.responses import StreamingResponse

from api.problems import Problem, not_found
from api.services import Services
from domain.files.job_files import EMPTY_SHA256
from domain.refusal import Refused
from store.files.content import ContentKey

_PIECE_BYTES = 1 << 20
_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What part of a file is asked for, and on which condition (RFC 9110)."""

    asked_range: str | None = None
    if_range: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None


def conditions(
    asked_range: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_match: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Conditions:
    """The conditions of a request, from its headers."""
    return Conditions(
        asked_range=asked_range,
        if_range=if_range,
        if_match=if_match,
        if_none_match=if_none_match,
    )


AskedOf = Annotated[Conditions, Depends(conditions)]


async def file_response(services: Services, key: ContentKey, asked: Conditions) -> Response:
    """A file, or the one range of bytes that was asked for; its sha256 is its ``ETag``."""
    tag = f'"{key.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": "attachment",
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
    }
    if asked.if_match is not None and not _names(asked.if_match, tag):
        raise Problem(
            412,
            Refused(code="file.changed", sentence="The file has changed; fetch it anew."),
            headers={"ETag": tag},
        )
    if asked.if_none_match is not None and _names(asked.if_none_match, tag):
        return Response(status_code=304, headers=headers)
    if key.sha256 == EMPTY_SHA256:  # Nobody sends what everybody has.
        return Response(b"", media_type=_MEDIA_TYPE, headers=headers)
    file = await asyncio.to_thread(services.content.open, key)
    if file is None:
        raise not_found("file")
    size = await asyncio.to_thread(file.seek, 0, 2)
    span = (0, size)
    status = 200
    if asked.asked_range is not None and asked.if_range in {None, tag}:
        chosen = parse_range(asked.asked_range, size)
        if isinstance(chosen, Refused):
            file.close()
            raise Problem(416, chosen, headers={"Content-Range": f"bytes */{size}"})
        if chosen is not None:
            span, status = chosen, 206
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
    headers["Content-Length"] = str(span[1] - span[0])
    return StreamingResponse(
        _pieces(file, span), status_code=status, media_type=_MEDIA_TYPE, headers=headers
    )


def _names(condition: str, tag: str) -> bool:
    """Whether a condition names the tag, among others or by ``*``."""
    return condition.strip() == "*" or tag in {one.strip() for one in condition.split(",")}


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

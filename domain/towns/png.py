"""Logos: PNG pictures taken apart and put together again from the parts that draw alone."""

import struct
import zlib
from collections.abc import Iterator

from domain.refusal import Refused

#: With a logo of this size the public page stays well below its 50 KB.
LARGEST_BYTES = 20_000
LARGEST_SIDE_PX = 512
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The parts that draw (W3C PNG, clause 11.2); text, profiles and times are left out.
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
#: Values of a pixel by colour type, with the bit depths that each allows (W3C PNG, table 11.1).
_CHANNELS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PER_PIXEL = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_LAST_FILTER = 4


def clean_png(data: bytes) -> bytes | Refused:
    """The same picture without anything that does not draw; a refusal where it is no safe PNG."""
    if len(data) > LARGEST_BYTES:
        return _refused(f"it has {len(data)} bytes, at most {LARGEST_BYTES} are taken")
    if not data.startswith(_SIGNATURE):
        return _refused("it is not one; SVG, JPEG and others are not taken")
    try:
        chunks = [chunk for chunk in _chunks(data[len(_SIGNATURE) :]) if chunk[0] in _KEPT]
        fault = _fault(chunks)
    except (ValueError, struct.error, zlib.error):
        return _refused("it is damaged")
    if fault is not None:
        return _refused(fault)
    return _SIGNATURE + b"".join(_written(kind, body) for kind, body in chunks)


def _refused(why: str) -> Refused:
    sentence = f"This logo is not usable as a PNG picture: {why}."
    return Refused(code="logo.png", sentence=sentence)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each part up to the end mark; raises ``ValueError`` where one is damaged."""
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[:8])
        body, check = data[8 : 8 + length], data[8 + length : 12 + length]
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError
        yield kind, body
        data = data[12 + length :]


def _written(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _fault(chunks: list[tuple[bytes, bytes]]) -> str | None:
    """What is wrong with the picture; raises where its parts cannot be read at all."""
    kinds = [kind for kind, _ in chunks]
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or kinds.count(b"PLTE") > 1:
        return "its parts are out of order"
    header = struct.unpack(">IIBBBBB", chunks[0][1])
    width, height, depth, colour, compression, filtering, interlace = header
    if not (0 < width <= LARGEST_SIDE_PX and 0 < height <= LARGEST_SIDE_PX):
        return f"it is {width} by {height} pixels, at most {LARGEST_SIDE_PX} each are taken"
    if depth not in _CHANNELS.get(colour, ()) or compression or filtering or interlace:
        return "its form is not known or it is interlaced; save it again as a plain PNG"
    row = 1 + (width * depth * _PER_PIXEL[colour] + 7) // 8
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    unpacker = zlib.decompressobj()
    drawn = unpacker.decompress(packed, row * height + 1)
    is_whole = unpacker.eof and not unpacker.unused_data and len(drawn) == row * height
    if not is_whole or any(drawn[at] > _LAST_FILTER for at in range(0, len(drawn), row)):
        return "it is damaged"
    return None

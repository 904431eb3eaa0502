"""Small PNG pictures, and what a hostile hand makes of them."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """One part of a PNG file."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def png(width: int = 4, height: int = 3, *, extra: bytes = b"", rows: bytes | None = None) -> bytes:
    """A grey picture; ``extra`` parts stand before its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    drawn = b"".join(b"\0" + b"\x80" * width for _ in range(height)) if rows is None else rows
    parts = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(drawn))
    return SIGNATURE + parts + chunk(b"IEND", b"")

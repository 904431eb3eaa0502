import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusal import Refused
from domain.towns.png import LARGEST_BYTES, LARGEST_SIDE_PX, clean_png
from tests.support.pictures import SIGNATURE, chunk, png


def test_a_plain_picture_comes_back_as_it_was() -> None:
    assert clean_png(png()) == png()


def test_what_does_not_draw_is_left_out() -> None:
    hidden = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>") + chunk(b"eXIf", b"home")

    assert clean_png(png(extra=hidden) + b"<script>") == png()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xff\xd8\xff\xe0 a JPEG",
        SIGNATURE,
        SIGNATURE + chunk(b"IEND", b""),
        png()[:-12],
        png().replace(b"IDAT", b"IDAX", 1),
        png(rows=b"\0" * 14),
        png(rows=b"\0" * 16),
        png(rows=b"\x05" + b"\0" * 14),
        png(width=LARGEST_SIDE_PX + 1, height=1),
        png(width=0),
        png(extra=chunk(b"IHDR", b"\0" * 13)),
        png() + b"\0" * LARGEST_BYTES,
    ],
)
def test_what_is_no_safe_picture_is_refused(data: bytes) -> None:
    refused = clean_png(data)

    assert isinstance(refused, Refused)
    assert refused.code == "logo.png"


def test_a_small_file_cannot_unpack_into_a_large_memory() -> None:
    bomb = SIGNATURE + png()[8:33] + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))

    assert len(bomb) < LARGEST_BYTES
    assert isinstance(clean_png(bomb + chunk(b"IEND", b"")), Refused)


@given(at=st.integers(0, len(png()) - 1), value=st.integers(1, 255))
def test_no_changed_byte_breaks_the_checker(at: int, value: int) -> None:
    data = bytearray(png())
    data[at] ^= value

    cleaned = clean_png(bytes(data))

    assert isinstance(cleaned, Refused) or cleaned == png()

"""The ``Range`` header of RFC 9110, one span of bytes at a time."""

import pytest

from api.files.serving import parse_range
from domain.refusal import Refused

SIZE = 100


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=50-999", (50, 100)),
        ("bytes=99-99", (99, 100)),
    ],
)
def test_a_span_inside_the_file(text: str, span: tuple[int, int]) -> None:
    assert parse_range(text, SIZE) == span


@pytest.mark.parametrize(
    "text", ["lines=0-9", "bytes=5-1", "bytes=a-b", "bytes=-", "bytes=0-1,5-6", "bytes", "bytes=²-"]
)
def test_what_is_no_single_range_is_ignored(text: str) -> None:
    assert parse_range(text, SIZE) is None


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_span_outside_the_file_is_refused(text: str) -> None:
    assert isinstance(parse_range(text, SIZE), Refused)

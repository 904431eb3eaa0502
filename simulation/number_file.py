"""Text files of numbers that other programs wrote: read strictly, refused with line and field."""

import gzip
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.refusal import Refused

#: A file beyond this is not what it is taken for, and would fill the memory.
MOST_BYTES = 512 * 1024 * 1024
#: Of what was found, so many characters are repeated in a sentence.
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """A number as a format defines it."""

    name: str
    meaning: str  #: As in "a temperature in degC".
    low: float
    high: float

    @property
    def expected(self) -> str:
        return f"{self.meaning} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, for sentences about it."""

    path: Path
    code: str
    line: int

    def refused(self, expected: str, *, field: str | None = None, found: str | None) -> Refused:
        """What was expected here, and what stands there instead."""
        where = f"{self.path}, line {self.line}"
        where += "" if field is None else f", field {field}"
        there = "nothing"
        if found:
            there = repr(found if len(found) <= _SHOWN else found[:_SHOWN] + "...")
        sentence = f"{where}: expected {expected}, found {there}; correct the file."
        return Refused(code=self.code, sentence=sentence, line=self.line)

    def number(self, text: str, field: NumberField) -> float | Refused:
        """The number in this text, or why it is none that the field may hold."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if field.low <= value <= field.high:  # False for a NaN too.
            return value
        return self.refused(field.expected, field=field.name, found=text.strip())


def read_text(path: Path, code: str) -> str | Refused:
    """The text of a file, unpacked if its name ends in ``.gz``.

    Bytes that are not UTF-8 become U+FFFD: harmless in a comment, refused in a number.
    """
    try:
        content = _bytes(path)
    except (OSError, EOFError, zlib.error) as error:
        return Refused(code=code, sentence=f"{path} cannot be read: {error}; name another file.")
    if len(content) > MOST_BYTES:
        most = f"{MOST_BYTES // 1024**2} MiB"
        sentence = f"{path} holds more than {most}; cut out the part that is wanted."
        return Refused(code=code, sentence=sentence)
    text = content.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return Refused(code=code, sentence=f"{path} is empty; name a file with data.")
    return text


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with something in them, and their numbers from 1."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def _bytes(path: Path) -> bytes:
    """At most one byte more than allowed: a small packed file may unfold without end."""
    if path.suffix == ".gz":
        with gzip.open(path) as unpacked:
            return unpacked.read(MOST_BYTES + 1)
    with path.open("rb") as plain:
        return plain.read(MOST_BYTES + 1)

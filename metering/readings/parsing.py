"""A file of indexes, read line by line: all of its rows, or every line that is wrong.

The layout is that of the files that a town gets (``metering.papers.deliverables``), and what comes
near to it from a portal or a spreadsheet. Nothing is guessed: what can be read in two ways is
refused.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from domain.refusal import Refused
from metering.readings import cells
from metering.readings.layout import (
    EXAMPLE,
    METER,
    QUALITY,
    TIMESTAMP,
    UNIT,
    Layout,
    layout_of,
    separator_of,
)

LARGEST_BYTES = 16 << 20
MOST_ROWS = 100_000
#: So many wrong lines are named; of the others their number is said.
MOST_NAMED = 20
#: A row dated further ahead than this has not been read off anything [s].
_FUTURE_S = 300.0
_LONGEST_SERIAL = 200
_MARK = "'"  # before text that a spreadsheet would take for a formula
#: What a line says of itself, after the words of ESPI: an index of the meter, or something else.
_COUNTS = frozenset({"", "valid", "raw", "validated", "questionable"})
_LEFT_OUT = frozenset({"rejected", "estimated", "derived", "edited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One index of a file."""

    line: int  #: Where it stands; the first is 1.
    serial: str
    taken_at_s: float
    index_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """What a file tells."""

    rows: tuple[FileRow, ...]
    left_out: int  #: Lines that say of themselves that they are no index of the meter.


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLine:
    """What is wrong with a line."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongFile:
    """A file of which nothing is taken."""

    lines: tuple[WrongLine, ...]  #: The first of them.
    count: int  #: How many are wrong.

    @property
    def refusal(self) -> Refused:
        """The same in one sentence."""
        first = self.lines[0]
        rest = f" {self.count - 1} more lines are wrong." if self.count > 1 else ""
        sentence = f"Line {first.line}: {first.sentence}.{rest} Nothing was taken in."
        return Refused(code="readings.file", sentence=sentence, line=first.line)


def wrong(found: list[WrongLine]) -> WrongFile:
    """A file with these wrong lines."""
    return WrongFile(lines=tuple(found[:MOST_NAMED]), count=len(found))


def read_index_file(content: bytes, serial: str | None, now_s: float) -> IndexFile | WrongFile:
    """What a file tells; ``serial`` is the meter where no column names one."""
    text = _text_of(content)
    if isinstance(text, WrongLine):
        return wrong([text])
    separator = separator_of(text.partition("\n")[0])
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[FileRow] = []
    mistakes: list[WrongLine] = []
    left_out = 0
    try:
        layout = layout_of(next(lines, []), separator, names_meter=serial is not None)
        reading = _Reading(layout=layout, serial=serial, now_s=now_s)
        for row in filter(any, lines):
            try:
                found = reading.row(lines.line_num, row)
            except ValueError as error:
                mistakes.append(WrongLine(line=lines.line_num, sentence=str(error)))
                continue
            if found is None:
                left_out += 1
            else:
                rows.append(found)
            if len(rows) > MOST_ROWS:
                sentence = f"there are more than {MOST_ROWS} rows; send them in several files"
                return wrong([WrongLine(line=lines.line_num, sentence=sentence)])
    except (ValueError, csv.Error) as error:
        mistakes.append(WrongLine(line=max(lines.line_num, 1), sentence=str(error)))
    if not mistakes and not rows:
        mistakes.append(WrongLine(line=1, sentence="there is no index in this file"))
    return wrong(mistakes) if mistakes else IndexFile(rows=tuple(rows), left_out=left_out)


class _Reading:
    """One file on its way."""

    def __init__(self, *, layout: Layout, serial: str | None, now_s: float) -> None:
        self._layout = layout
        self._serial = serial
        self._now_s = now_s
        self._decimal: tuple[str, int] | None = None  #: The mark in use, and the line it is from.

    def row(self, line: int, row: list[str]) -> FileRow | None:
        """What a line tells; None where it says itself that it is no index of the meter."""
        expected = len(self._layout.columns)
        if len(row) != expected:
            hint = (
                "; between commas, decimals need a point" if self._layout.separator == "," else ""
            )
            raise ValueError(
                f"there are {len(row)} cells where the first line has {expected}{hint}"
            )
        told = dict(zip(self._layout.columns, map(cells.not_a_formula, row), strict=True))
        quality = told.get(QUALITY, "").strip().lower()
        if quality in _LEFT_OUT:
            return None
        if quality not in _COUNTS:
            words = ", ".join(sorted(_COUNTS - {""} | _LEFT_OUT))
            raise ValueError(f"the quality is {cells.shown(quality)}, which is none of {words}")
        at_s = cells.instant(told[TIMESTAMP])
        if at_s > self._now_s + _FUTURE_S:
            raise ValueError(f"the time {cells.shown(told[TIMESTAMP])} has not come yet")
        unit = self._layout.unit or cells.unit_named(told[UNIT])
        return FileRow(
            line=line,
            serial=self._serial or _serial_of(told[METER]),
            taken_at_s=at_s,
            index_wh=cells.index_wh(self._number(line, told[self._layout.index]), unit),
        )

    def _number(self, line: int, cell: str) -> Decimal:
        number, mark = cells.amount(cell)
        if mark is not None:
            known, since = self._decimal = self._decimal or (mark, line)
            if mark != known:
                raise ValueError(
                    f"the index is {cells.shown(cell.strip())}, with {mark!r} where line {since} "
                    f"has {known!r}: one of them may group thousands; write all of them alike"
                )
        return number


def _serial_of(cell: str) -> str:
    serial = cell.strip().removeprefix(_MARK)
    if not 1 <= len(serial) <= _LONGEST_SERIAL or not serial.isprintable():
        raise ValueError(f"the meter is {cells.shown(serial)}, which is no serial number")
    return serial


def _text_of(content: bytes) -> str | WrongLine:
    if len(content) > LARGEST_BYTES:
        sentence = f"there are more than {LARGEST_BYTES >> 20} MiB; send them in several files"
        return WrongLine(line=1, sentence=sentence)
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        sentence = "this is a workbook or an archive; save the sheet as CSV UTF-8"
        return WrongLine(line=1, sentence=sentence)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return WrongLine(line=line, sentence="this is not UTF-8; save the file as CSV UTF-8")
    place = text.find("\0")
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        return WrongLine(line=line, sentence="there is a zero byte; save the file as CSV UTF-8")
    return text if text.strip() else WrongLine(line=1, sentence=f"it is empty; expected {EXAMPLE}")


def named(found: WrongFile) -> Iterator[tuple[str, str]]:
    """Each wrong line with what is wrong with it, as an answer names them."""
    for item in found.lines:
        yield f"line {item.line}", item.sentence

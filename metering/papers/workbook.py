"""Tables as a workbook for Excel: one sheet for each site, and no cell that is a formula."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from metering.papers.cells import Cell

#: Equal tables are equal files: a workbook tells no time of its own.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
#: In units of UTF-16, as Excel counts.
_LONGEST_NAME = 31
#: Excel keeps this name, in whatever letters, for a sheet of its own.
_KEPT_BY_EXCEL = "history"
#: What XML has no way to write (XML 1.0, production 2): a file with one of these opens nowhere.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_INSTEAD = "\ufffd"
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
Sheet = tuple[str, Iterable[Sequence[Cell]]]


def workbook(columns: Sequence[str], sheets: Iterable[Sheet]) -> bytes:
    """The workbook; at least one sheet, with the head in its first row."""
    out = io.BytesIO()
    book = Workbook(out, _OPTIONS)
    book.set_properties({"created": _MADE.replace(tzinfo=None)})
    taken: set[str] = set()
    for name, rows in sheets:
        sheet = book.add_worksheet(_free_name(name, taken))
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column)
        for number, row in enumerate(rows, start=1):
            _write(sheet, number, row)
        sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _write(sheet: Worksheet, number: int, row: Sequence[Cell]) -> None:
    for place, value in enumerate(row):
        if isinstance(value, Decimal | int):
            sheet.write_number(number, place, value)
        elif value is not None:
            sheet.write_string(number, place, _written(value))


def _free_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes, and that no other sheet has."""
    plain = _cut(_FORBIDDEN.sub(" ", _written(name)).strip(), _LONGEST_NAME) or "-"
    found, number = plain, 1
    while found.lower() in {*taken, _KEPT_BY_EXCEL}:
        number += 1
        tail = f" {number}"
        found = _cut(plain, _LONGEST_NAME - len(tail)) + tail
    taken.add(found.lower())
    return found


def _cut(text: str, longest: int) -> str:
    """The beginning of a text, in so many units; a letter outside the first plane has two."""
    while len(text.encode("utf-16-le")) // 2 > longest:
        text = text[:-1]
    return text


def _written(text: str) -> str:
    """The text, with a sign in the place of each character that no workbook can hold."""
    return _NOT_IN_XML.sub(_INSTEAD, text)

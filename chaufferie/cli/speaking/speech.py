"""How the command speaks: results on stdout, everything else on stderr, colour on terminals."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: Characters by which a name or an output line could command the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOTHING = "-"
_STYLES = {
    "succeeded": "green",
    "running": "cyan",
    "failed": "red",
    "cancelled": "yellow",
    "queued": "blue",
    "held": "yellow",
}


def say(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{plain(text)}\n")


def remark(text: str) -> None:
    """One line beside the result: a note, progress, an error."""
    sys.stderr.write(f"{plain(text)}\n")


def remarks(texts: Iterable[str]) -> None:
    """Each of these once."""
    for text in dict.fromkeys(texts):
        remark(f"note: {text}")


def say_json(document: object) -> None:
    """The result for a program."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def plain(text: str) -> str:
    """The text without characters that command a terminal."""
    return _CONTROL.sub("?", text)


def console() -> "Console":
    """Rich's view of stdout: no colour where it is no terminal, or NO_COLOR is set."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under headings; numbers stand to the right; plain columns where nobody looks."""
    shown = [[_cell(cell) for cell in row] for row in rows]
    numeric = [
        all(_is_number(row[index]) for row in shown) and bool(shown)
        for index in range(len(columns))
    ]
    if not sys.stdout.isatty():
        _say_plain_table(columns, shown, numeric)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column, is_number in zip(columns, numeric, strict=True):
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in shown:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console().print(table)


def _say_plain_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> None:
    widths = [
        max([len(column), *(len(row[index]) for row in rows)])
        for index, column in enumerate(columns)
    ]
    for row in [columns, *rows]:
        cells = (
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numeric, strict=True)
        )
        say("  ".join(cells).rstrip())


def say_fields(fields: Mapping[str, Any]) -> None:
    """One thing, a line for each of its properties that has a value."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None:
            say(f"{name.ljust(width)}  {value}")


def _cell(value: object) -> str:
    return _NOTHING if value is None else plain(str(value))


def _is_number(cell: str) -> bool:
    return cell == _NOTHING or cell[:1].isdigit() or (cell[:1] == "-" and cell[1:2].isdigit())

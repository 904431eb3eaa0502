"""A TOML file and its lines, so that a refusal can point at one."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.refusal import Refused
from simulation.number_file import Place

#: The code of every refusal of a scenario.
CODE = "simulation.scenario"
#: A scenario is a page; a file beyond this is something else.
_MOST_BYTES = 1024 * 1024
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=""")
_AT_LINE = re.compile(r"at line (\d+)")

Key = str | int
Keys = tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlSource:
    """What a file says, and on which line it says it."""

    path: Path
    plain: Mapping[str, Any]
    lines: Mapping[Keys, int]  #: Of each table and key; items of an array by number.

    def refused(self, keys: Keys, expected: str, found: str | None) -> Refused:
        """What was expected under these keys."""
        known = next(
            (keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), ()
        )
        place = Place(path=self.path, code=CODE, line=self.lines.get(known, 1))
        return place.refused(expected, field=_spelled(keys), found=found)


def read_toml(path: Path) -> TomlSource | Refused:
    """The file's tables, or where it is not TOML."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        sentence = f"The scenario {path} cannot be read: {error}; name another file."
        return Refused(code=CODE, sentence=sentence)
    if len(content) > _MOST_BYTES:
        sentence = f"The scenario {path} is larger than 1 MiB; name a file that is a scenario."
        return Refused(code=CODE, sentence=sentence)
    return parse_toml(path, content)


def parse_toml(path: Path, content: bytes) -> TomlSource | Refused:
    """The tables in these bytes."""
    try:
        text = content.decode("utf-8-sig")
        plain = tomllib.loads(text)
    except UnicodeDecodeError as error:
        place = Place(path=path, code=CODE, line=content[: error.start].count(b"\n") + 1)
        return place.refused("text in UTF-8", found=f"byte 0x{content[error.start]:02x}")
    except RecursionError:
        sentence = f"{path} is nested too deeply for a scenario; write plain tables."
        return Refused(code=CODE, sentence=sentence)
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits.
        at = _AT_LINE.search(str(error))  # Else it says: at end of document.
        line = int(at.group(1)) if at is not None else content.count(b"\n") + 1
        sentence = f"{path}, line {line}: expected TOML, but: {error}; correct the file."
        return Refused(code=CODE, sentence=sentence, line=line)
    return TomlSource(path=path, plain=plain, lines=dict(_lines(text)))


def _lines(text: str) -> Iterator[tuple[Keys, int]]:
    """Keys at the start of a line; those within an inline table are found by their table."""
    table: Keys = ()
    counts: dict[Keys, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None and key is None:
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif key is not None:
            yield (*table, *_parts(key.group(1))), number


def _parts(dotted: str) -> Keys:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _spelled(keys: Keys) -> str:
    """``faults[2].kind``; items are counted from 1 where people read them."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key + 1}]"
        else:
            text += f".{key}" if text else key
    return text

"""Values of a store as cells of a CSV file and back, to the last digit; nothing is a formula."""

import json
import math
import re
from typing import Any

from domain.spreadsheet import harmless
from store.packages.resource import Field, FieldType

_MARK = "'"  # before text that a spreadsheet would take for a formula, or that begins with it
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?(e[+-]?[0-9]{1,3})?")
_LARGEST_INTEGER = 2**63 - 1
_BOOLEANS = {"true": True, "false": False}
_LONGEST_SHOWN = 40


def write_cell(field: Field, value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    """The cell of a value; empty where there is none."""
    if value is None:
        return ""
    match field.type:
        case FieldType.BOOLEAN:
            return "true" if value else "false"
        case FieldType.INTEGER:
            return str(int(value))
        case FieldType.NUMBER:
            return repr(float(value))
        case _:
            return f"{_MARK}{value}" if value.startswith(_MARK) else harmless(value)


def read_cell(field: Field, cell: str) -> Any:  # noqa: ANN401 - as above
    """The value of a cell; raises ``ValueError`` where it is none of the column's."""
    if not cell and (not field.is_required or field.type is not FieldType.STRING):
        if field.is_required:
            raise ValueError(f"{field.name} is empty")
        return None
    match field.type:
        case FieldType.BOOLEAN:
            return _one_of(field, cell, _BOOLEANS)
        case FieldType.INTEGER:
            return _integer(field, cell)
        case FieldType.NUMBER:
            return _number(field, cell)
        case _:
            return _text(field, cell)


def _one_of(field: Field, cell: str, known: dict[str, bool]) -> bool:
    if cell not in known:
        raise ValueError(f"{field.name} is {_shown(cell)}, not {' or '.join(known)}")
    return known[cell]


def _integer(field: Field, cell: str) -> int:
    if _INTEGER.fullmatch(cell) is None or abs(int(cell)) > _LARGEST_INTEGER:
        raise ValueError(f"{field.name} is {_shown(cell)}, which is no whole number")
    return int(cell)


def _number(field: Field, cell: str) -> float:
    found = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if not math.isfinite(found):
        raise ValueError(f"{field.name} is {_shown(cell)}, which is no number")
    return found


def _text(field: Field, cell: str) -> str:
    if harmless(cell) != cell:
        raise ValueError(f"{field.name} is {_shown(cell)}, which a spreadsheet would execute")
    text = cell.removeprefix(_MARK)
    if "\0" in text:
        raise ValueError(f"{field.name} has a zero byte in it")
    if field.enum and text not in field.enum:
        raise ValueError(f"{field.name} is {_shown(text)}, not one of {', '.join(field.enum)}")
    if field.type is not FieldType.STRING:
        wanted = dict if field.type is FieldType.OBJECT else list
        if not isinstance(_json(field, text), wanted):
            raise ValueError(f"{field.name} is no JSON {field.type.value}")
    return text


def _json(field: Field, text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{field.name} is no JSON: {error}") from error


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= _LONGEST_SHOWN else cell[:_LONGEST_SHOWN] + "...")

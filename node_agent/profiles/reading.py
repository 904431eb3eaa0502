"""Reads the files of recipes; of one that is wrong it says where, and what was expected."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.fleet.licences import NAME_PATTERN as LICENCE_PATTERN
from domain.fleet.profiles import NAME_PATTERN, PER_CORE, PER_JOB
from node_agent.profiles.recipe import (
    COMMAND_PLACES,
    FOUND_PLACES,
    START_PLACES,
    Recipe,
    places_in,
)

#: The recipes that come with the product.
OWN_FOLDER = Path(__file__).parent
_MOST_BYTES = 100_000
_MOST_FILES = 200
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong in a file of recipes."""

    file: Path
    line: int
    field: str
    expected: str

    def __str__(self) -> str:
        """One sentence, for whoever wrote the file."""
        what = f"{self.field}: " if self.field else ""
        return f"{self.file}, line {self.line}: {what}{self.expected}."


class _WrongError(Exception):
    def __init__(self, field: str, expected: str) -> None:
        super().__init__(expected)
        self.field, self.expected = field, expected


_Check = Callable[[Any], Any]


def read_recipes(*folders: Path) -> tuple[list[Recipe], list[Mistake]]:
    """The recipes in these folders and what is wrong there; a later one of a name counts."""
    recipes: dict[str, Recipe] = {}
    mistakes: list[Mistake] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml"))[:_MOST_FILES]:
            found = read_recipe(path)
            if isinstance(found, Mistake):
                mistakes.append(found)
            else:
                recipes[found.name] = found
    return list(recipes.values()), mistakes


def read_recipe(path: Path) -> Recipe | Mistake:
    """The recipe in a file, or the first thing that is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        return Mistake(file=path, line=1, field="", expected=f"cannot be read: {error.strerror}")
    if len(data) > _MOST_BYTES:
        return Mistake(file=path, line=1, field="", expected="larger than 100 kB; expected less")
    text = data.decode("utf-8", "replace")
    try:
        plain = tomllib.loads(text)
        return _recipe(plain)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line[1]) if line else text.count("\n") + 1
        return Mistake(file=path, line=number, field="", expected=f"expected TOML: {error}")
    except RecursionError:
        return Mistake(file=path, line=1, field="", expected="nested too deep; expected a recipe")
    except _WrongError as error:
        line_number = _line_of(text, error.field)
        return Mistake(file=path, line=line_number, field=error.field, expected=error.expected)


def _recipe(plain: Mapping[str, Any]) -> Recipe:
    values: dict[str, Any] = {}
    known = {table: set(fields) for table, fields in _FIELDS.items()}
    _refuse_unknown(plain, known)
    for table, fields in _FIELDS.items():
        part = plain if not table else plain.get(table, {})
        if not isinstance(part, dict):
            raise _WrongError(table, f"expected a table, [{table}]")
        for name, check in fields.items():
            if name in part:
                full_name = f"{table}.{name}" if table else name
                values[name] = _checked(full_name, check, part[name])
    for needed, table in (("name", ""), ("programs", "detect")):
        if needed not in values:
            raise _WrongError(f"{table}.{needed}" if table else needed, "expected, and missing")
    for table, (check_name, check) in _FREE_TABLES.items():
        values[table] = _free_table(table, plain.get(table, {}), check_name, check)
    return _checked_together(Recipe(**values))


def _checked_together(recipe: Recipe) -> Recipe:
    if recipe.version_pattern is not None and not recipe.version_command:
        raise _WrongError("detect.version_command", "expected beside version_pattern")
    asks_for_input = any("{input" in word for word in recipe.command)
    if asks_for_input and recipe.input is None:
        raise _WrongError("run.input", "expected a pattern such as *.inp, for {input} in command")
    if recipe.launcher and recipe.most_tasks == 1:
        raise _WrongError("run.launcher", "expected nothing where most_tasks is 1")
    return recipe


def _checked(name: str, check: _Check, value: object) -> object:
    try:
        return check(value)
    except (ValueError, re.error) as error:
        raise _WrongError(name, str(error)) from None


def _refuse_unknown(plain: Mapping[str, Any], known: Mapping[str, set[str]]) -> None:
    for key, value in plain.items():
        if key in _FREE_TABLES or key in known[""]:
            continue
        if key not in known or not key:
            names = ", ".join(sorted({*known[""], *_FREE_TABLES, *filter(None, known)}))
            raise _WrongError(key, f"unknown; expected one of {names}")
        unknown = [name for name in value if name not in known[key]] if type(value) is dict else []
        if unknown:
            names = ", ".join(sorted(known[key]))
            raise _WrongError(f"{key}.{unknown[0]}", f"unknown; expected one of {names}")


def _free_table(
    table: str, part: object, check_name: Callable[[str], str | None], check: _Check
) -> dict[str, Any]:
    """A table whose names are the operator's; what is wrong with one says ``check_name``."""
    if not isinstance(part, dict):
        raise _WrongError(table, f"expected a table, [{table}]")
    found = {}
    for name, value in part.items():
        full_name = f"{table}.{name}"
        wrong = check_name(name)
        if wrong is not None:
            raise _WrongError(full_name, wrong)
        found[name] = _checked(full_name, check, value)
    return found


def _wrong_variable(name: str) -> str | None:
    if _VARIABLE.fullmatch(name):
        return None
    return "expected a variable's name: letters, digits and _"


def _wrong_licence(name: str) -> str | None:
    if re.fullmatch(LICENCE_PATTERN, name, re.ASCII):
        return None
    return "expected a name as the operator's file has it: letters, digits and . _ + -"


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        message = "expected a text in quotes"
        raise ValueError(message)
    return value


def _name(value: object) -> str:
    if not re.fullmatch(NAME_PATTERN, _text(value), re.ASCII):
        message = "expected lower-case letters, digits, _ and -, a letter first"
        raise ValueError(message)
    return str(value)


def _short(value: object) -> str:
    if len(_text(value)) > 200:  # noqa: PLR2004 - a title, not a text
        message = "expected at most 200 characters"
        raise ValueError(message)
    return str(value)


def _note(value: object) -> str:
    if len(_text(value)) > 2000:  # noqa: PLR2004 - a note, not a manual
        message = "expected at most 2000 characters"
        raise ValueError(message)
    return str(value)


def _text_with(places: frozenset[str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        unknown = sorted(places_in(_text(value)) - places)
        if unknown:
            names = ", ".join(f"{{{name}}}" for name in sorted(places))
            message = f"{{{unknown[0]}}} is unknown here; expected one of {names}"
            raise ValueError(message)
        return str(value)

    return check


def _words_with(places: frozenset[str]) -> Callable[[object], tuple[str, ...]]:
    check = _text_with(places)

    def check_all(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            message = 'expected a list of words, such as ["prog", "-v"]'
            raise ValueError(message)
        return tuple(check(word) for word in value)

    return check_all


def _programs(value: object) -> tuple[str, ...]:
    names = _words_with(frozenset())(value)
    if any(not name or name != Path(name).name for name in names):
        message = "expected names of programs without a folder; folders stand in detect.folders"
        raise ValueError(message)
    return names


def _folders(value: object) -> tuple[str, ...]:
    patterns = _words_with(frozenset())(value)
    if any(not pattern.startswith("/") for pattern in patterns):
        message = "expected paths that begin with /, * and ? allowed"
        raise ValueError(message)
    return patterns


def _pattern(value: object) -> re.Pattern[str]:
    pattern = re.compile(_text(value))
    if pattern.groups != 1:
        message = "expected a regular expression with one group, the version"
        raise ValueError(message)
    return pattern


def _settings_file(value: object) -> str:
    path = _text_with(FOUND_PLACES)(value)
    if not path.startswith(("/", "{folder}")):
        message = "expected a path that begins with / or {folder}"
        raise ValueError(message)
    return path


def _glob(value: object) -> str:
    if not _text(value) or "/" in str(value):
        message = "expected a pattern of a file's name, such as *.inp"
        raise ValueError(message)
    return str(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        message = "expected a whole number of at least 1"
        raise ValueError(message)
    return value


def _variables(value: object) -> tuple[str, ...]:
    names = _words_with(frozenset())(value)
    if any(not _VARIABLE.fullmatch(name) for name in names):
        message = "expected names of variables, such as LM_LICENSE_FILE"
        raise ValueError(message)
    return names


def _rule(value: object) -> str:
    if value not in (PER_JOB, PER_CORE):
        message = f'expected "{PER_JOB}" or "{PER_CORE}"'
        raise ValueError(message)
    return str(value)


#: Tables whose names are the operator's: how a name is checked, and how a value.
_FREE_TABLES: Mapping[str, tuple[Callable[[str], str | None], _Check]] = {
    "environment": (_wrong_variable, _text_with(START_PLACES)),
    "licence_servers": (_wrong_licence, _variables),
    "licences": (_wrong_licence, _rule),
}
_FIELDS: Mapping[str, Mapping[str, _Check]] = {
    "": {"name": _name, "title": _short, "licence": _short, "notes": _note},
    "detect": {
        "programs": _programs,
        "folders": _folders,
        "version_command": _words_with(FOUND_PLACES),
        "version_pattern": _pattern,
        "settings_file": _settings_file,
    },
    "run": {
        "command": _words_with(COMMAND_PLACES),
        "input": _glob,
        "launcher": _words_with(START_PLACES),
        "most_tasks": _count,
    },
}


def _line_of(text: str, field: str) -> int:
    """The line on which a field is written; that of its table where it is missing."""
    table, _, name = field.rpartition(".")
    current, line_of_table = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            current = header[1].strip()
            if current == table or (not table and current == name):
                line_of_table = number
        elif current == table and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return number
    return line_of_table

"""What a value of a scenario may be, in a form that can be checked and said."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.refusal import Refused
from simulation.scenario.toml_source import Keys, TomlSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of value; ``read`` gives the value to keep, or None where it is another kind."""

    expected: str
    read: Callable[[object], Any]


def whole(low: int, high: int) -> Rule:
    """A whole number within these bounds."""

    def read(value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if low <= value <= high else None

    return Rule(expected=f"a whole number from {low} to {high}", read=read)


def number(low: float, high: float) -> Rule:
    """A number within these bounds, which no NaN is."""

    def read(value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if low <= value <= high and math.isfinite(value) else None

    return Rule(expected=f"a number from {low:g} to {high:g}", read=read)


def text(most: int) -> Rule:
    """A string with something in it."""

    def read(value: object) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return None
        return value if len(value) <= most else None

    return Rule(expected=f"a text of 1 to {most} characters", read=read)


def choice(names: Iterable[str]) -> Rule:
    """One of these words."""
    words = tuple(names)
    return Rule(
        expected=f"one of {', '.join(words)}",
        read=lambda value: value if isinstance(value, str) and value in words else None,
    )


def several(rule: Rule, *, most: int, least: int = 1) -> Rule:
    """An array of such values."""

    def read(value: object) -> tuple[Any, ...] | None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            return None
        items = tuple(rule.read(item) for item in value)
        return None if None in items else items

    return Rule(expected=f"an array of {least} to {most} items, each {rule.expected}", read=read)


def read_values(
    source: TomlSource, keys: Keys, plain: object, rules: Mapping[str, Rule]
) -> dict[str, Any] | Refused:
    """The values of one table by name; what the file leaves out is left out here too."""
    if not isinstance(plain, dict):
        return source.refused(keys, "a table", shown(plain))
    values: dict[str, Any] = {}
    for name, value in plain.items():
        rule = rules.get(name)
        if rule is None:
            expected = f"a known key ({', '.join(rules)})"
            return source.refused((*keys, name), expected, name)
        read = rule.read(value)
        if read is None:
            return source.refused((*keys, name), rule.expected, shown(value))
        values[name] = read
    return values


def shown(value: object) -> str:
    """A value of TOML as its author wrote it, near enough."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    try:
        return str(value)
    except ValueError:  # An integer of thousands of digits.
        return "a very large number"

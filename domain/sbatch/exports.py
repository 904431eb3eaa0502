"""What ``--export`` carries into the job's environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"ALL", "NONE", "NIL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The variables a submission names, with their values.

    The caller's whole environment is never shipped: it holds secrets, and paths of a machine
    that is not the node.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    asks_all: bool = False
    absent: tuple[str, ...] = ()  #: Named, but not set where the job was submitted.


def parse_export(text: str, environment: Mapping[str, str]) -> Export | None:
    """The variables of an ``--export`` list; None when a name in it cannot be a variable's.

    ``VAR`` takes its value from ``environment``; a value may hold commas inside quotes.
    """
    variables: dict[str, str] = {}
    absent: list[str] = []
    asks_all = False
    for part in _parts(text):
        name, equals, value = part.partition("=")
        if not equals and name.strip().upper() in _WORDS:
            asks_all = asks_all or name.strip().upper() == "ALL"
            continue
        name = name.strip()
        if not _NAME.fullmatch(name):
            return None
        if equals:
            variables[name] = _unquoted(value)
        elif name in environment:
            variables[name] = environment[name]
        else:
            absent.append(name)
    return Export(variables=variables, asks_all=asks_all, absent=tuple(absent))


def _parts(text: str) -> list[str]:
    """``text`` cut at the commas outside quotes, without empty parts."""
    parts: list[str] = []
    start = 0
    quote = ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == ",":
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value

"""What is wrong with a request's form, in the words of who sent it: field by field."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.names import (
    CASE_NAME,
    CONTRACT_REFERENCE,
    MONTH,
    NO_NUL,
    ONE_LINE,
    PLAIN_TEXT,
    SHA256,
    STATEMENT_NUMBER,
)
from domain.jobs.reservation import NAME_PATTERN
from domain.plurals import counted
from domain.sbatch.dependencies import LABEL

#: So many fields are named in the sentence, and in the document; a body can have more.
MOST_SAID, MOST_NAMED = 5, 20
_LONGEST_FIELD = 60
_LONGEST_SENTENCE = 400
#: What a text must be that does not match one of our patterns.
PATTERNS: Mapping[str, str] = {
    NO_NUL: "cannot hold a NUL character",
    ONE_LINE: "must be one line of text, without control characters",
    PLAIN_TEXT: "must be plain text, without control characters",
    SHA256: "must be a SHA-256, 64 characters of 0-9 and a-f",
    CASE_NAME: "must be a case as the list of quarantine names it, such as 3.1.4711",
    STATEMENT_NUMBER: "must be the number of a statement, such as CHALEUR-2026-00001",
    MONTH: "must be a month, such as 2026-01",
    CONTRACT_REFERENCE: "must be letters, digits and the signs ._-",
    NAME_PATTERN: "must begin with a letter or a digit, and be letters, digits and the signs _.+-",
    rf"^{LABEL}$": "must begin with a letter, and be letters, digits and the signs .-",
}
#: How the library begins a sentence about what it was given.
_SHOULD = re.compile(r"^[A-Z][a-z]* should")
_Context = Mapping[str, Any]
_WORDS: Mapping[str, Callable[[_Context], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is not known here",
    "greater_than": lambda told: f"must be more than {_number(told['gt'])}",
    "greater_than_equal": lambda told: f"must be at least {_number(told['ge'])}",
    "less_than": lambda told: f"must be less than {_number(told['lt'])}",
    "less_than_equal": lambda told: f"must be at most {_number(told['le'])}",
    "string_too_short": lambda told: _at_least(told["min_length"], "character"),
    "string_too_long": lambda told: _at_most(told["max_length"], "character"),
    "too_short": lambda told: _at_least(told["min_length"], "entry", "entries"),
    "too_long": lambda told: _at_most(told["max_length"], "entry", "entries"),
    "enum": lambda told: f"must be one of {told['expected']}",
    "literal_error": lambda told: f"must be one of {told['expected']}",
    "string_type": lambda _: "must be a text",
    "string_unicode": lambda _: "must be a text in UTF-8",
    "bool_type": lambda _: "must be true or false",
    "bool_parsing": lambda _: "must be true or false",
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "int_parsing_size": lambda _: "is too large a number",
    "float_type": lambda _: "must be a number",
    "float_parsing": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "list_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be an object",
    "model_type": lambda _: "must be an object",
    "model_attributes_type": lambda _: "must be an object",
    "tuple_type": lambda _: "must be a list",
}


def mistakes_in(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What is wrong by field, in the order of the fields; the first mistake of each.

    A field is written as in the body or the query (``jobs[3].script``); the body as a whole has
    no name.
    """
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(_field(error["loc"]), _what(error))
    return found


def in_one_sentence(found: Mapping[str, str]) -> str:
    """All of it, for a person; of many fields, or long ones, the first."""
    shown: list[str] = []
    for field, what in list(found.items())[:MOST_SAID]:
        text = f"{field} {what}".strip()
        if shown and len("; ".join([*shown, text])) > _LONGEST_SENTENCE:
            break
        shown.append(text)
    more = len(found) - len(shown)
    if more > 0:
        shown.append(f"and {counted(more, 'field')} more")
    text = "; ".join(shown)
    return f"{text}." if "" not in found else f"{text[:1].upper()}{text[1:]}."


def _field(place: Sequence[str | int]) -> str:
    """Without where it was sent: whoever typed it need not know whether it was body or path."""
    text = ""
    for part in place[1:]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    # A name in a body may be anything that was sent.
    text = text.removeprefix(".")
    cut = text if len(text) <= _LONGEST_FIELD else f"{text[:_LONGEST_FIELD]}..."
    return cut if cut.isprintable() else repr(cut)


def _what(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch" and context["pattern"] in PATTERNS:
        return PATTERNS[context["pattern"]]
    if kind in _WORDS:
        return _WORDS[kind](context)
    said: str = error["msg"].removeprefix("Value error, ").rstrip(".")
    if kind == "value_error":
        return f"cannot be: {said}" if len(error["loc"]) > 1 else said
    return _SHOULD.sub("must", said)


def _number(limit: float) -> str:
    return str(int(limit)) if float(limit).is_integer() else str(limit)


def _at_least(count: int, noun: str, plural: str | None = None) -> str:
    return (
        "must not be empty" if count == 1 else f"must have {counted(count, noun, plural)} or more"
    )


def _at_most(count: int, noun: str, plural: str | None = None) -> str:
    return f"must have {counted(count, noun, plural)} at most"

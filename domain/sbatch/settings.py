"""The settled options, read one by one while refusals and notes are gathered."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from domain.refusal import Refused
from domain.sbatch.given import Given, shortened
from domain.sbatch.note import Note

T = TypeVar("T")

#: A longer value is a slip of quoting or an attack on the parser, never a request.
LONGEST_VALUE = 8192
_FREE_TEXT = frozenset({"wrap", "comment", "export"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\ud800-\udfff]")


class Settings:
    """What counts, by key; every reader leaves its refusals and notes here."""

    def __init__(self, by_key: Mapping[str, Given]) -> None:
        self._by_key = by_key
        self.refusals: list[Refused] = []
        self.notes: list[Note] = []
        for given in by_key.values():
            self._check_text(given)

    def _check_text(self, given: Given) -> None:
        value = given.value or ""
        is_free = given.option.key in _FREE_TEXT
        if _UNPRINTABLE.search(value) or "\0" in value or (not is_free and _CONTROL.search(value)):
            self.refuse(given, "bad_value", f"{given.spelled} holds a character no value may hold.")
        elif len(value) > LONGEST_VALUE and not is_free:
            self.refuse(
                given, "bad_value", f"{given.spelled} is longer than {LONGEST_VALUE} characters."
            )

    def given(self, key: str) -> Given | None:
        """The writing that counts for a setting."""
        return self._by_key.get(key)

    def all_given(self) -> tuple[Given, ...]:
        """Every writing that counts, in the order of keys first seen."""
        return tuple(self._by_key.values())

    def has(self, key: str) -> bool:
        """Whether the setting was given at all."""
        return key in self._by_key

    def text(self, key: str) -> str | None:
        """The value of a setting as written."""
        given = self._by_key.get(key)
        return None if given is None else given.value

    def read(self, key: str, parse: Callable[[str], T | None], wanted: str) -> T | None:
        """The parsed value; None when absent, or refused because it is not ``wanted``."""
        given = self._by_key.get(key)
        if given is None or given.value is None or len(given.value) > LONGEST_VALUE:
            return None
        value = parse(given.value)
        if value is None:
            self.refuse(
                given,
                "bad_value",
                f"{shortened(given.value)!r} is no value for {given.spelled}; write {wanted}.",
            )
        return value

    def refuse(self, given: Given, code: str, what: str) -> None:
        """Remember that the submission cannot be accepted because of one writing."""
        self.refusals.append(given.origin.refuse(code, what))

    def note(self, given: Given, text: str) -> None:
        """Remember a remark on one writing."""
        self.notes.append(Note(line=given.origin.line, text=text))

    def first_refusal(self) -> Refused | None:
        """The refusal nearest the top of the script, those of other places after it."""
        ranked = sorted(
            self.refusals, key=lambda refused: (refused.line is None, refused.line or 0)
        )
        return ranked[0] if ranked else None

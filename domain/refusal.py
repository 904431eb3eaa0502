"""A refusal: the answer to a request that is understood and cannot be granted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a request was turned down, in one sentence that says what to do about it.

    ``code`` is stable and meant for programs; ``line`` counts from 1 in the text
    the user gave and is absent when the refusal concerns no particular line.
    """

    code: str
    sentence: str
    line: int | None = None

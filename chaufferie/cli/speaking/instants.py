"""Times as people type them: one grammar for every option, that of ``submit --begin``."""

import re
import time

from chaufferie.sdk.clock import ThisMachine
from chaufferie.sdk.errors import BadInputError
from domain.sbatch.instants import parse_instant_s

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_LONGEST_SHOWN = 40


def past_instant_s(text: str) -> float:
    """An instant that one looks back to: a clock time alone is the last time it was that late."""
    return _instant_s(text, is_past=True)


def coming_instant_s(text: str) -> float:
    """An instant that is to come: a clock time alone is the next time it is that late."""
    return _instant_s(text, is_past=False)


def month_of(text: str) -> str:
    """A calendar month, as it was typed, if it is one."""
    if _MONTH.fullmatch(text) is None:
        raise BadInputError(f"{text[:_LONGEST_SHOWN]!r} is no month; write it like 2026-01.")
    return text


def _instant_s(text: str, *, is_past: bool) -> float:
    now_s = time.time()  # noqa: TID251 - the clock by which a person means it
    found = parse_instant_s(text, now_s=now_s, zone=ThisMachine(), is_past=is_past)
    if found is None:
        such_as = "yesterday, -2d" if is_past else "tomorrow, +2h"
        raise BadInputError(
            f"{text[:_LONGEST_SHOWN]!r} is no time; write for instance 2026-01-31, "
            f"2026-01-31T08:00, 08:00, {such_as}."
        )
    return found

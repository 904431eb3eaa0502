"""Array specifications: ``0-9``, ``1,3,5``, ``0-50:2``, with a cap ``%N`` on those at once."""

import re
from dataclasses import dataclass

#: Slurm's own default for the largest array (MaxArraySize).
MAX_ARRAY_SIZE = 1001 * 1000

_PART = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)
_WHOLE = re.compile(r"\[?([0-9,:\-]+)\]?(?:%([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayRange:
    """The indexes of an array job, ascending, and how many may run at once."""

    indexes: tuple[int, ...]
    at_once: int | None = None


def parse_array(text: str) -> ArrayRange | None:
    """The array that ``text`` asks for; None when it is no array specification."""
    whole = _WHOLE.fullmatch(text.replace(" ", ""))
    if whole is None:
        return None
    indexes: set[int] = set()
    n_named = 0
    for part in whole[1].split(","):
        found = _PART.fullmatch(part)
        if found is None:
            return None
        first = int(found[1])
        last = int(found[2]) if found[2] else first
        step = int(found[3]) if found[3] else 1
        if last < first or step < 1:
            return None
        n_named += (last - first) // step + 1
        if n_named > MAX_ARRAY_SIZE:
            return None
        indexes.update(range(first, last + 1, step))
    at_once = int(whole[2]) if whole[2] else None
    return ArrayRange(indexes=tuple(sorted(indexes)), at_once=at_once or None)

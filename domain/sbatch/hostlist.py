"""Lists of node names as Slurm writes them: ``n1,n[3-5,08],rack2-n[01-04]``."""

import re

#: A list that names more is a slip or an attack, never a wish.
MOST_NAMES = 10_000

_PLAIN = r"[A-Za-z0-9._-]*"
_PART = re.compile(rf"({_PLAIN})((?:\[[0-9,-]+\]{_PLAIN})*)", re.ASCII)
_BRACKET = re.compile(rf"\[([0-9,-]+)\]({_PLAIN})", re.ASCII)
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)
_OUTSIDE_BRACKETS = re.compile(r",(?![^\[]*\])")


def parse_hostlist(text: str) -> tuple[str, ...] | None:
    """The names, each once, in the order given; None where it is no such list.

    A number keeps the zeros that its range begins with.
    """
    names: dict[str, None] = {}
    for part in _OUTSIDE_BRACKETS.split(text):
        found = _PART.fullmatch(part.strip())
        if found is None or not part.strip():
            return None
        expanded = [found[1]]
        for numbers, rest in _BRACKET.findall(found[2]):
            choices = _numbers(numbers, MOST_NAMES // len(expanded))
            if choices is None:
                return None
            expanded = [f"{head}{number}{rest}" for head in expanded for number in choices]
        names.update(dict.fromkeys(expanded))
        if len(names) > MOST_NAMES:
            return None
    return tuple(names)


def _numbers(text: str, most: int) -> list[str] | None:
    found: list[str] = []
    for part in text.split(","):
        ends = _RANGE.fullmatch(part)
        if ends is None:
            return None
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if last < first or len(found) + last - first >= most:
            return None
        found += [str(number).zfill(len(ends[1])) for number in range(first, last + 1)]
    return found

"""Lists of node names as Slurm writes them: ``n1,n[3-5,08],rack2-n[01-04]``."""

import re
from collections.abc import Iterable

#: A list that names more is a slip or an attack, never a wish.
MOST_NAMES = 10_000

_PLAIN = r"[A-Za-z0-9._-]*"
_PART = re.compile(rf"({_PLAIN})((?:\[[0-9,-]+\]{_PLAIN})*)", re.ASCII)
_BRACKET = re.compile(rf"\[([0-9,-]+)\]({_PLAIN})", re.ASCII)
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)
_NUMBERED = re.compile(r"(.*?)(\d{1,9})", re.ASCII)
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


def fold_hostlist(names: Iterable[str]) -> str:
    """The names in one list, sorted, those that only end in another number together."""
    by_head: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        found = _NUMBERED.fullmatch(name)
        head, number = (name, "") if found is None else (found[1], found[2])
        by_head.setdefault(head, []).append(number)
    return ",".join(
        f"{head}{text}" for head, numbers in by_head.items() for text in _folded(numbers)
    )


def _folded(numbers: list[str]) -> list[str]:
    """What is to follow a head: nothing, one number, or numbers and ranges in brackets."""
    plain = [""] if "" in numbers else []
    runs: list[tuple[str, str]] = []
    for number in sorted((one for one in numbers if one), key=lambda one: (int(one), len(one))):
        first, last = runs[-1] if runs else ("", "")
        if runs and number == str(int(last) + 1).zfill(len(first)):
            runs[-1] = first, number
        else:
            runs.append((number, number))
    ranges = [first if first == last else f"{first}-{last}" for first, last in runs]
    if len(ranges) == 1 and "-" not in ranges[0]:
        return [*plain, ranges[0]]
    return [*plain, f"[{','.join(ranges)}]"] if ranges else plain


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

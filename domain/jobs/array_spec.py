"""Array specifications: ``0-9``, ``1,3,5``, ``0-50:2``, with a cap ``%N`` on those at once."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Instances that one array may have: what a person asks for by mistake is mostly more.
MAX_ARRAY_SIZE = 100_000

_PART = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)
_WHOLE = re.compile(r"\[?([0-9,:\-]+)\]?(?:%([0-9]{1,9}))?", re.ASCII)
_BELOW_ZERO = re.compile(r"(?:^|[\[,-])-[0-9]", re.ASCII)
_FORM = "write indexes such as 0-9, 1,3,5 or 0-50:2%4"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPart:
    """Indexes at equal distances."""

    first: int
    count: int
    step: int

    @property
    def last(self) -> int:
        """The highest index."""
        return self.first + (self.count - 1) * self.step

    def indexes(self) -> range:
        """All of them, ascending."""
        return range(self.first, self.last + 1, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpec:
    """The indexes of an array, no two the same, and how many of its instances may run at once.

    An index has a *rank*, counted from 0 in the order of the parts of ``text``; the instances of
    an array are numbered by it.
    """

    text: str  #: The indexes as they were given, parts by their first index.
    count: int
    first: int  #: The lowest index.
    last: int  #: The highest.
    step: int  #: Distance of the indexes where there is one, else 1.
    at_once: int | None = None  #: None = as many as there is room for.

    def __str__(self) -> str:
        """As an option's value."""
        return self.text if self.at_once is None else f"{self.text}%{self.at_once}"

    def parts(self) -> tuple[ArrayPart, ...]:
        """The indexes, part by part, in the order of their ranks."""
        return tuple(_part(found) for found in map(_PART.fullmatch, self.text.split(",")) if found)

    def rank_of(self, index: int) -> int | None:
        """The rank of an index; None where the array has no such index."""
        before = 0
        for part in self.parts():
            if index in part.indexes():
                return before + (index - part.first) // part.step
            before += part.count
        return None

    def ranks_of(self, wanted: "ArraySpec") -> Iterator[tuple[int, int]]:
        """First and last rank of each run of indexes that ``wanted`` names too, ascending."""
        asked = sorted(index for part in wanted.parts() for index in part.indexes())
        before = 0
        for part in self.parts():
            low = bisect_left(asked, part.first)
            high = bisect_left(asked, part.last + 1)
            ranks = [
                before + (index - part.first) // part.step
                for index in asked[low:high]
                if (index - part.first) % part.step == 0
            ]
            yield from _runs(ranks)
            before += part.count

    def text_of(self, runs: Iterable[tuple[int, int]]) -> str:
        """The indexes of these runs of ranks, given by first and last, as people write them."""
        found: list[str] = []
        parts, before = iter(self.parts()), 0
        part = next(parts)
        for first, last in runs:
            low = first
            while low <= last:
                while low >= before + part.count:
                    before += part.count
                    part = next(parts)
                high = min(last, before + part.count - 1)
                start = part.first + (low - before) * part.step
                found.append(_text(ArrayPart(first=start, count=high - low + 1, step=part.step)))
                low = high + 1
        return ",".join(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayMistake:
    """Why a text is no array specification, and what to write instead."""

    code: str
    remedy: str


def parse_array(text: str) -> ArraySpec | ArrayMistake:
    """The array that ``text`` asks for."""
    plain = text.replace(" ", "")
    if _BELOW_ZERO.search(plain):
        return ArrayMistake(code="bad_value", remedy=f"an index cannot be below 0; {_FORM}")
    whole = _WHOLE.fullmatch(plain)
    if whole is None:
        return ArrayMistake(code="bad_value", remedy=_FORM)
    parts: list[ArrayPart] = []
    for part_text in whole[1].split(","):
        found = _PART.fullmatch(part_text)
        if found is None:
            return ArrayMistake(code="bad_value", remedy=_FORM)
        if found[3] is not None and int(found[3]) == 0:
            return ArrayMistake(code="array_step", remedy="the step after : must be 1 or more")
        if found[2] is not None and int(found[2]) < int(found[1]):
            remedy = f"{part_text} runs backwards; write the lower index first"
            return ArrayMistake(code="array_backwards", remedy=remedy)
        parts.append(_part(found))
    return _checked(parts, None if whole[2] is None else int(whole[2]))


def _checked(parts: list[ArrayPart], at_once: int | None) -> ArraySpec | ArrayMistake:
    count = sum(part.count for part in parts)
    if count > MAX_ARRAY_SIZE:
        remedy = (
            f"that is {count} instances and an array has at most {MAX_ARRAY_SIZE}; "
            "submit several arrays"
        )
        return ArrayMistake(code="array_too_large", remedy=remedy)
    if at_once == 0:
        remedy = "%0 would let none run; write how many may run at once, or leave the % away"
        return ArrayMistake(code="array_limit", remedy=remedy)
    parts.sort(key=lambda part: part.first)
    twice = _named_twice(parts)
    if twice is not None:
        return ArrayMistake(
            code="array_twice", remedy=f"index {twice} is named twice; name it once"
        )
    return ArraySpec(
        text=",".join(map(_text, parts)),
        count=count,
        first=parts[0].first,
        last=max(part.last for part in parts),
        step=parts[0].step if len(parts) == 1 else 1,
        at_once=at_once,
    )


def _part(found: re.Match[str]) -> ArrayPart:
    first = int(found[1])
    last = int(found[2]) if found[2] else first
    step = int(found[3]) if found[3] else 1
    return ArrayPart(first=first, count=(last - first) // step + 1, step=step)


def _text(part: ArrayPart) -> str:
    if part.count == 1:
        return str(part.first)
    step = "" if part.step == 1 else f":{part.step}"
    return f"{part.first}-{part.last}{step}"


def _named_twice(parts: list[ArrayPart]) -> int | None:
    seen: set[int] = set()
    for part in parts:
        again = seen.intersection(part.indexes())
        if again:
            return min(again)
        seen.update(part.indexes())
    return None


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours among ascending numbers."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield numbers[start], numbers[place - 1]
            start = place

"""Patterns of file names inside a working directory: ``out/*.dat``, ``**/*.vtk``, ``fields``.

``*`` and ``?`` stand for characters of one name, ``[...]`` for one of some, ``**`` for any number
of directories. A pattern that names a directory means all that is below it.
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from domain.files.job_files import check_relative_path
from domain.refusal import Refused

MOST_PATTERNS = 64
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files of a working directory come back."""

    wanted: tuple[str, ...] = ()  #: None = all of them.
    excluded: tuple[str, ...] = ()

    def takes(self, path: str) -> bool:
        """Whether this file comes back."""
        if self.wanted and not _any_matches(self.wanted, path):
            return False
        return not _any_matches(self.excluded, path)


def parse_patterns(text: str) -> tuple[str, ...] | None:
    """The patterns of a list with commas; None where one could match nothing inside."""
    found = []
    for pattern in text.split(","):
        checked = check_relative_path(pattern.strip())
        if isinstance(checked, Refused):
            return None
        found.append(checked)
    return tuple(found) if len(found) <= MOST_PATTERNS else None


def matches(pattern: str, path: str) -> bool:
    """Whether the pattern means this file, or a directory above it."""
    return _below(pattern.split("/"), path.split("/"))


def _any_matches(patterns: Sequence[str], path: str) -> bool:
    return any(matches(pattern, path) for pattern in patterns)


def _below(pattern: Sequence[str], names: Sequence[str]) -> bool:
    """Step by step over the names: at which places of the pattern one can be, after each."""
    places = _with_skips({0}, pattern)
    for name in names:
        places = {
            place if pattern[place] == _ANY_DEPTH else place + 1
            for place in places
            if place < len(pattern)
            if pattern[place] == _ANY_DEPTH or fnmatch.fnmatchcase(name, pattern[place])
        }
        places = _with_skips(places, pattern)
        if len(pattern) in places:
            return True
    return False


def _with_skips(places: set[int], pattern: Sequence[str]) -> set[int]:
    """The places, and those behind every ``**``, which may stand for no directory at all."""
    found = set(places)
    for place in sorted(places):
        here = place
        while here < len(pattern) and pattern[here] == _ANY_DEPTH:
            here += 1
            found.add(here)
    return found

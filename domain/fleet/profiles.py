"""Programs for simulation that a node has, and how a job asks for one.

``openfoam`` asks for any version, ``openfoam/2312`` for that one (or 2312.1), ``openfoam/2312+``
for that one or a later; ``openfoam==2312`` and ``openfoam>=2312`` mean the same.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

MOST_PROFILES = 200
LONGEST_VERSION = 40
NAME_PATTERN = r"[a-z][a-z0-9_-]{0,31}"
VERSION_PATTERN = rf"[A-Za-z0-9][\w.-]{{0,{LONGEST_VERSION - 1}}}"
_WISH = re.compile(
    rf"({NAME_PATTERN})(?:(/|==|>=)({VERSION_PATTERN})(\+?))?", re.ASCII | re.IGNORECASE
)
_PARTS = re.compile(r"\d+|[a-z]+", re.ASCII)
_PREFIX = "profile:"
PER_JOB = "per job"
PER_CORE = "per core"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProfile:
    """A program that was found on a node, in one version."""

    name: str
    version: str = ""  #: Empty where the program does not say.
    title: str = ""
    licence: str = ""
    notes: str = ""
    command: str = ""  #: What runs where a job names nothing, as people read it; empty = nothing.
    most_tasks: int | None = None  #: Ranks it can be started with; None = any number.
    licence_servers: tuple[str, ...] = ()  #: Names of those that it needs to reach.
    licences: tuple[str, ...] = ()  #: What a job takes by it: ``NAME=per job``, ``NAME=per core``.

    @property
    def tag(self) -> str:
        """By which a job finds its node."""
        return f"{_PREFIX}{self.label}"

    def licence_rules(self) -> dict[str, str]:
        """By which rule a job takes seats, by licence."""
        split = (one.partition("=") for one in self.licences)
        return {name: rule for name, _, rule in split}

    @property
    def label(self) -> str:
        """Name and version, as a job may ask for it."""
        return f"{self.name}/{self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileWish:
    """A profile that a job asks for, with the version if it matters."""

    name: str
    version: str = ""
    or_later: bool = False

    def __str__(self) -> str:
        """The one spelling under which it is stored."""
        version = f"/{self.version}" if self.version else ""
        return f"{self.name}{version}{'+' if self.or_later else ''}"

    def is_met_by(self, name: str, version: str) -> bool:
        """Whether a program of this name and version will do."""
        if name != self.name:
            return False
        if not self.version:
            return True
        asked, found = version_key(self.version), version_key(version)
        if self.or_later:
            return bool(version) and found >= asked
        return found[: len(asked)] == asked


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """What versions are ordered by: numbers as numbers, words before them (``2.0rc1 < 2.0.1``)."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part)
        for part in _PARTS.findall(version.lower())
    )


def parse_profile(text: str) -> ProfileWish | None:
    """The profile that is asked for; None where it is written otherwise."""
    found = _WISH.fullmatch(text.strip())
    if found is None or (found[4] and found[2] != "/"):
        return None
    return ProfileWish(
        name=found[1].lower(),
        version=found[3] or "",
        or_later=found[2] == ">=" or bool(found[4]),
    )


def wish_tag(wish: ProfileWish | str) -> str:
    """The word of a requirement that asks for it."""
    return f"{_PREFIX}{wish}"


def is_wish(wanted: str) -> bool:
    """Whether a word of a requirement asks for a profile."""
    return wanted.startswith(_PREFIX)


def has_profile(tags: Collection[str], wanted: str) -> bool:
    """Whether one of these tags is of a program that will do."""
    wish = parse_profile(wanted.removeprefix(_PREFIX))
    if wish is None:
        return False
    for tag in tags:
        if tag.startswith(_PREFIX):
            name, _, version = tag.removeprefix(_PREFIX).partition("/")
            if wish.is_met_by(name, version):
                return True
    return False


def wish_in_words(wanted: str) -> str:
    """``openfoam 2312 or later``."""
    wish = parse_profile(wanted.removeprefix(_PREFIX))
    if wish is None or not wish.version:
        return f"the program {wanted.removeprefix(_PREFIX)}"
    return f"{wish.name} {wish.version}{' or later' if wish.or_later else ''}"


def profile_of(plain: Mapping[str, Any]) -> NodeProfile:
    """The program that was written as JSON; what a newer agent says besides is passed over."""
    known = {item.name for item in fields(NodeProfile)}
    values = {name: value for name, value in plain.items() if name in known}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return NodeProfile(**{**values, **lists})

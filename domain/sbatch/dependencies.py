"""Dependencies on other jobs: ``afterok:12:13,singleton``, ``afterany:7?afternotok:8_3``.

A job that is submitted together with others may name one of them by its label, ``afterok:@mesh``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class DependencyKind(StrEnum):
    """What must have happened to the other job."""

    AFTER = "after"  #: It has started, or was cancelled.
    AFTER_ANY = "afterany"  #: It has ended, in whatever way.
    AFTER_OK = "afterok"  #: It has succeeded.
    AFTER_NOT_OK = "afternotok"  #: It has failed.
    AFTER_CORR = "aftercorr"  #: The instance of the same index has succeeded.
    SINGLETON = "singleton"  #: Every earlier job of the same name and owner has ended.


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One condition on one job; ``job`` is None for ``SINGLETON``."""

    kind: DependencyKind
    job: str | None = None  #: ``12`` or ``@mesh``; ``12_3`` for an element of an array.
    delay_min: int = 0  #: Minutes to let pass after the start of the other, for ``AFTER``.

    @property
    def named(self) -> str:
        """The number or the label, without an index."""
        return (self.job or "").partition("_")[0]

    @property
    def index(self) -> int | None:
        """Of the one element that is meant, where it is one."""
        index = (self.job or "").partition("_")[2]
        return int(index) if index.isdigit() else None

    def __str__(self) -> str:
        """As it is written."""
        job = "" if self.job is None else f":{self.job}"
        return f"{self.kind.value}{job}" + (f"+{self.delay_min}" if self.delay_min else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyList:
    """Conditions of which all must hold, or any one."""

    conditions: tuple[Dependency, ...]
    any_suffices: bool = False


#: A job that waits for more names an array, or one job that waits for them.
MOST_CONDITIONS = 1000
#: What a job may be called by the others of its request.
LABEL = r"[A-Za-z][A-Za-z0-9.-]{0,63}"
_JOB = re.compile(rf"((?:\d{{1,18}}|@{LABEL})(?:_(?:\d{{1,9}}|\*))?)(?:\+(\d{{1,6}}))?", re.ASCII)


def parse_dependency(text: str) -> DependencyList | None:
    """The conditions of a ``--dependency`` list; None when it is malformed."""
    if "," in text and "?" in text:
        return None
    any_suffices = "?" in text
    conditions: list[Dependency] = []
    for part in text.split("?" if any_suffices else ","):
        found = _conditions(part.strip())
        if found is None:
            return None
        conditions.extend(found)
    return DependencyList(
        conditions=tuple(dict.fromkeys(conditions)),
        any_suffices=any_suffices and len(conditions) > 1,
    )


def _conditions(text: str) -> list[Dependency] | None:
    word, _, jobs = text.partition(":")
    if word == DependencyKind.SINGLETON:
        return None if jobs else [Dependency(kind=DependencyKind.SINGLETON)]
    if _JOB.fullmatch(text):
        word, jobs = DependencyKind.AFTER_ANY, text
    try:
        kind = DependencyKind(word)
    except ValueError:
        return None
    found = [_JOB.fullmatch(job) for job in jobs.split(":")]
    named = [match for match in found if match is not None]
    if len(named) != len(found):
        return None
    if kind is not DependencyKind.AFTER and any(match[2] for match in named):
        return None
    return [Dependency(kind=kind, job=match[1], delay_min=int(match[2] or 0)) for match in named]

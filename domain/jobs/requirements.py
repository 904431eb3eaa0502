"""What a job requires of its node beside its size: features, the node itself, programs.

A requirement is a list of clauses that must all hold; a clause is ``a|b``, of which one must.
What stands in a clause is a feature, ``node:NAME`` or ``profile:PROGRAM/VERSION``; a node answers
by its tags.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.fleet.gpus import gpu_features
from domain.fleet.profiles import has_profile, is_wish, wish_in_words, wish_tag

#: Longer names and longer lists are slips or attacks, never wishes.
LONGEST_FEATURE = 64
MOST_FEATURES = 512
_MOST_CLAUSES = 64
_MOST_CHOICES = 64
_DEEPEST = 16

_FEATURE = re.compile(rf"[A-Za-z0-9][\w.+-]{{0,{LONGEST_FEATURE - 1}}}", re.ASCII)
_TOKEN = re.compile(r"\s*([A-Za-z0-9][\w.+-]*|[&,|()\[\]*!])\s*", re.ASCII)
_NODE = "node:"

Requires = tuple[str, ...]
_Clauses = list[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintMistake:
    """Why a constraint cannot be granted, and what to write."""

    code: str
    remedy: str


def is_feature(text: str) -> bool:
    """Whether a node may declare a feature of this name."""
    return _FEATURE.fullmatch(text) is not None


def tags_of(
    name: str, features: Collection[str], gpus: Collection[str], profiles: Collection[str] = ()
) -> frozenset[str]:
    """All by which a requirement can ask for a node; the case of a feature does not matter.

    ``profiles`` are names with versions, such as ``openfoam/2312``.
    """
    return feature_tags(features, gpus) | {node_tag(name), *map(wish_tag, profiles)}


def feature_tags(features: Collection[str], gpus: Collection[str]) -> frozenset[str]:
    """The features of a node: those it declares, and those that its GPUs give it."""
    return frozenset({*(feature.lower() for feature in features), *gpu_features(gpus)})


def node_tag(name: str) -> str:
    """The tag by which a job asks for one node."""
    return f"{_NODE}{name}"


def choices(clause: str) -> tuple[str, ...]:
    """What would meet a clause."""
    return tuple(clause.split("|"))


def has(tags: Collection[str], wanted: str) -> bool:
    """Whether a node with these tags has what one word of a clause asks for."""
    return has_profile(tags, wanted) if is_wish(wanted) else wanted in tags


def meets(tags: Collection[str], requires: Sequence[str]) -> bool:
    """Whether a node with these tags meets every clause."""
    return all(any(has(tags, wanted) for wanted in choices(clause)) for clause in requires)


def in_words(requires: Sequence[str]) -> str:
    """The requirement as people say it: ``avx2 and (a100 or v100)``."""
    parts = [" or ".join(_said(wanted) for wanted in choices(clause)) for clause in requires]
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if " or " in part else part for part in parts)


def _said(wanted: str) -> str:
    if is_wish(wanted):
        return wish_in_words(wanted)
    return wanted.removeprefix(_NODE) if wanted.startswith(_NODE) else wanted


def parse_constraint(text: str) -> Requires | ConstraintMistake:
    """The clauses of ``--constraint``: words with ``&`` or ``,``, ``|`` and brackets.

    Slurm reads without brackets from left to right; what would mean something else to whoever
    expects ``&`` to bind closer is refused.
    """
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return _malformed()
        tokens.append(found[1])
        at = found.end()
    reader = _Reader(tokens)
    try:
        clauses = reader.alternatives(0)
        if reader.next is not None:
            return _malformed()
    except _WrongError as error:
        return error.mistake
    return tuple(dict.fromkeys("|".join(sorted(clause)) for clause in clauses))


class _WrongError(Exception):
    def __init__(self, mistake: ConstraintMistake) -> None:
        super().__init__(mistake.remedy)
        self.mistake = mistake


def _malformed() -> ConstraintMistake:
    return ConstraintMistake(
        code="bad_value", remedy="write features such as avx2, avx2&gpu or a100|v100"
    )


class _Reader:
    """Reads tokens into clauses."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str | None:
        token = self.next
        self._at += 1
        return token

    def alternatives(self, depth: int) -> _Clauses:
        """Words and groups with operators between them, up to a bracket or the end."""
        found = self._group(depth)
        had_or = False
        while self.next in {"&", ",", "|"}:
            operator = self._take()
            other = self._group(depth)
            if operator == "|":
                had_or = True
                found = _either(found, other)
            elif had_or:
                raise _WrongError(
                    ConstraintMistake(
                        code="ambiguous_constraint",
                        remedy="say by parentheses what belongs together, as in (a|b)&c",
                    )
                )
            else:
                found = [*found, *other]
            _check_size(found)
        return found

    def _group(self, depth: int) -> _Clauses:
        token = self._take()
        if token in {"(", "["} and depth < _DEEPEST:
            found = self.alternatives(depth + 1)
            if self._take() != {"(": ")", "[": "]"}[token]:
                raise _WrongError(_malformed())
        elif token is not None and is_feature(token):
            found = [frozenset({token.lower()})]
        else:
            raise _WrongError(_malformed())
        if self.next == "*":
            raise _WrongError(
                ConstraintMistake(
                    code="counted_constraint",
                    remedy="a count of nodes by feature (*) is not possible; leave it out",
                )
            )
        return found


def _either(one: _Clauses, other: _Clauses) -> _Clauses:
    """One of two requirements, as clauses that must all hold."""
    if len(one) * len(other) > _MOST_CLAUSES:
        raise _WrongError(_too_long())
    return [left | right for left in one for right in other]


def _check_size(clauses: _Clauses) -> None:
    if len(clauses) > _MOST_CLAUSES or any(len(clause) > _MOST_CHOICES for clause in clauses):
        raise _WrongError(_too_long())


def _too_long() -> ConstraintMistake:
    return ConstraintMistake(code="bad_value", remedy="it is too long; name fewer features")

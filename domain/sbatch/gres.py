"""Generic resources: ``gpu:a100:4``, ``gpu``, ``nvme:950``, ``tmpspace:128G``."""

import re
from dataclasses import dataclass

_AMOUNT = re.compile(r"(\d{1,12})([KMGTP]?)B?", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
_FACTOR = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_PARTS_WITH_KIND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Gres:
    """One resource by name, how many, and of which kind if that was said."""

    name: str
    count: int = 1
    kind: str | None = None


def parse_gres(text: str) -> tuple[Gres, ...] | None:
    """The resources of a ``--gres`` list; None when it is malformed, empty for ``none``."""
    if text.lower() == "none":
        return ()
    found = [_one(part.strip()) for part in text.split(",")]
    resources = tuple(gres for gres in found if gres is not None)
    return resources if len(resources) == len(found) else None


def parse_gpus(text: str) -> tuple[Gres, ...] | None:
    """The resources of ``--gpus`` and its relatives, written ``2`` or ``a100:2``."""
    return parse_gres(",".join(f"gpu:{part.strip()}" for part in text.split(",")))


def _one(text: str) -> Gres | None:
    name, *rest = text.removeprefix("gres/").removeprefix("gres:").split(":")
    if not _NAME.fullmatch(name) or len(rest) >= _PARTS_WITH_KIND:
        return None
    if not rest:
        return Gres(name=name)
    count = _count(rest[-1])
    if count is None:
        is_kind = len(rest) == 1 and bool(rest[0].strip())
        return Gres(name=name, kind=rest[0]) if is_kind else None
    if len(rest) == 1:
        return Gres(name=name, count=count)
    return Gres(name=name, count=count, kind=rest[0]) if rest[0].strip() else None


def _count(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text)
    return int(found[1]) * _FACTOR[found[2].upper()] if found else None

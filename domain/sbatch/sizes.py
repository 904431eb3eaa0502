"""Counts of tasks, cores and nodes, and amounts of memory, as Slurm writes them."""

import re
from dataclasses import dataclass

#: No machine is near it; beyond it a number is a slip, and Slurm's own fields end here too.
LARGEST_COUNT = 2**31 - 1

_COUNT = re.compile(r"\+?([0-9]{1,10})")
_MEMORY = re.compile(r"\+?([0-9]{1,15})(?:([KMGT])B?)?", re.IGNORECASE)
_NODE_COUNT = re.compile(r"([0-9]{1,7})([KM]?)", re.IGNORECASE)
_MIB_PER_UNIT = {"M": 1, "G": 1024, "T": 1024 * 1024}
_KIB_PER_MIB = 1024
_NODES_PER_SUFFIX = {"": 1, "K": 1024, "M": 1024 * 1024}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRange:
    """How many nodes a job accepts, both ends included."""

    least: int
    most: int


def parse_count(text: str) -> int | None:
    """A whole number of at least 1; None when ``text`` is no such number."""
    found = _COUNT.fullmatch(text)
    value = int(found[1]) if found else 0
    return value if 1 <= value <= LARGEST_COUNT else None


def parse_memory_mib(text: str) -> int | None:
    """Memory in MiB; None when ``text`` is no amount.

    A bare number counts MiB, the units are powers of 1024 in any case with an optional ``B``,
    and KiB are rounded up. 0 means all the memory of the node.
    """
    found = _MEMORY.fullmatch(text)
    if found is None:
        return None
    amount, unit = int(found[1]), (found[2] or "M").upper()
    if unit == "K":
        return -(-amount // _KIB_PER_MIB)
    return amount * _MIB_PER_UNIT[unit]


def parse_nodes(text: str) -> NodeRange | None:
    """A node count, a range ``1-4`` or a list ``4,6``; None when ``text`` is neither.

    A list means any of its counts: ``4,6`` accepts 4 nodes and 6 nodes.
    """
    least: int | None = None
    most = 0
    for part in re.split(r"[,:]", text):
        first, dash, last = part.partition("-")
        low = _node_count(first)
        high = _node_count(last) if dash else low
        if low is None or high is None or not 1 <= low <= high:
            return None
        least = low if least is None else min(least, low)
        most = max(most, high)
    return None if least is None else NodeRange(least=least, most=most)


def _node_count(text: str) -> int | None:
    found = _NODE_COUNT.fullmatch(text.strip())
    if found is None:
        return None
    return int(found[1]) * _NODES_PER_SUFFIX[found[2].upper()]

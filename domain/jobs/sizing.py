"""What a job takes of a node: one rule for placing it, running it and refusing it.

Jobs and nodes are known by several records; each function takes whichever has the fields.
"""

from collections.abc import Sequence
from typing import Protocol

from domain.fleet.gpus import ANY_KIND, count_of_kind


class Asked(Protocol):
    """What a job asks for, as ``Resources`` or ``JobQueued`` say it."""

    @property
    def cores(self) -> int:
        """Cores it runs on; the fewest, where it wants the whole node."""
        ...

    @property
    def mem_mib(self) -> int | None:
        """Memory it named [MiB], if it did."""
        ...

    @property
    def whole_node(self) -> bool:
        """Whether it runs alone."""
        ...

    @property
    def gpus(self) -> int:
        """GPUs it asks for; the fewest, where it wants the whole node."""
        ...

    @property
    def gpu_kind(self) -> str:
        """Of which kind; empty = any."""
        ...


class Size(Protocol):
    """What a node has, as ``NodeSpec`` or ``NodeJoined`` say it."""

    @property
    def cores(self) -> int:
        """All its cores."""
        ...

    @property
    def mem_mib(self) -> int:
        """All its memory [MiB]."""
        ...

    @property
    def gpus(self) -> Sequence[str]:
        """The model of each of its GPUs."""
        ...


def core_need(asked: Asked, node: Size) -> int:
    """Cores the job takes on this node; more than the node has where it does not fit."""
    return max(node.cores, asked.cores) if asked.whole_node else asked.cores


def mem_need_mib(asked: Asked, node: Size) -> int:
    """Memory the job takes on this node [MiB]; unstated = in proportion to its cores."""
    if asked.whole_node:
        return max(node.mem_mib, asked.mem_mib or 0)
    if asked.mem_mib is not None:
        return asked.mem_mib
    return node.mem_mib * asked.cores // node.cores


def gpu_need(asked: Asked, node: Size) -> tuple[int, str]:
    """GPUs the job takes on this node, and of which kind: all where it wants the whole node."""
    if asked.whole_node:
        return len(node.gpus), ANY_KIND
    return asked.gpus, asked.gpu_kind


def has_gpus(asked: Asked, node: Size) -> bool:
    """Whether the node has as many GPUs of the kind."""
    return not asked.gpus or count_of_kind(node.gpus, asked.gpu_kind) >= asked.gpus


def fits(asked: Asked, node: Size) -> bool:
    """Whether the node, empty, has the cores, the memory and the GPUs."""
    is_large = core_need(asked, node) <= node.cores and mem_need_mib(asked, node) <= node.mem_mib
    return is_large and has_gpus(asked, node)

"""What a job takes of a node: one rule for placing it, running it and refusing it.

Jobs and nodes are known by several records; each function takes whichever has the fields.
"""

from typing import Protocol


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


def fits(asked: Asked, node: Size) -> bool:
    """Whether the node, empty, has the cores and the memory."""
    return core_need(asked, node) <= node.cores and mem_need_mib(asked, node) <= node.mem_mib

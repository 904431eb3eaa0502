"""GPUs as columns: how many each node has and how many are free, by the kinds that are asked for.

Which devices of a node a job gets is the agent's choice. So a job of an overlapping kind counts
against a kind as if it took its devices: what is counted free is free whatever was chosen.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.fleet.gpus import ANY_KIND, count_of_kind, overlap

Counts = NDArray[np.int64]

#: Kinds kept; beyond that those that nobody holds are worked out again when asked.
_MOST_KEPT = 100


class DeviceColumns:
    """The GPUs of every node, in the order of the fleet's rows."""

    def __init__(self) -> None:
        """Start with no node."""
        self._models: list[tuple[str, ...]] = []
        self._count: dict[str, Counts] = {}  # by kind, shape (n_nodes,)
        self._free: dict[str, Counts] = {}
        #: How many of each kind that was asked for are held, by row.
        self._held: dict[int, dict[str, int]] = {}

    def put(self, row: int, models: Sequence[str]) -> None:
        """A node's devices, new or changed."""
        if row == len(self._models):
            self._models.append(tuple(models))
        elif self._models[row] == tuple(models):
            return
        else:
            self._models[row] = tuple(models)
        self._count.clear()
        self._free.clear()

    def kinds(self) -> list[str]:
        """The kinds that are counted now."""
        return list(self._free)

    def count(self, kind: str = ANY_KIND) -> Counts:
        """How many devices of a kind each node has, shape (n_nodes,); not to be changed."""
        self._know(kind)
        return self._count[kind]

    def free(self, kind: str = ANY_KIND) -> Counts:
        """How many of them are surely free, shape (n_nodes,); not to be changed."""
        self._know(kind)
        return self._free[kind]

    def take(self, row: int, kind: str, count: int) -> None:
        """Hold so many devices of a kind on a node; a negative number gives them back."""
        if not count:
            return
        held = self._held.setdefault(row, {})
        held[kind] = held.get(kind, 0) + count
        if not held[kind]:
            del held[kind]
        for other, free in self._free.items():
            if overlap(other, kind):
                free[row] -= count

    def _know(self, kind: str) -> None:
        if kind in self._free:
            return
        if len(self._free) >= _MOST_KEPT:
            self._count.clear()
            self._free.clear()
        count = np.array([count_of_kind(models, kind) for models in self._models], dtype=np.int64)
        free = count.copy()
        for row, held in self._held.items():
            free[row] -= sum(number for other, number in held.items() if overlap(other, kind))
        self._count[kind], self._free[kind] = count, free


class DeviceDraft:
    """The same while a plan is being made."""

    def __init__(self, devices: DeviceColumns) -> None:
        """Begin with what is free now."""
        self._devices = devices
        self._free: dict[str, Counts] = {}  # by kind, where somebody asked
        self._taken: list[tuple[int, str, int]] = []  # row, kind and number

    def free(self, kind: str) -> Counts:
        """How many of a kind are free on each node, shape (n_nodes,); not to be changed."""
        free = self._free.get(kind)
        if free is None:
            free = self._free[kind] = self._devices.free(kind).copy()
            for row, other, count in self._taken:
                if overlap(kind, other):
                    free[row] -= count
        return free

    def take(self, row: int, kind: str, count: int) -> None:
        """The plan gives so many of a kind away."""
        self._taken.append((row, kind, count))
        for other, free in self._free.items():
            if overlap(other, kind):
                free[row] -= count

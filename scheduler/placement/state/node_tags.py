"""Which node has what a job may ask for by name, as a column for each word that was asked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.jobs.requirements import choices, has

Flags = NDArray[np.bool_]

#: Words and requirements kept; beyond that those of long ago are worked out again when asked.
_MOST_KEPT = 1000


class TagColumns:
    """The tags of every node, in the order of the fleet's rows."""

    def __init__(self) -> None:
        """Start with no node."""
        self._tags: list[frozenset[str]] = []
        self._columns: dict[str, Flags] = {}  # by word, shape (n_nodes,)
        self._met: dict[tuple[str, ...], Flags] = {}

    def put(self, row: int, tags: frozenset[str]) -> None:
        """A node's tags, new or changed."""
        if row == len(self._tags):
            self._tags.append(tags)
            self._columns.clear()
        elif tags == self._tags[row]:
            return
        else:
            self._tags[row] = tags
            for wanted, column in self._columns.items():
                column[row] = has(tags, wanted)
        self._met.clear()

    def meet(self, requires: Sequence[str]) -> Flags:
        """Nodes that meet every clause, shape (n_nodes,); not to be changed."""
        asked = tuple(requires)
        found = self._met.get(asked)
        if found is None:
            if len(self._met) + len(self._columns) > _MOST_KEPT:
                self._met.clear()
                self._columns.clear()
            found = np.ones(len(self._tags), dtype=np.bool_)
            for clause in asked:
                columns = [self._column(wanted) for wanted in choices(clause)]
                found &= np.logical_or.reduce(columns)
            self._met[asked] = found
        return found

    def _column(self, wanted: str) -> Flags:
        column = self._columns.get(wanted)
        if column is None:
            column = np.array([has(tags, wanted) for tags in self._tags], dtype=np.bool_)
            self._columns[wanted] = column
        return column

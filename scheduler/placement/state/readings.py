"""Readings by column: all that one call of the engine is told of is taken in at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.events import ReadingTaken

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_VALUES = ("taken_at_s", "water_temp_c", "heat_demand_w", "headroom_wh", "time_factor")
_values_of = attrgetter(*_VALUES, "accepts_work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What known nodes said, in the order in which it was heard; shape (n_readings,)."""

    node: Rows
    site: Rows
    taken_at_s: Floats
    water_temp_c: Floats
    heat_demand_w: Floats
    headroom_wh: Floats
    time_factor: Floats
    accepts_work: NDArray[np.bool_]

    @classmethod
    def of(
        cls, events: Sequence[ReadingTaken], row_of: Mapping[int, int], site_of: Rows
    ) -> Self | None:
        """The readings of nodes that have a row; None where nobody knows any of them."""
        rows = [row_of.get(event.node_id) for event in events]
        known = [(row, event) for row, event in zip(rows, events, strict=True) if row is not None]
        if not known:
            return None
        node = np.array([row for row, _ in known], dtype=np.int64)
        table = np.array([_values_of(event) for _, event in known], dtype=np.float64).T
        values = dict(zip(_VALUES, table, strict=False))
        return cls(node=node, site=site_of[node], accepts_work=table[-1] != 0.0, **values)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.node)

    def rounds(self) -> Iterator["Readings"]:
        """In parts, in which no site is heard twice: first what each site said first."""
        sites: list[int] = self.site.tolist()
        if len(set(sites)) == len(sites):
            yield self
            return
        heard: dict[int, int] = {}
        number = np.zeros(len(sites), dtype=np.int64)
        for index, site in enumerate(sites):
            number[index] = heard[site] = heard.get(site, -1) + 1
        for turn in range(int(number.max()) + 1):
            yield self._some(np.flatnonzero(number == turn))

    def _some(self, rows: Rows) -> "Readings":
        return Readings(**{name: getattr(self, name)[rows] for name in self.__slots__})

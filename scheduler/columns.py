"""Tables kept by column: a row is added in constant time, a column is one array."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FIRST_CAPACITY = 16


class Columns:
    """Growing arrays of equal length, as attributes.

    A subclass names its columns in `COLUMNS` (name to dtype, or to dtype and the length of a
    second axis) and annotates them; each attribute is a view of the rows there are.
    """

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {}

    def __init__(self) -> None:
        """Start with no row."""
        self.n_rows = 0
        self._whole: dict[str, NDArray[Any]] = {
            name: np.zeros((_FIRST_CAPACITY, *rest), dtype=dtype)
            for name, (dtype, rest) in self.COLUMNS.items()
        }
        self._show()

    def add_row(self) -> int:
        """Append a row of zeros; its number."""
        capacity = len(next(iter(self._whole.values())))
        if self.n_rows == capacity:
            for name, column in self._whole.items():
                self._whole[name] = np.concatenate([column, np.zeros_like(column)])
        self.n_rows += 1
        self._show()
        return self.n_rows - 1

    def _show(self) -> None:
        n_rows = self.n_rows
        self.__dict__.update({name: column[:n_rows] for name, column in self._whole.items()})

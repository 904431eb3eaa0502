"""A sparse linear program written down block by block and handed to HiGHS whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Term = tuple[Indices, Floats | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Maximise ``cost @ x`` where ``lower <= A x <= upper`` and ``0 <= x <= most``.

    ``A`` is given by rows: row ``r`` has its entries at ``start[r]:start[r + 1]``.
    """

    start: Indices
    column: Indices
    value: Floats
    lower: Floats  #: Shape (n_rows,): minus infinity, or equal to ``upper``.
    upper: Floats  #: Shape (n_rows,).
    cost: Floats  #: Shape (n_columns,).
    most: Floats  #: Shape (n_columns,), finite.

    def for_highs(self) -> highspy.HighsLp:
        """The same for the solver."""
        linear = highspy.HighsLp()
        linear.num_col_, linear.num_row_ = len(self.cost), len(self.upper)
        linear.sense_ = highspy.ObjSense.kMaximize
        linear.col_cost_, linear.col_upper_ = self.cost, self.most
        linear.col_lower_ = np.zeros(len(self.cost))
        linear.row_lower_, linear.row_upper_ = self.lower, self.upper
        matrix = linear.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_, matrix.index_, matrix.value_ = self.start, self.column, self.value
        return linear

    def safe_bound(self, row_price: Floats) -> float:
        """An upper bound of the objective from any prices of the rows, shape (n_rows,).

        ``c x = y A x + (c - y A) x <= y b + sum_j max(0, c_j - (y A)_j) most_j`` for every ``y``
        that is not negative on the inequalities. It holds whatever tolerance the solver stopped
        at; with optimal prices it is the optimum. Neumaier and Shcherbina 2004,
        doi:10.1007/s10107-003-0433-3.
        """
        is_equal = self.lower == self.upper
        price = np.where(is_equal, row_price, np.maximum(row_price, 0.0))
        weights = np.repeat(price, np.diff(self.start)) * self.value
        paid = np.bincount(self.column, weights=weights, minlength=len(self.cost))
        gain = np.maximum(0.0, self.cost - paid)
        return float(price @ self.upper + gain @ self.most)


@dataclass(slots=True)
class Rows:
    """Constraints ``sum(value * x[column]) <= upper``, collected block by block."""

    _rows: list[Indices] = field(default_factory=list)
    _columns: list[Indices] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)
    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _n_rows: int = 0

    def add(self, terms: Sequence[Term], upper: Floats, *, is_equal: bool = False) -> None:
        """Add one row for each element of ``upper``, shape (n_rows,).

        Each term is a column and a coefficient for each row, shapes (n_rows,); the coefficient
        may be one number. A column of -1 is no column.
        """
        rows = np.arange(len(upper))
        for column, value in terms:
            values = np.broadcast_to(np.asarray(value, dtype=np.float64), column.shape)
            is_there = (column >= 0) & (values != 0.0)
            self._put(rows[is_there], column[is_there], values[is_there])
        self._close(upper, is_equal=is_equal)

    def add_sparse(
        self,
        rows: Indices,
        columns: Indices,
        values: Floats,
        upper: Floats,
        *,
        is_equal: bool = False,
    ) -> None:
        """Add rows of any width, given as triplets; ``rows`` count from 0 within this block."""
        self._put(rows, columns, values)
        self._close(upper, is_equal=is_equal)

    def _put(self, rows: Indices, columns: Indices, values: Floats) -> None:
        self._rows.append(rows + self._n_rows)
        self._columns.append(columns)
        self._values.append(values)

    def _close(self, upper: Floats, *, is_equal: bool) -> None:
        self._upper.append(upper)
        self._lower.append(upper if is_equal else np.full(len(upper), -np.inf))
        self._n_rows += len(upper)

    def program(self, *, cost: Floats, most: Floats) -> Program:
        """The maximisation of ``cost @ x`` for ``0 <= x <= most`` under these rows."""
        rows = np.concatenate(self._rows)
        order = np.argsort(rows, kind="stable")
        return Program(
            start=np.searchsorted(rows[order], np.arange(self._n_rows + 1)),
            column=np.concatenate(self._columns)[order],
            value=np.concatenate(self._values)[order],
            lower=np.concatenate(self._lower),
            upper=np.concatenate(self._upper),
            cost=cost,
            most=most,
        )

"""HiGHS at work on one program, and how much of its answer is trusted."""

from dataclasses import dataclass

import numpy as np

# The public class around this one prints a banner when it is made, before it can be told not to.
from highspy._core import _Highs
from numpy.typing import NDArray

from simulation.oracle.rows import Program

Floats = NDArray[np.float64]

#: Measured at 50 sites and 18 days on one core: dual simplex 5-7 s, interior point 13-16 s for
#: the envelope; for job windows of 1500 jobs over 7 days simplex 44 s, interior point 6 s.
SIMPLEX, INTERIOR_POINT = "simplex", "ipm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The end of a solver's run."""

    at_most: float  #: Proven upper bound of the objective.
    values: Floats  #: Shape (n_columns,); all zero where no solution was found.
    status: str
    seconds: float


def solve(program: Program, *, solver: str, time_limit_s: float = 3600.0) -> Solution:
    """Solve on one thread, without a word.

    The bound is that of `Program.safe_bound` at the solver's prices.
    """
    highs = _Highs()
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "solver": solver,
        "time_limit": time_limit_s,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(program.for_highs())
    highs.run()
    answer = highs.getSolution()
    prices, values = np.asarray(answer.row_dual), np.asarray(answer.col_value)
    at_most = program.safe_bound(prices if len(prices) else np.zeros(len(program.upper)))
    return Solution(
        at_most=at_most,
        values=values if len(values) else np.zeros(len(program.cost)),
        status=highs.modelStatusToString(highs.getModelStatus()),
        seconds=highs.getRunTime(),
    )

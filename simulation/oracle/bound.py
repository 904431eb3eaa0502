"""The upper bound of useful heat: a linear program over all sites and hours at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulation.oracle.columns import Columns, add_envelope, add_jobs, add_plant, columns_of
from simulation.oracle.rows import Program, Rows
from simulation.oracle.series import SiteSeries
from simulation.oracle.solving import INTERIOR_POINT, SIMPLEX, Solution, solve
from simulation.oracle.work import Work

Floats = NDArray[np.float64]
Form = Literal["envelope", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What no scheduler can beat, and the schedule of power that reaches it in the program."""

    useful_kwh: float
    site_useful_wh: Floats  #: Shape (n_sites, n_hours).
    site_power_w: Floats  #: Electricity above standby. Shape (n_sites, n_hours).
    site_excess_wh: Floats  #: At the end of each hour. Shape (n_sites, n_hours).
    status: str
    seconds: float  #: Of the solver.


def bound(series: SiteSeries, work: Work, form: Form = "envelope") -> Bound:
    """Most useful heat that any trajectory of the plant can bring with this work.

    Why it is one: docs/explanation/oracle.md. ``form`` "full" follows each job in its own window
    and costs more; "envelope" counts the work at hand in a set of intervals only.
    """
    columns = columns_of(series)
    add_work, solver = _FORMS[form]
    program = program_of(series, work, columns, add_work)
    return bound_of(solve(program, solver=solver), columns)


def program_of(
    series: SiteSeries,
    work: Work,
    columns: Columns,
    add_work: Callable[[Rows, Work, Columns], Floats],
) -> Program:
    """The program of plant and work; ``add_work`` says how closely the jobs are followed."""
    rows = Rows()
    most_plant = add_plant(rows, series, columns)
    most = np.concatenate([most_plant, add_work(rows, work, columns)])
    cost = np.zeros(len(most))
    cost[columns.useful] = 1.0
    return rows.program(cost=cost, most=most)


def bound_of(solution: Solution, columns: Columns) -> Bound:
    """The solver's answer in the words of the plant."""
    return Bound(
        useful_kwh=solution.at_most / 1000.0,
        site_useful_wh=solution.values[columns.useful],
        site_power_w=solution.values[columns.power],
        site_excess_wh=solution.values[columns.excess],
        status=solution.status,
        seconds=solution.seconds,
    )


_FORMS: dict[Form, tuple[Callable[[Rows, Work, Columns], Floats], str]] = {
    "envelope": (add_envelope, SIMPLEX),
    "full": (add_jobs, INTERIOR_POINT),
}

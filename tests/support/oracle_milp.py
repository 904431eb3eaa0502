"""The same plant with jobs that start once, on one site, and run through: for tiny cases only."""

import highspy
import numpy as np
from highspy._core import _Highs
from numpy.typing import NDArray

from domain.units import HOUR_S
from simulation.oracle.bound import Bound, bound_of, program_of
from simulation.oracle.columns import Columns, columns_of
from simulation.oracle.rows import Program, Rows
from simulation.oracle.series import SiteSeries
from simulation.oracle.solving import Solution
from simulation.oracle.work import Work

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def milp_bound(series: SiteSeries, work: Work, *, time_limit_s: float = 60.0) -> Bound:
    """Most useful heat where jobs are neither cut, moved, slowed nor started between hours.

    One whole-number column for each job, site and starting hour; every run takes whole hours
    (its time rounded up, its energy spread evenly). Where windows and runs are whole hours, this
    lies between what a scheduler without preemption can do and `bound`.
    """
    columns = columns_of(series)
    starts = _Starts(series, work, columns)
    program = program_of(series, work, columns, starts.add)
    return bound_of(solve_whole(program, starts.columns, time_limit_s=time_limit_s), columns)


def solve_whole(program: Program, whole: Indices, *, time_limit_s: float = 60.0) -> Solution:
    """Solve with whole numbers in these columns; the bound is the solver's own."""
    kinds = [highspy.HighsVarType.kContinuous] * len(program.cost)
    for column in whole:
        kinds[column] = highspy.HighsVarType.kInteger
    linear = program.for_highs()
    linear.integrality_ = kinds
    highs = _Highs()
    options: dict[str, bool | int | float] = {
        "output_flag": False,
        "threads": 1,
        "time_limit": time_limit_s,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(linear)
    highs.run()
    values = np.asarray(highs.getSolution().col_value)
    return Solution(
        at_most=float(highs.getInfo().mip_dual_bound),
        values=values if len(values) else np.zeros(len(program.cost)),
        status=highs.modelStatusToString(highs.getModelStatus()),
        seconds=highs.getRunTime(),
    )


class _Starts:
    """The columns of job, site and starting hour."""

    def __init__(self, series: SiteSeries, work: Work, columns: Columns) -> None:
        n_sites, n_hours = series.shape
        self.run_h = np.maximum(1, np.ceil(work.energy_wh / work.power_w)).astype(np.int64)
        first = np.ceil(work.release_s / HOUR_S).astype(np.int64)
        last = np.minimum(np.floor(work.due_s / HOUR_S), n_hours).astype(np.int64) - self.run_h
        choices = [
            (job, site, hour)
            for job in range(len(work.power_w))
            for hour in range(int(first[job]), int(last[job]) + 1)
            for site in range(n_sites)
        ]
        self.choices: Indices = np.array(choices, dtype=np.int64).reshape(-1, 3)
        self.columns: Indices = columns.n_columns + np.arange(len(choices))

    def add(self, rows: Rows, work: Work, columns: Columns) -> Floats:
        """Each job starts at most once; a site's power is that of the jobs running on it."""
        n_hours = columns.power.shape[1]
        job, site, hour = self.choices.T
        rows.add_sparse(job, self.columns, np.ones(len(job)), np.ones(len(work.power_w)))
        run_h = self.run_h[job]
        choice = np.repeat(np.arange(len(job)), run_h)
        since_h = np.arange(len(choice)) - np.repeat(np.cumsum(run_h) - run_h, run_h)
        hourly_wh = (work.energy_wh / self.run_h)[job]
        size = columns.power.size
        rows.add_sparse(
            np.concatenate([np.arange(size), site[choice] * n_hours + hour[choice] + since_h]),
            np.concatenate([columns.power.ravel(), self.columns[choice]]),
            np.concatenate([np.ones(size), -hourly_wh[choice]]),
            np.zeros(size),
            is_equal=True,
        )
        return np.ones(len(job))

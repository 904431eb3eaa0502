"""Where the variables of sites, work and jobs stand in the linear program."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.oracle.rows import Rows
from simulation.oracle.series import SiteSeries
from simulation.oracle.work import Work, hourly_wh, telling_intervals, usable_wh

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Variables of the sites; each array has shape (n_sites, n_hours)."""

    power: Indices
    excess: Indices
    useful: Indices
    dumping: Indices  #: Heat above the cooler's threshold; -1 where a site has no cooler.
    n_columns: int


def columns_of(series: SiteSeries) -> Columns:
    """Number the variables of the sites from 0."""
    n_sites, n_hours = series.shape
    size = n_sites * n_hours
    grid = np.arange(size).reshape(n_sites, n_hours)
    n_coolers = int(series.has_cooler.sum())
    dumping = np.full((n_sites, n_hours), -1)
    dumping[series.has_cooler] = 3 * size + np.arange(n_coolers * n_hours).reshape(-1, n_hours)
    return Columns(
        power=grid,
        excess=grid + size,
        useful=grid + 2 * size,
        dumping=dumping,
        n_columns=3 * size + n_coolers * n_hours,
    )


def _hour_before(columns: Indices) -> Indices:
    """The variable an hour earlier; none before the first hour, where it is zero."""
    return np.concatenate([np.full((len(columns), 1), -1), columns[:, :-1]], axis=1)


def add_plant(rows: Rows, series: SiteSeries, columns: Columns) -> Floats:
    """Write down what the plant imposes; the largest values of the columns, shape (n_columns,)."""
    excess_before, dumping_before = _hour_before(columns.excess), _hour_before(columns.dumping)
    for cut in series.cuts:
        at = np.isfinite(cut.room)
        terms = [
            (columns.power[at], cut.power[at]),
            (excess_before[at], cut.start[at]),
            (columns.excess[at], cut.end[at]),
            (columns.useful[at], cut.useful[at]),
        ]
        if cut.dumping is not None:
            terms += [
                (columns.dumping[at], cut.dumping[at]),
                (dumping_before[at], -cut.dumping[at]),
            ]
        rows.add(terms, cut.room[at])
    most = np.empty(columns.n_columns)
    most[columns.power] = series.power_max_wh[:, None]
    most[columns.excess] = series.excess_max_wh
    most[columns.useful] = series.useful_max_wh
    if series.has_cooler.any():
        most[columns.dumping[series.has_cooler]] = _add_coolers(rows, series, columns)
    return most


def _add_coolers(rows: Rows, series: SiteSeries, columns: Columns) -> Floats:
    """``d = max(0, e - undumped)``: no less than that, and no more than the chord over ``e``.

    Returns the largest values of ``d``, shape (n_coolers, n_hours).
    """
    at = series.has_cooler
    excess, dumping = columns.excess[at].ravel(), columns.dumping[at].ravel()
    undumped, most = series.undumped_max_wh[at].ravel(), series.excess_max_wh[at].ravel()
    rows.add([(excess, 1.0), (dumping, -1.0)], undumped)
    lowest, highest = np.maximum(0.0, -undumped), np.maximum(0.0, most - undumped)
    chord = (highest - lowest) / np.maximum(most, 1e-9)
    rows.add([(dumping, 1.0), (excess, -chord)], lowest)
    return highest.reshape(columns.dumping[at].shape)


def add_envelope(rows: Rows, work: Work, columns: Columns) -> Floats:
    """Bound the energy of all sites by the work at hand in many intervals.

    Adds one column an hour, the energy used so far; returns their largest values, (n_hours,).
    """
    n_hours = columns.power.shape[1]
    used = columns.n_columns + np.arange(n_hours)
    used_before = np.concatenate([[-1], used[:-1]])
    sites = [(power, -1.0) for power in columns.power]
    rows.add([(used, 1.0), (used_before, -1.0), *sites], np.zeros(n_hours), is_equal=True)
    intervals = telling_intervals(n_hours)
    begin = np.where(intervals.begin > 0, used[intervals.begin - 1], -1)
    rows.add([(used[intervals.end - 1], 1.0), (begin, -1.0)], usable_wh(work, intervals))
    return np.full(n_hours, work.energy_wh.sum())


def add_jobs(rows: Rows, work: Work, columns: Columns) -> Floats:
    """Bound the energy of all sites by that of each job in each hour of its window.

    Adds one column for each job and hour; returns their largest values, shape (n_pairs,).
    """
    n_hours = columns.power.shape[1]
    job, hour, most_wh = hourly_wh(work, n_hours)
    pairs = columns.n_columns + np.arange(len(job))
    rows.add_sparse(job, pairs, np.ones(len(job)), work.energy_wh)
    power = columns.power
    rows.add_sparse(
        np.concatenate([np.tile(np.arange(n_hours), len(power)), hour]),
        np.concatenate([power.ravel(), pairs]),
        np.concatenate([np.ones(power.size), np.full(len(job), -1.0)]),
        np.zeros(n_hours),
    )
    return most_wh

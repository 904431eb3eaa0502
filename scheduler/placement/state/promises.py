"""Heat already promised to each site by the jobs that run there, by block of the coming day."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray

from domain.units import HOUR_S
from scheduler.columns import Columns
from scheduler.forecast.survival import BRIEF_H, N_BLOCKS, hours_of_one, hours_run

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Less heat than this is felt by no water, and counted with the next refresh only: it is one pulse
#: of a common heat meter [Wh].
FELT_WH = 10.0


class RunningColumns(Columns):
    """One row for each job placed, reused when it ends."""

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "site": (np.int64, ()),
        "heat_w": (np.float64, ()),
        "since_s": (np.float64, ()),
        "done_s": (np.float64, ()),
        "limit_s": (np.float64, ()),
        "length": (np.int64, ()),
        "spread": (np.int64, ()),
        "is_brief": (np.bool_, ()),
        "is_urgent": (np.bool_, ()),
        "is_used": (np.bool_, ()),
        "promised_wh": (np.float64, (N_BLOCKS,)),
    }
    site: Counts
    heat_w: Floats
    since_s: Floats
    done_s: Floats  #: Run time behind it from earlier attempts, where it keeps its progress [s].
    limit_s: Floats
    length: Counts
    spread: Counts
    is_brief: NDArray[np.bool_]  #: Can be stopped at little cost: promises no more than is sure.
    is_urgent: NDArray[np.bool_]  #: Somebody waits for it.
    is_used: NDArray[np.bool_]
    promised_wh: Floats  #: What it was counted with, shape (n_rows, N_BLOCKS).


class Promises:
    """Expected heat of all running jobs, shape (n_sites, N_BLOCKS) [Wh], from the last refresh on.

    A job that runs is counted with the hours of each block that it is expected to last
    (`scheduler.forecast.survival`), so that a long-running job promises heat for as long as jobs
    of its age usually go on.
    """

    def __init__(self) -> None:
        """Start with nothing promised."""
        self.jobs = RunningColumns()
        self._free: list[int] = []
        self._heat_wh: Floats = np.zeros((2, 16, N_BLOCKS))  # of all jobs, and of brief ones
        self.refreshed_at_s = -np.inf
        self.urgent_wh: Floats = np.zeros(N_BLOCKS)  #: Part of it that is of urgent jobs.
        self.urgent_w = 0.0  #: Heat of urgent jobs that run now.
        self.changed: set[int] = set()  #: Sites with more or less promised since somebody looked.

    def heat_wh(self, n_sites: int) -> Floats:
        """Promised heat, shape (n_sites, N_BLOCKS) [Wh]; a view that changes with the jobs."""
        self._grow(n_sites)
        return self._heat_wh[0, :n_sites]

    def brief_heat_wh(self, n_sites: int) -> Floats:
        """Part of it that is of brief jobs, which give way to others; likewise."""
        self._grow(n_sites)
        return self._heat_wh[1, :n_sites]

    def _grow(self, n_sites: int) -> None:
        while self._heat_wh.shape[1] < n_sites:
            self._heat_wh = np.concatenate([self._heat_wh, np.zeros_like(self._heat_wh)], axis=1)

    def add(  # noqa: PLR0913 - the columns of one row
        self,
        *,
        site: int,
        heat_w: float,
        now_s: float,
        done_s: float,
        limit_s: float,
        length: int,
        spread: int,
        is_brief: bool,
        is_urgent: bool,
        time_factor: float,
    ) -> int:
        """Count a job from now on; the row to remove it by."""
        row = self._free.pop() if self._free else self.jobs.add_row()
        jobs = self.jobs
        jobs.site[row], jobs.heat_w[row] = site, heat_w
        jobs.since_s[row], jobs.done_s[row], jobs.limit_s[row] = now_s, done_s, limit_s
        jobs.length[row], jobs.spread[row], jobs.is_used[row] = length, spread, True
        jobs.is_brief[row], jobs.is_urgent[row] = is_brief, is_urgent
        hours = time_factor / HOUR_S
        limit_h = limit_s * hours
        jobs.promised_wh[row] = heat_w * hours_of_one(
            length,
            spread,
            age_h=done_s * hours,
            limit_left_h=min(limit_h, BRIEF_H) if is_brief else limit_h,
        )
        self._grow(site + 1)
        self._heat_wh[: 1 + is_brief, site] += jobs.promised_wh[row]
        self._note(row)
        if is_urgent:
            self.urgent_wh += jobs.promised_wh[row]
            self.urgent_w += heat_w
        return row

    def remove(self, row: int) -> None:
        """Count a job no longer."""
        jobs = self.jobs
        site = int(jobs.site[row])
        self._heat_wh[: 1 + int(jobs.is_brief[row]), site] -= jobs.promised_wh[row]
        if jobs.is_urgent[row]:
            self.urgent_wh -= jobs.promised_wh[row]
            self.urgent_w -= float(jobs.heat_w[row])
        self._note(row)
        jobs.is_used[row] = False
        jobs.promised_wh[row] = 0.0
        self._free.append(row)

    def _note(self, row: int) -> None:
        """The site of this row has more or less promised, where its water would feel it."""
        if self.jobs.promised_wh[row].sum() >= FELT_WH:
            self.changed.add(int(self.jobs.site[row]))

    def start(self, row: int, now_s: float) -> None:
        """The job of this row began to run only now."""
        self.jobs.since_s[row] = now_s

    def refresh(self, now_s: float, time_factor: float, n_sites: int) -> None:
        """Count every job anew by the age it has by now."""
        self.refreshed_at_s = now_s
        rows = np.flatnonzero(self.jobs.is_used)
        self._count(rows, now_s, time_factor)
        self._grow(n_sites)
        is_urgent = self.jobs.is_urgent[rows]
        self.urgent_wh = self.jobs.promised_wh[rows[is_urgent]].sum(0)
        self.urgent_w = float(self.jobs.heat_w[rows[is_urgent]].sum())
        self._sum_up(self._heat_wh[0], rows)
        self._sum_up(self._heat_wh[1], rows[self.jobs.is_brief[rows]])

    def _sum_up(self, total: Floats, rows: Counts) -> None:
        """Set the promises of all sites to the sums of these rows."""
        cells = self.jobs.site[rows, None] * N_BLOCKS + np.arange(N_BLOCKS)
        promised_wh = self.jobs.promised_wh[rows]
        sums = np.bincount(cells.ravel(), weights=promised_wh.ravel(), minlength=total.size)
        total[:] = sums.reshape(total.shape)

    def _count(self, rows: Counts, now_s: float, time_factor: float) -> None:
        jobs = self.jobs
        hours = time_factor / HOUR_S
        age_s = np.maximum(now_s - jobs.since_s[rows], 0.0)
        limit_h = (jobs.limit_s[rows] - age_s) * hours
        hours_each = hours_run(
            jobs.length[rows],
            jobs.spread[rows],
            (age_s + jobs.done_s[rows]) * hours,
            np.where(jobs.is_brief[rows], np.minimum(limit_h, BRIEF_H), limit_h),
        )
        jobs.promised_wh[rows] = jobs.heat_w[rows, None] * hours_each

"""How much patient work waits, by the last moment at which it may start."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued
from domain.units import HOUR_S
from scheduler.forecast.survival import SPREADS, length_h

if TYPE_CHECKING:
    from scheduler.placement.state.job_shape import Shape

Floats = NDArray[np.float64]

#: Last moments are told apart by so much [s].
_BIN_S = 900


class DueWork:
    """Patient work in line, counted as jobs come and go."""

    def __init__(self) -> None:
        """Start with none."""
        self._by_bin: dict[int, list[int]] = {}  #: Jobs, and their core-seconds in whole numbers.

    def add(self, job: JobQueued, shape: "Shape") -> None:
        """A patient job stands in line."""
        self._change(job, shape, 1)

    def remove(self, job: JobQueued, shape: "Shape") -> None:
        """It stands there no more."""
        self._change(job, shape, -1)

    def _change(self, job: JobQueued, shape: "Shape", sign: int) -> None:
        if job.start_before_s is None:
            return
        at = int(job.start_before_s // _BIN_S)
        held = self._by_bin.setdefault(at, [0, 0])
        held[0] += sign
        held[1] += sign * round(expected_core_h(job, shape) * HOUR_S)
        if not held[0]:
            del self._by_bin[at]

    def core_h_by(self, times_s: Floats, fewest_jobs: int) -> Floats:
        """Work whose last moment is each of these or before [core-hours of the plant].

        None where fewer jobs are due by then: a few long ones, which need only have begun, are no
        crowd.
        """
        bins = sorted(self._by_bin)
        rows = [(0, 0), *(self._by_bin[at] for at in bins)]
        n_jobs, core_s = np.cumsum(np.array(rows, dtype=np.float64), axis=0).T
        core_h = np.where(n_jobs >= fewest_jobs, core_s / HOUR_S, 0.0)
        return np.asarray(core_h[np.searchsorted(np.array(bins), times_s / _BIN_S)])


def expected_core_h(job: JobQueued, shape: "Shape") -> float:
    """Work of a job [core-hours of the plant]; the mean of a log-normal is above its median."""
    return job.cores * job.nodes * length_h(shape.length) * math.exp(SPREADS[shape.spread] ** 2 / 2)

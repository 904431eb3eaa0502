"""The work on offer, as a fluid: how much energy computing may use, and when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Intervals are measured against this many jobs at once: a matter of memory only.
_CHUNK = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What jobs may use. Every array has shape (n_jobs,); times count from the first hour."""

    release_s: Floats
    due_s: Floats  #: Energy used later is credited to nobody.
    power_w: Floats  #: Electricity above standby while the job runs at full speed.
    energy_wh: Floats  #: Electricity above standby over the whole job, at full speed.


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Stretches of whole hours, ``begin <= hour < end``. Every array has shape (n_intervals,)."""

    begin: Indices
    end: Indices


def telling_intervals(n_hours: int) -> Intervals:
    """The intervals whose work an envelope counts.

    All that begin at 0 (work released so far), all that end at the last hour (work that is not
    yet lost), and windows of 1, 2, 4, ... hours, each length at steps of half of it, so that any
    interval lies inside one of at most four times its length.
    """
    hours = np.arange(n_hours)
    begins = [np.zeros(n_hours, dtype=np.int64), hours[1:]]
    ends = [hours + 1, np.full(n_hours - 1, n_hours, dtype=np.int64)]
    length = 1
    while length < n_hours:
        begin = np.arange(0, n_hours - length + 1, max(1, length // 2))
        begins.append(begin)
        ends.append(begin + length)
        length *= 2
    begin, end = np.concatenate(begins), np.concatenate(ends)
    _, first = np.unique(begin * (n_hours + 1) + end, return_index=True)
    return Intervals(begin=begin[first], end=end[first])


def usable_wh(work: Work, intervals: Intervals) -> Floats:
    """Energy that all jobs together can use within each interval [Wh], shape (n_intervals,).

    ``W(a, b) = sum_j min(energy_j, power_j * |[a, b) and [release_j, due_j)|)``.
    """
    begin_s, end_s = intervals.begin * HOUR_S, intervals.end * HOUR_S
    total = np.zeros(len(begin_s))
    for first in range(0, len(work.release_s), _CHUNK):
        part = slice(first, first + _CHUNK)
        span_s = np.minimum(work.due_s[part, None], end_s)
        span_s -= np.maximum(work.release_s[part, None], begin_s)
        np.maximum(span_s, 0.0, out=span_s)
        span_s *= work.power_w[part, None] / HOUR_S
        total += np.minimum(span_s, work.energy_wh[part, None], out=span_s).sum(axis=0)
    return total


def hourly_wh(work: Work, n_hours: int) -> tuple[Indices, Indices, Floats]:
    """Job, hour and the most energy that the job can use in it, for every hour of its window."""
    first = np.clip(np.floor(work.release_s / HOUR_S), 0, n_hours).astype(np.int64)
    after = np.clip(np.ceil(work.due_s / HOUR_S), first, n_hours).astype(np.int64)
    counts = after - first
    job = np.repeat(np.arange(len(counts)), counts)
    hour = np.arange(len(job)) - np.repeat(np.cumsum(counts) - counts, counts) + first[job]
    span_s = np.minimum(work.due_s[job], (hour + 1) * HOUR_S)
    span_s -= np.maximum(work.release_s[job], hour * HOUR_S)
    return job, hour, work.power_w[job] * np.maximum(span_s, 0.0) / HOUR_S

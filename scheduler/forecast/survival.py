"""How much of the coming day a job still runs, when its length is known by its logarithm only.

Run times of one application are close to log-normal in production logs, so a job of age ``x`` is
still there after ``h`` more hours with probability ``S(x + h) / S(x)``, where
``S(t) = Phi((mu - ln t) / sigma)`` (Lublin and Feitelson 2003, doi:10.1016/S0743-7315(03)00108-4,
on log-scale run times). The ratio is tabled once: a refresh of every running job is then a gather.
"""

import math
from bisect import bisect_left
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: The coming day in blocks, the near ones fine [h]: what is wanted or promised later than a day
#: decides nothing now, and hours far ahead are known too coarsely to be told apart.
BLOCKS_H = (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 5)
N_BLOCKS = len(BLOCKS_H)
HORIZON_H = sum(BLOCKS_H)
#: A job that can be stopped at little cost is counted for so long only [h].
BRIEF_H = 2.0
BLOCK_STARTS_H = np.cumsum((0, *BLOCKS_H[:-1]))
#: Spreads (standard deviation of the logarithm) that are told apart.
SPREADS = (0.45, 0.9)
_BETWEEN_SPREADS = tuple((one + next_one) / 2.0 for one, next_one in pairwise(SPREADS))
#: Lengths from half a minute to ten days, in steps of a factor 1.65; twice as coarse costs less
#: than 0.05 points of useful heat.
_LENGTH_STEP = 0.5
_LN_LENGTHS = np.arange(math.log(1 / 120), math.log(256.0), _LENGTH_STEP)
#: Ages relative to the length, in finer steps.
_AGE_STEP, _OLDEST = 0.25, 3.0
_LN_AGES = np.arange(-_OLDEST, _OLDEST + 0.01, _AGE_STEP)
#: An hour is sampled at so many instants; a job of minutes fills a part of its first hour.
_SAMPLES = 4


@cache
def _table() -> NDArray[np.float32]:
    """Hours run in each block, shape (n_ages, n_lengths, n_spreads, N_BLOCKS)."""
    instants_h = (np.arange(HORIZON_H * _SAMPLES) + 0.5) / _SAMPLES
    length_h = np.exp(_LN_LENGTHS)
    age_h = np.exp(_LN_AGES)[:, None] * length_h[None, :]
    shape = (len(_LN_AGES), len(_LN_LENGTHS), len(SPREADS), N_BLOCKS)
    table = np.empty(shape, dtype=np.float32)
    for spread_index, spread in enumerate(SPREADS):
        later = np.log(age_h[:, :, None] + instants_h) - _LN_LENGTHS[None, :, None]
        alive_now = _normal(-_LN_AGES / spread)[:, None, None]
        share = _normal(-later / spread) / np.maximum(alive_now, 1e-9)
        starts = BLOCK_STARTS_H * _SAMPLES
        table[:, :, spread_index] = np.add.reduceat(share, starts, axis=2) / _SAMPLES
    return table


def _normal(z: Floats) -> Floats:
    """The standard normal distribution function."""
    erf = np.array([math.erf(value) for value in (z / math.sqrt(2.0)).ravel()])
    return np.asarray(0.5 * (1.0 + erf.reshape(z.shape)), dtype=np.float64)


def spread_index(spread: float) -> int:
    """The nearest of the spreads that are told apart."""
    return bisect_left(_BETWEEN_SPREADS, spread)


def length_index(ln_length_h: float) -> int:
    """Where a median length [ln h] stands in the table."""
    position = round((ln_length_h - float(_LN_LENGTHS[0])) / _LENGTH_STEP)
    return min(max(position, 0), len(_LN_LENGTHS) - 1)


def length_h(index: int) -> float:
    """The median length [h] at a place of the table."""
    return math.exp(float(_LN_LENGTHS[index]))


def hours_run(length: Indices, spread: Indices, age_h: Floats, limit_left_h: Floats) -> Floats:
    """Hours that jobs are expected to run in each block, shape (n_jobs, N_BLOCKS).

    All arguments have shape (n_jobs,): places in the table, age and time to the limit [h]. Nothing
    runs past its limit.
    """
    ln_age = np.log(np.maximum(age_h, 1e-6)) - _LN_LENGTHS[length]
    age = np.clip(np.rint((ln_age + _OLDEST) / _AGE_STEP), 0, len(_LN_AGES) - 1).astype(np.int64)
    hours = _table()[age, length, spread].astype(np.float64)
    np.minimum(hours, limit_left_h[:, None] - BLOCK_STARTS_H, out=hours)
    return np.asarray(np.maximum(hours, 0.0, out=hours), dtype=np.float64)


def hours_of_one(length: int, spread: int, *, age_h: float, limit_left_h: float) -> Floats:
    """The same of a single job, shape (N_BLOCKS,): at each start, without the cost of arrays."""
    ln_age = math.log(max(age_h, 1e-6)) - float(_LN_LENGTHS[length])
    age = min(max(round((ln_age + _OLDEST) / _AGE_STEP), 0), len(_LN_AGES) - 1)
    hours = _unlimited(age, length, spread)
    if limit_left_h >= HORIZON_H:
        return hours
    hours = np.minimum(hours, limit_left_h - BLOCK_STARTS_H)
    return np.asarray(np.maximum(hours, 0.0), dtype=np.float64)


@cache
def _unlimited(age: int, length: int, spread: int) -> Floats:
    hours = _table()[age, length, spread].astype(np.float64)
    hours.setflags(write=False)
    return np.asarray(hours, dtype=np.float64)

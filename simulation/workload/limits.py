"""Time limits as people ask for them: too long, and round."""

import numpy as np

from domain.units import HOUR_S
from simulation.workload.requests import Floats, Integers, log_uniform

_USUAL_MIN = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90)
_USUAL_H = (2, 3, 4, 6, 8, 10, 12, 16, 18, 20, 24, 36, 48, 60, 72, 96, 120, 168, 240, 336, 504, 720)
_USUAL_S = np.array(
    [60 * value for value in _USUAL_MIN] + [3600 * value for value in _USUAL_H], dtype=np.int64
)
LONGEST_LIMIT_H = float(_USUAL_H[-1])
#: What centres let users ask for; only a job that runs longer gets more.
_CUSTOMARY_LIMIT_S = 72 * HOUR_S
#: Users ask for a multiple of what they use (Mu'alem and Feitelson 2001, doi:10.1109/71.932708).
_FACTORS = (1.2, 5.0)


def draw_factors(rng: np.random.Generator, count: int) -> Floats:
    """By how much the classes ask for more than they expect to need, (count,), log-uniform."""
    return log_uniform(rng, _FACTORS, count)


def usual_limits_s(*, asked_s: Floats, run_s: Floats) -> Integers:
    """What was asked for (n,) rounded up to usual values, and enough for the job to end.

    That a limit holds the run is knowledge of users about the jobs that will be long.
    """
    wanted_s = np.maximum(np.minimum(asked_s, _CUSTOMARY_LIMIT_S), run_s)
    at = np.searchsorted(_USUAL_S, wanted_s, side="left")
    return _USUAL_S[np.minimum(at, len(_USUAL_S) - 1)]

"""When jobs are submitted: by the hour of the week."""

import numpy as np

from domain.units import HOUR_S
from simulation.workload import lublin
from simulation.workload.requests import Floats
from simulation.workload.setting import WorkloadKind, WorkloadSetting

_WEEK_HOURS = 168
_WORKING_DAYS, _DAY_FROM, _DAY_TO = 5, 8, 19


def weekly_weights(setting: WorkloadSetting) -> Floats:
    """How many jobs arrive in each hour of a week that begins on Monday, (168,), relatively."""
    if setting.kind is WorkloadKind.LUBLIN:
        return np.tile(lublin.hourly_weights(), 7)
    hours = np.arange(_WEEK_HOURS)
    hour, day = hours % 24, hours // 24
    is_busy = (day < _WORKING_DAYS) & (hour >= _DAY_FROM) & (hour < _DAY_TO)
    return np.where(is_busy, setting.day_factor, 1.0)


def draw_arrivals_s(
    rng: np.random.Generator,
    weights: Floats,
    *,
    count: int,
    first_plant_s: float,
    span_s: float,
) -> Floats:
    """Seconds after the start at which ``count`` batches arrive, (count,), in order.

    A Poisson process of known count is independent draws from its rate, which is constant
    within an hour: the inverse of its integral at uniform numbers.
    """
    edges_s = np.append(np.arange(0.0, span_s, HOUR_S), span_s)
    hour_of_week = ((first_plant_s + edges_s[:-1]) // HOUR_S).astype(np.int64) % _WEEK_HOURS
    mass = weights[hour_of_week] * np.diff(edges_s)
    cumulated = np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])
    return np.asarray(np.sort(np.interp(rng.random(count), cumulated, edges_s)), dtype=np.float64)

"""The model that Lublin and Feitelson fitted to logs of parallel machines.

U. Lublin and D. G. Feitelson, "The workload on parallel supercomputers: modeling the
characteristics of rigid jobs", JPDC 63 (2003), doi:10.1016/S0743-7315(03)00108-4. Parameters are
those of all jobs, batch and interactive alike. The model knows no users: here they are drawn at
random, so that a name says nothing about how long a job runs.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from simulation.workload.limits import draw_factors, usual_limits_s
from simulation.workload.requests import Floats, Integers, Population, Requests, draw_flags
from simulation.workload.setting import WorkloadSetting

_USERS, _CLASSES = 50, 120
_SERIAL_FRAC, _POWER_OF_TWO_FRAC = 0.244, 0.576
_LOW_LOG2, _BELOW_HIGH_LOG2, _LOW_STAGE_FRAC = 0.8, 2.5, 0.86
#: Two gamma laws (shape, scale) of the natural logarithm of the run time in seconds.
_SHORT, _LONG = (4.2, 0.94), (312.0, 0.03)
#: Share of short runs: ``slope * width + start``.
_SHORT_SLOPE, _SHORT_START = -0.0054, 0.78
_LONGEST_LOG_S = 12.0
#: Gamma law (shape, scale) of the half-hours of a day that begins in half-hour 11.
_DAY_SHAPE, _DAY_SCALE, _DAY_START, _DAY_BUCKETS = 8.1737, 3.9631, 11, 48


@dataclass(frozen=True, slots=True, kw_only=True)
class LublinModel:
    """The model for machines up to some width."""

    population: Population
    widest_servers: int
    limit_factor: Floats  #: (n_classes,)

    @classmethod
    def drawn(cls, setting: WorkloadSetting, rng: np.random.Generator, widest_servers: int) -> Self:
        """Users without habits."""
        alike = np.full(_CLASSES, 1.0 / _CLASSES)
        return cls(
            population=Population(
                names=tuple(f"program-{number:03d}" for number in range(1, _CLASSES + 1)),
                tenant_id=rng.integers(1, _USERS + 1, _CLASSES),
                is_flex=draw_flags(rng, alike, setting.flex_share_frac),
                can_resume=draw_flags(rng, alike, setting.resume_share_frac),
            ),
            widest_servers=widest_servers,
            limit_factor=draw_factors(rng, _CLASSES),
        )

    def draw(self, rng: np.random.Generator, count: int) -> Requests:
        """So many jobs, each submitted by itself."""
        of_class = rng.integers(0, _CLASSES, count)
        servers = self._widths(rng, count)
        run_s = _run_s(rng, servers)
        limit_s = usual_limits_s(asked_s=run_s * self.limit_factor[of_class], run_s=run_s)
        return Requests(
            class_index=of_class,
            batch=np.arange(count),
            servers=servers,
            run_s=run_s,
            time_limit_s=limit_s,
        )

    def _widths(self, rng: np.random.Generator, count: int) -> Integers:
        """Serial, or two to the power of a two-stage uniform number, often rounded."""
        high = max(np.log2(self.widest_servers), _LOW_LOG2)
        middle = max(high - _BELOW_HIGH_LOG2, _LOW_LOG2)
        power = np.where(
            rng.random(count) < _LOW_STAGE_FRAC,
            rng.uniform(_LOW_LOG2, middle, count),
            rng.uniform(middle, high, count),
        )
        kind = rng.random(count)
        is_round = kind <= _SERIAL_FRAC + _POWER_OF_TWO_FRAC
        width = np.rint(2.0 ** np.where(is_round, np.rint(power), power))
        width = np.where(kind <= _SERIAL_FRAC, 1.0, width)
        return np.clip(width, 1, self.widest_servers).astype(np.int64)


def _run_s(rng: np.random.Generator, servers: Integers) -> Floats:
    """Hyper-gamma run times (n,), longer for wider jobs; those beyond two days drawn again."""
    short_frac = np.clip(_SHORT_SLOPE * servers + _SHORT_START, 0.0, 1.0)
    log_s = np.full(len(servers), np.inf)
    again = np.arange(len(servers))
    while len(again):
        is_short = rng.random(len(again)) < short_frac[again]
        short, long = rng.gamma(*_SHORT, len(again)), rng.gamma(*_LONG, len(again))
        log_s[again] = np.where(is_short, short, long)
        again = again[log_s[again] > _LONGEST_LOG_S]
    return np.asarray(np.exp(log_s), dtype=np.float64)


def hourly_weights() -> Floats:
    """How many jobs arrive in each hour of the day, (24,), the gamma law of half-hours by pairs."""
    bucket = np.arange(_DAY_START, _DAY_START + _DAY_BUCKETS, dtype=np.float64)
    density = bucket ** (_DAY_SHAPE - 1.0) * np.exp(-bucket / _DAY_SCALE)
    halves = np.zeros(_DAY_BUCKETS)
    halves[(bucket.astype(np.int64) - 1) % _DAY_BUCKETS] = density
    return np.asarray(halves.reshape(24, 2).sum(axis=1) / halves.sum(), dtype=np.float64)

"""Campaigns of simulation: wide jobs that run for hours or days; the figures are assumed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from domain.units import HOUR_S
from simulation.workload.limits import draw_factors, usual_limits_s
from simulation.workload.requests import (
    Floats,
    Integers,
    Population,
    Requests,
    draw_flags,
    log_uniform,
)
from simulation.workload.setting import WorkloadSetting

_USERS, _CODES = 15, 40
_MEDIAN_H = (4.0, 24.0)  #: Log-uniform.
_RUN_H = (2.0, 48.0)
_WIDTH_POWERS = (1, 6)  #: 2 to 64 servers, each power of two as often.
_SPREAD = 0.4  #: Of the logarithm, within a class.


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignModel:
    """Codes drawn once; arrays are (n_classes,)."""

    population: Population
    median_s: Floats
    limit_factor: Floats
    servers: Integers

    @classmethod
    def drawn(cls, setting: WorkloadSetting, rng: np.random.Generator) -> Self:
        """Users and their codes, which are run equally often."""
        alike = np.full(_CODES, 1.0 / _CODES)
        low, high = _WIDTH_POWERS
        return cls(
            population=Population(
                names=tuple(f"code-{number:02d}" for number in range(1, _CODES + 1)),
                tenant_id=rng.integers(1, _USERS + 1, _CODES),
                is_flex=draw_flags(rng, alike, setting.flex_share_frac),
                can_resume=draw_flags(rng, alike, setting.resume_share_frac),
            ),
            median_s=HOUR_S * log_uniform(rng, _MEDIAN_H, _CODES),
            limit_factor=draw_factors(rng, _CODES),
            servers=2 ** rng.integers(low, high + 1, _CODES),
        )

    def draw(self, rng: np.random.Generator, count: int) -> Requests:
        """So many jobs, each submitted by itself."""
        of_class = rng.integers(0, len(self.median_s), count)
        median_s = self.median_s[of_class]
        low_h, high_h = _RUN_H
        run_s = median_s * np.exp(_SPREAD * rng.standard_normal(count))
        run_s = np.clip(run_s, low_h * HOUR_S, high_h * HOUR_S)
        limit_s = usual_limits_s(asked_s=median_s * self.limit_factor[of_class], run_s=run_s)
        return Requests(
            class_index=of_class,
            batch=np.arange(count),
            servers=self.servers[of_class],
            run_s=run_s,
            time_limit_s=limit_s,
        )

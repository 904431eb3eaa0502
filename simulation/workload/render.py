"""Films: batches of hundreds of frames, one server and 5 to 60 minutes each.

The trade of the server-boilers that heat buildings today; the figures are assumed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from simulation.workload.limits import draw_factors, usual_limits_s
from simulation.workload.requests import Floats, Population, Requests, draw_flags, log_uniform
from simulation.workload.setting import WorkloadSetting

_STUDIOS, _SHOTS = 12, 60
_MEDIAN_S = (480.0, 2400.0)  #: Of the frames of a shot, log-uniform.
_RUN_S = (300.0, 3600.0)
_BATCH_JOBS = (50.0, 800.0)  #: Log-uniform.
_MEAN_BATCH_JOBS = (_BATCH_JOBS[1] - _BATCH_JOBS[0]) / float(
    np.log(_BATCH_JOBS[1] / _BATCH_JOBS[0])
)
_SPREAD = 0.25  #: Of the logarithm, between frames of a shot.


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderModel:
    """Shots drawn once; arrays are (n_classes,)."""

    population: Population
    median_s: Floats
    limit_factor: Floats

    @classmethod
    def drawn(cls, setting: WorkloadSetting, rng: np.random.Generator) -> Self:
        """Studios and their shots, which are rendered equally often."""
        alike = np.full(_SHOTS, 1.0 / _SHOTS)
        return cls(
            population=Population(
                names=tuple(f"shot-{number:02d}" for number in range(1, _SHOTS + 1)),
                tenant_id=rng.integers(1, _STUDIOS + 1, _SHOTS),
                is_flex=draw_flags(rng, alike, setting.flex_share_frac),
                can_resume=draw_flags(rng, alike, setting.resume_share_frac),
            ),
            median_s=log_uniform(rng, _MEDIAN_S, _SHOTS),
            limit_factor=draw_factors(rng, _SHOTS),
        )

    def draw(self, rng: np.random.Generator, count: int) -> Requests:
        """At least so many frames, in whole batches."""
        n_batches = int(np.ceil(2.0 * count / _MEAN_BATCH_JOBS)) + 1
        sizes = log_uniform(rng, _BATCH_JOBS, n_batches).astype(np.int64)
        enough = int(np.searchsorted(np.cumsum(sizes), count)) + 1
        batch = np.repeat(np.arange(min(enough, n_batches)), sizes[:enough])
        of_class = rng.integers(0, len(self.median_s), n_batches)[batch]
        median_s = self.median_s[of_class]
        run_s = np.clip(median_s * np.exp(_SPREAD * rng.standard_normal(len(batch))), *_RUN_S)
        limit_s = usual_limits_s(asked_s=median_s * self.limit_factor[of_class], run_s=run_s)
        return Requests(
            class_index=of_class,
            batch=batch,
            servers=np.ones(len(batch), dtype=np.int64),
            run_s=run_s,
            time_limit_s=limit_s,
        )

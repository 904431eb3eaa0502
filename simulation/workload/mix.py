"""An office of users who run the same applications again and again.

The model of the placement studies: classes of a user and an application with their own
median, popularity and habit of asking for too much time. Its figures are assumed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from domain.units import HOUR_S
from simulation.workload.limits import draw_factors, usual_limits_s
from simulation.workload.requests import Floats, Integers, Population, Requests, draw_flags
from simulation.workload.setting import WorkloadSetting

_CLASSES_PER_USER = 4
_POPULARITY_CONCENTRATION = 0.5  #: Of the Dirichlet law: a few classes make most of the jobs.
_MEDIAN_SPREAD = 0.7  #: Of the logarithm, between classes.
_SPREAD = 0.4  #: Of the logarithm, within a class: half of the variance is known to the user.
_FAILURE_FRAC = (0.03, 0.20)  #: Of its time, after which a job fails early.
_SHORTEST_RUN_S = 60.0
#: The tail begins where the log-normal body has 2 % of its jobs left, two spreads above its median.
_TAIL_START = float(np.exp(2 * _SPREAD))


@dataclass(frozen=True, slots=True, kw_only=True)
class MixModel:
    """Classes drawn once; arrays are (n_classes,)."""

    setting: WorkloadSetting
    population: Population
    popularity_frac: Floats
    median_s: Floats
    limit_factor: Floats
    servers: Integers

    @classmethod
    def drawn(cls, setting: WorkloadSetting, rng: np.random.Generator) -> Self:
        """A population of users and their applications."""
        count = setting.n_classes
        popularity = rng.dirichlet(np.full(count, _POPULARITY_CONCENTRATION))
        log_median = np.log(setting.median_run_h * HOUR_S)
        shares = np.array(setting.width_shares_frac)
        user = rng.integers(1, max(count // _CLASSES_PER_USER, 1) + 1, count)
        return cls(
            setting=setting,
            population=Population(
                names=tuple(f"application-{number:03d}" for number in range(1, count + 1)),
                tenant_id=user,
                is_flex=draw_flags(rng, popularity, setting.flex_share_frac),
                can_resume=draw_flags(rng, popularity, setting.resume_share_frac),
            ),
            popularity_frac=popularity,
            median_s=np.exp(log_median + _MEDIAN_SPREAD * rng.standard_normal(count)),
            limit_factor=draw_factors(rng, count),
            servers=rng.choice(setting.widths_servers, size=count, p=shares / shares.sum()),
        )

    def draw(self, rng: np.random.Generator, count: int) -> Requests:
        """So many jobs, each submitted by itself."""
        of_class = rng.choice(len(self.median_s), size=count, p=self.popularity_frac)
        half_spread = _SPREAD / np.sqrt(2.0)
        known_s = self.median_s[of_class] * np.exp(half_spread * rng.standard_normal(count))
        run_s = known_s * np.exp(half_spread * rng.standard_normal(count))
        run_s = self._with_tail(rng, self.median_s[of_class], run_s)
        shortest_s = self.setting.shortest_run_h * HOUR_S
        whole_s = np.clip(run_s, shortest_s, self.setting.longest_run_h * HOUR_S)
        limit_s = usual_limits_s(asked_s=known_s * self.limit_factor[of_class], run_s=whole_s)
        return Requests(
            class_index=of_class,
            batch=np.arange(count),
            servers=self.servers[of_class],
            run_s=self._with_failures(rng, whole_s),
            time_limit_s=limit_s,
        )

    def _with_tail(self, rng: np.random.Generator, median_s: Floats, run_s: Floats) -> Floats:
        """Some run times replaced by ``median * start * Pareto(exponent)``."""
        is_tail = rng.random(len(run_s)) < self.setting.tail_share_frac
        pareto = 1.0 + rng.pareto(self.setting.tail_exponent, len(run_s))
        return np.where(is_tail, median_s * _TAIL_START * pareto, run_s)

    def _with_failures(self, rng: np.random.Generator, whole_s: Floats) -> Floats:
        has_failed = rng.random(len(whole_s)) < self.setting.early_failure_frac
        part_s = whole_s * rng.uniform(*_FAILURE_FRAC, len(whole_s))
        return np.where(has_failed, np.maximum(part_s, _SHORTEST_RUN_S), whole_s)

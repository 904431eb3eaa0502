"""How long jobs run, learned from those of the same name; a time limit is not an estimate."""

from collections import OrderedDict
from dataclasses import dataclass, field

#: Users ask for a multiple of what they use; the middle of the published ratios of run time to
#: limit is near a third (Mu'alem and Feitelson 2001, doi:10.1109/71.932708, figure 7).
LIMIT_USED_FRAC = 0.33
#: Weight of the newest run in the running mean: the last handful of runs decide.
NEWEST_WEIGHT = 0.4
_MOST_NAMES = 20_000


@dataclass(slots=True)
class DurationForecast:
    """Mean run time by tenant and job name, newest runs first."""

    _mean_s: OrderedDict[tuple[int, str], float] = field(default_factory=OrderedDict)

    def learn(self, tenant_id: int, name: str, wall_s: float) -> None:
        """Take in how long a job of this name ran [s]."""
        key = (tenant_id, name)
        before = self._mean_s.get(key)
        mean = wall_s if before is None else before + NEWEST_WEIGHT * (wall_s - before)
        self._mean_s[key] = mean
        self._mean_s.move_to_end(key)
        if len(self._mean_s) > _MOST_NAMES:
            self._mean_s.popitem(last=False)

    def expect_s(self, tenant_id: int, name: str, time_limit_s: float) -> float:
        """Expected run time [s], never over the limit."""
        known = self._mean_s.get((tenant_id, name))
        return min(time_limit_s, time_limit_s * LIMIT_USED_FRAC if known is None else known)

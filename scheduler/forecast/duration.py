"""How long jobs run, learned from those of the same name; a time limit is not an estimate."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Users ask for a multiple of what they use; the middle of the published ratios of run time to
#: limit is near a third (Mu'alem and Feitelson 2001, doi:10.1109/71.932708, figure 7).
LIMIT_USED_FRAC = 0.33
#: The newest run moves the mean of its name by at least this share.
LEAST_STEP = 0.1
#: A guess from the limit weighs as much as so many runs of the name.
LIMIT_WEIGHT_RUNS = 0.7
#: A run this much shorter (in ln) than its name's mean is most likely a failure; it moves the
#: mean as one that is no shorter than this would, by less than half.
_EARLY_END_LN, _EARLY_END_STEP = 1.5, 0.45
_MOST_RUNS = 10
_FIRST_SPREAD = 0.8
_SLOW = 0.999  #: Memory of what is learned over all names.
_MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Expectation:
    """A log-normal belief about a run time: median ``exp(ln_s)`` seconds, and its spread."""

    ln_s: float
    spread: float


@dataclass(slots=True)
class DurationForecast:
    """Mean logarithm of run times by tenant and job name, newest runs counting most."""

    _names: OrderedDict[tuple[int, str], tuple[float, int]] = field(default_factory=OrderedDict)
    _ln_used: float = math.log(LIMIT_USED_FRAC)  #: Mean of ln(run time / limit), over all jobs.
    _variance: float = _FIRST_SPREAD**2  #: Of a run's logarithm about its name's mean.

    def learn(self, tenant_id: int, name: str, time_limit_s: float, wall_s: float) -> None:
        """Take in how long a job of this name ran [s]."""
        ln_s = math.log(max(wall_s, 1e-3))
        self._ln_used += (1 - _SLOW) * (ln_s - math.log(max(time_limit_s, 1.0)) - self._ln_used)
        key = (tenant_id, name)
        mean, runs = self._names.get(key, (ln_s, 0))
        off = ln_s - mean
        if runs:
            self._variance += (1 - _SLOW) * 5 * (min(off * off, 9.0) - self._variance)
        step = max(LEAST_STEP, 1.0 / (runs + 1))
        if off < -_EARLY_END_LN and runs:
            off, step = -_EARLY_END_LN, min(step, _EARLY_END_STEP)
        self._names[key] = (mean + step * off, min(runs + 1, _MOST_RUNS))
        self._names.move_to_end(key)
        if len(self._names) > _MOST_NAMES:
            self._names.popitem(last=False)

    def expect(self, tenant_id: int, name: str, time_limit_s: float) -> Expectation:
        """What is believed of the run time of a job of this name and limit."""
        mean, runs = self._names.get((tenant_id, name), (0.0, 0))
        from_limit = math.log(max(time_limit_s, 1.0)) + self._ln_used
        ln_s = (runs * mean + LIMIT_WEIGHT_RUNS * from_limit) / (runs + LIMIT_WEIGHT_RUNS)
        spread = math.sqrt(self._variance * (1.0 + 1.0 / (runs + 0.5)))
        return Expectation(min(ln_s, math.log(max(time_limit_s, 1.0))), spread)

    def expect_s(self, tenant_id: int, name: str, time_limit_s: float) -> float:
        """Median run time [s], never over the limit."""
        return min(time_limit_s, math.exp(self.expect(tenant_id, name, time_limit_s).ln_s))

    def to_plain(self) -> dict[str, Any]:
        """All that was learned, as JSON values."""
        return {
            "ln_used": self._ln_used,
            "variance": self._variance,
            "names": [[key[0], key[1], *value] for key, value in self._names.items()],
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "DurationForecast":
        """What `to_plain` wrote."""
        rows: Iterable[list[Any]] = plain["names"]
        names = OrderedDict(((row[0], row[1]), (row[2], row[3])) for row in rows)
        return cls(_names=names, _ln_used=plain["ln_used"], _variance=plain["variance"])

"""How much work a fleet can take, and how much a run may hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.refusal import Refused
from domain.units import DAY_S
from simulation.workload.setting import SERVER_CORES

#: The code of every refusal of a workload.
CODE = "simulation.workload"
#: More jobs than these take hours and fill the memory; the year's scenario has 100 000.
MOST_JOBS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The cores of a fleet over the days of arrivals."""

    total_cores: int
    widest_cores: int  #: Of one site; no job is wider.
    span_s: float

    @classmethod
    def of(cls, site_servers: Sequence[int], arrival_days: float) -> "Capacity | Refused":
        """Of sites with so many servers each."""
        if not site_servers or min(site_servers) < 1 or arrival_days <= 0:
            sentence = "Jobs need a site, a server at each site and a day to arrive; add them."
            return Refused(code=CODE, sentence=sentence)
        return cls(
            total_cores=SERVER_CORES * sum(site_servers),
            widest_cores=SERVER_CORES * max(site_servers),
            span_s=DAY_S * arrival_days,
        )

    @property
    def core_s(self) -> float:
        return self.total_cores * self.span_s

    @property
    def widest_servers(self) -> int:
        return self.widest_cores // SERVER_CORES


def too_many(count: float) -> Refused:
    """Why so many jobs are not drawn."""
    sentence = (
        f"The workload needs about {count:.3g} jobs, more than {MOST_JOBS}; "
        "lower load_frac or n_jobs, take fewer sites or longer jobs."
    )
    return Refused(code=CODE, sentence=sentence)

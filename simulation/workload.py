"""Jobs as a fleet might see them: a small seeded mix, drawn before the simulation starts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.events import JobQueued
from domain.job import SchedulingType
from domain.job_spec import DEFAULT_FLEX_WAIT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Jobs of one name; run times are log-normal, as those of production logs are in the main."""

    name: str
    share: float  #: Of the jobs, not of the work.
    scheduling_type: SchedulingType
    cores: int
    median_run_s: float
    spread: float  #: Standard deviation of the logarithm.

    @property
    def mean_work_core_s(self) -> float:
        """Mean work of one job: ``cores * median * exp(spread^2 / 2)``."""
        return self.cores * self.median_run_s * math.exp(self.spread**2 / 2)


#: An engineering office: little jobs that somebody waits for, and long ones that may wait.
#: Assumed, not measured; traces of real centres take this place where one is given.
ENGINEERING_OFFICE = (
    Kind(
        name="postprocess",
        share=0.5,
        scheduling_type=SchedulingType.ON_DEMAND,
        cores=1,
        median_run_s=300.0,
        spread=1.0,
    ),
    Kind(
        name="mesh",
        share=0.2,
        scheduling_type=SchedulingType.ON_DEMAND,
        cores=4,
        median_run_s=900.0,
        spread=0.6,
    ),
    Kind(
        name="sweep",
        share=0.2,
        scheduling_type=SchedulingType.FLEX,
        cores=2,
        median_run_s=3_600.0,
        spread=0.8,
    ),
    Kind(
        name="flow",
        share=0.1,
        scheduling_type=SchedulingType.FLEX,
        cores=8,
        median_run_s=7_200.0,
        spread=0.6,
    ),
)
#: Users ask for a multiple of what they use (Mu'alem and Feitelson 2001, doi:10.1109/71.932708).
_LIMIT_FACTORS = (1.5, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedJob:
    """One job with what only the simulation knows: how long it runs at full speed."""

    instance_id: int
    name: str
    scheduling_type: SchedulingType
    cores: int
    submitted_at_s: float
    run_s: float
    time_limit_s: int

    def queued(self, *, at_s: float, last_attempt: int) -> JobQueued:
        """The fact that it may start."""
        is_flex = self.scheduling_type is SchedulingType.FLEX
        return JobQueued(
            instance_id=self.instance_id,
            name=self.name,
            tenant_id=1,
            cores=self.cores,
            mem_mib=None,
            whole_node=False,
            scheduling_type=self.scheduling_type.value,
            time_limit_s=self.time_limit_s,
            queued_at_s=at_s,
            start_before_s=self.submitted_at_s + DEFAULT_FLEX_WAIT_S if is_flex else None,
            not_before_s=None,
            last_attempt=last_attempt,
            avoid_node_id=None,
        )


def draw_jobs(
    rng: np.random.Generator,
    *,
    start_s: float,
    span_s: float,
    fleet_cores: int,
    widest_node_cores: int,
    load_frac: float,
    kinds: Sequence[Kind] = ENGINEERING_OFFICE,
) -> list[SimulatedJob]:
    """Jobs that arrive one by one, at any hour alike, in order of arrival.

    Arrivals are a Poisson process whose mean work fills ``load_frac`` of the fleet's cores. No
    job is wider than the widest node.
    """
    shares = np.array([kind.share for kind in kinds])
    mean_core_s = float(sum(kind.share * kind.mean_work_core_s for kind in kinds) / shares.sum())
    gap_s = mean_core_s / (load_frac * fleet_cores)
    jobs: list[SimulatedJob] = []
    at_s = float(rng.exponential(gap_s))
    while at_s < span_s:
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        run_s = kind.median_run_s * math.exp(kind.spread * float(rng.standard_normal()))
        jobs.append(
            SimulatedJob(
                instance_id=len(jobs) + 1,
                name=kind.name,
                scheduling_type=kind.scheduling_type,
                cores=min(kind.cores, widest_node_cores),
                submitted_at_s=start_s + at_s,
                run_s=run_s,
                time_limit_s=math.ceil(run_s * float(rng.uniform(*_LIMIT_FACTORS))),
            )
        )
        at_s += float(rng.exponential(gap_s))
    return jobs

"""From columns to jobs with names, types and deadlines."""

from dataclasses import dataclass

import numpy as np

from domain.jobs.job import SchedulingType
from domain.units import DAY_S, HOUR_S
from simulation.clock import VirtualClock
from simulation.workload.arrivals import draw_arrivals_s, weekly_weights
from simulation.workload.job import FinishedJob, SimulatedJob
from simulation.workload.requests import Floats, Integers, Population
from simulation.workload.setting import WorkloadSetting

#: A forecast of durations has learned what it can long before so many jobs.
MOST_HISTORY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobColumns:
    """Jobs as columns; every array is (n_jobs,)."""

    class_index: Integers
    cores: Integers
    run_s: Floats
    time_limit_s: Integers

    def __len__(self) -> int:
        return len(self.run_s)

    @property
    def work_core_s(self) -> float:
        return float((self.cores * self.run_s).sum())


def assemble(
    columns: JobColumns,
    *,
    population: Population,
    setting: WorkloadSetting,
    submitted_at_s: Floats,
    rng: np.random.Generator,
) -> tuple[SimulatedJob, ...]:
    """Jobs numbered from 1 in order of arrival; ``submitted_at_s`` (n_jobs,) never falls.

    A Flex job may start within its slack, and its end may come its limit later.
    """
    index = columns.class_index
    slack_s = HOUR_S * rng.uniform(setting.slack_low_h, setting.slack_high_h, len(columns))
    start_before_s = submitted_at_s + slack_s
    rows = zip(
        index.tolist(),
        population.is_flex[index].tolist(),
        population.can_resume[index].tolist(),
        population.tenant_id[index].tolist(),
        columns.cores.tolist(),
        submitted_at_s.tolist(),
        columns.run_s.tolist(),
        columns.time_limit_s.tolist(),
        start_before_s.tolist(),
        strict=True,
    )
    return tuple(
        SimulatedJob(
            instance_id=number,
            name=population.names[of_class],
            tenant_id=tenant_id,
            scheduling_type=SchedulingType.FLEX if is_flex else SchedulingType.ON_DEMAND,
            cores=cores,
            submitted_at_s=at_s,
            run_s=run_s,
            time_limit_s=limit_s,
            start_before_s=before_s if is_flex else None,
            end_before_s=before_s + limit_s if is_flex else None,
            can_resume=can_resume,
        )
        for number, (
            of_class,
            is_flex,
            can_resume,
            tenant_id,
            cores,
            at_s,
            run_s,
            limit_s,
            before_s,
        ) in enumerate(rows, start=1)
    )


def finished_jobs(
    columns: JobColumns,
    *,
    population: Population,
    setting: WorkloadSetting,
    start_s: float,
    rng: np.random.Generator,
) -> tuple[FinishedJob, ...]:
    """The columns as jobs that came in the days of history as others will, in order of their ends.

    Those that would not have ended by the start are taken to have begun so much earlier.
    """
    span_s = DAY_S * setting.history_days
    since_s = draw_arrivals_s(
        rng,
        weekly_weights(setting),
        count=len(columns),
        first_plant_s=start_s - span_s - VirtualClock(0.0).now_s,
        span_s=span_s,
    )
    latest_s = start_s - 1.0
    ended_at_s = np.minimum(start_s - span_s + since_s + columns.run_s, latest_s)
    order = np.argsort(ended_at_s, kind="stable")
    rows = zip(
        columns.class_index[order].tolist(),
        columns.time_limit_s[order].tolist(),
        columns.run_s[order].tolist(),
        ended_at_s[order].tolist(),
        columns.cores[order].tolist(),
        strict=True,
    )
    tenants = population.tenant_id.tolist()
    return tuple(
        FinishedJob(
            name=population.names[of_class],
            tenant_id=tenants[of_class],
            time_limit_s=limit_s,
            run_s=run_s,
            ended_at_s=at_s,
            cores=cores,
            scheduling_type=(
                SchedulingType.FLEX if population.is_flex[of_class] else SchedulingType.ON_DEMAND
            ),
        )
        for of_class, limit_s, run_s, at_s, cores in rows
    )


def history_count(n_jobs: int, *, history_days: float, arrival_days: float) -> int:
    """How many jobs ended in the days before, if jobs came then as they come now."""
    return min(round(n_jobs * history_days / arrival_days), MOST_HISTORY)

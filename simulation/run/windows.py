"""When a job's heat is credited: from its arrival to the latest end that a fair policy needs."""

from collections.abc import Sequence

import numpy as np

from domain.jobs.job import SchedulingType
from domain.units import HOUR_S
from simulation.oracle.work import Work
from simulation.run.rack import BOOT_S, work_power_w
from simulation.workload.job import SimulatedJob

#: Servers on warm water are throttled: a job may take so much longer than at full speed.
STRETCH = 1.4
#: What somebody who waits may be made to wait before the heat of his job is no longer credited [s].
GRACE_S = 3600.0


def due_s(job: SimulatedJob) -> float:
    """Unix time after which the job's heat is credited to nobody."""
    if job.end_before_s is not None:
        return job.end_before_s
    run_s = BOOT_S + STRETCH * min(job.run_s, job.time_limit_s)
    if job.scheduling_type is SchedulingType.FLEX and job.start_before_s is not None:
        return job.start_before_s + run_s
    return job.submitted_at_s + GRACE_S + run_s


def work_of(jobs: Sequence[SimulatedJob], origin_s: float) -> Work:
    """The work on offer, in seconds from an instant of Unix time."""
    power_w = np.array([work_power_w(job.cores) for job in jobs])
    run_s = np.array([min(job.run_s, job.time_limit_s) for job in jobs])
    return Work(
        release_s=np.array([job.submitted_at_s for job in jobs]) - origin_s,
        due_s=np.array([due_s(job) for job in jobs]) - origin_s,
        power_w=power_w,
        energy_wh=power_w * run_s / HOUR_S,
    )

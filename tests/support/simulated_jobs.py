"""Jobs of a simulation, as tests want them."""

from dataclasses import replace

from domain.jobs.job import SchedulingType
from simulation.workload.job import SimulatedJob

HOUR_S = 3600.0


def a_job(instance_id: int = 1, *, servers: int = 1, **changes: object) -> SimulatedJob:
    """A job of one hour that came at zero and cannot wait; ``changes`` replace some of it."""
    job = SimulatedJob(
        instance_id=instance_id,
        name="solve",
        tenant_id=1,
        scheduling_type=SchedulingType.ON_DEMAND,
        cores=16 * servers,
        submitted_at_s=0.0,
        run_s=HOUR_S,
        time_limit_s=4 * 3600,
        start_before_s=None,
        end_before_s=None,
        can_resume=False,
    )
    return replace(job, **changes)  # type: ignore[arg-type]


def a_flex_job(instance_id: int = 1, *, start_before_s: float, **changes: object) -> SimulatedJob:
    """A job that may wait until then."""
    return a_job(
        instance_id,
        **{
            "scheduling_type": SchedulingType.FLEX,
            "start_before_s": start_before_s,
            **changes,
        },  # type: ignore[arg-type]
    )

"""Jobs as the simulation knows them, and the lists of them that a run starts from."""

from dataclasses import dataclass

from domain.events import JobQueued
from domain.jobs.job import SchedulingType


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedJob:
    """One job with what only the simulation knows: how long it runs at full speed."""

    instance_id: int
    name: str
    tenant_id: int
    scheduling_type: SchedulingType
    cores: int
    submitted_at_s: float  #: Unix time, as all instants here.
    run_s: float
    time_limit_s: int
    start_before_s: float | None  #: Only Flex jobs have one, and an end that follows from it.
    end_before_s: float | None
    can_resume: bool  #: Keeps its progress when it is stopped.

    def queued(self, *, at_s: float, last_attempt: int) -> JobQueued:
        """The fact that it may start."""
        return JobQueued(
            instance_id=self.instance_id,
            name=self.name,
            tenant_id=self.tenant_id,
            cores=self.cores,
            mem_mib=None,
            whole_node=False,
            scheduling_type=self.scheduling_type.value,
            time_limit_s=self.time_limit_s,
            queued_at_s=at_s,
            start_before_s=self.start_before_s,
            end_before_s=self.end_before_s,
            not_before_s=None,
            last_attempt=last_attempt,
            avoid_node_id=None,
            is_preemptible=self.scheduling_type is SchedulingType.FLEX,
            can_resume=self.can_resume,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """What is known of a job that ended before the simulation starts."""

    name: str
    tenant_id: int
    time_limit_s: int
    run_s: float
    ended_at_s: float
    cores: int
    scheduling_type: SchedulingType


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The jobs of one run in order of arrival, and what came before them."""

    jobs: tuple[SimulatedJob, ...]
    history: tuple[FinishedJob, ...]  #: In order of their ends.
    load_frac: float  #: That the jobs make; near the load asked for.
    n_narrowed: int  #: Drawn wider than the widest site and narrowed to it.
    n_too_large: int  #: Of a log, wider than the widest site; they are not among the jobs.
    too_large_work_frac: float  #: Their share of the core-time of the log.

"""What placement tells jobs apart by."""

from dataclasses import dataclass

from domain.events import JobQueued
from domain.jobs.job import SchedulingType
from scheduler.order.fair_share import Account


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What placement tells jobs apart by; only their age and deadline differ within one.

    A queue has one shape of a kind, so shapes are told apart as objects.
    """

    scheduling_type: str
    cores: int
    mem_mib: int | None
    whole_node: bool
    nodes: int  #: Of one site, each with all of this.
    length: int  #: Place in the table of lengths, see `scheduler.forecast.survival`.
    spread: int
    avoid_node_id: int | None
    excluded: tuple[str, ...]
    requires: tuple[str, ...]
    gpus: int
    gpu_kind: str
    account: Account | None  #: Whose quotas its jobs must keep; None = nobody has any.
    time_limit_s: int | None  #: Of jobs that a safe budget must cover to the end; None = of none.
    reservation_id: int | None
    licences: tuple[str, ...]  #: Seats that each of its jobs takes.

    is_patient: bool  #: Whether its jobs may wait for heat.
    is_brief: bool  #: Patient, and stopped at little cost: it need not stay where heat ends.

    @classmethod
    def of(cls, job: JobQueued, *, length: int, spread: int) -> "Shape":
        """The shape of a job whose run time is believed to stand there in the tables."""
        return cls(*kind_of(job, length, spread, None, None))


Kind = tuple[
    *tuple[str, int, int | None, bool, int, int, int, int | None],
    *tuple[tuple[str, ...], tuple[str, ...], int, str, Account | None, int | None, int | None],
    *tuple[tuple[str, ...], bool, bool],
]


def kind_of(
    job: JobQueued,
    length: int,
    spread: int,
    account: Account | None,
    time_limit_s: int | None,
) -> Kind:
    """All that placement tells jobs apart by, as `Shape` has it."""
    return (
        job.scheduling_type,
        job.cores,
        job.mem_mib,
        job.whole_node,
        job.nodes,
        length,
        spread,
        job.avoid_node_id,
        job.excluded,
        job.requires,
        job.gpus,
        job.gpu_kind,
        account,
        time_limit_s,
        job.reservation_id,
        job.licences,
        job.scheduling_type == SchedulingType.FLEX,
        is_brief(job),
    )


def is_brief(job: JobQueued) -> bool:
    """Whether a job can be stopped for better heat at little cost, and go on elsewhere."""
    return job.is_preemptible and job.can_resume

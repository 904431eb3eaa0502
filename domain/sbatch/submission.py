"""A submission, as asked for by whoever submits and as understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from domain.jobs.array_spec import ArraySpec
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, EndWarning
from domain.sbatch.environment import Asked
from domain.sbatch.exports import Export
from domain.sbatch.licences import LicenceWish
from domain.sbatch.mail import MailWish
from domain.sbatch.note import Note
from domain.sbatch.returns import Returns


class OpenMode(StrEnum):
    """What happens to an output file that is already there."""

    TRUNCATE = "truncate"  #: Emptied at the first start; a relaunch of the same job appends.
    APPEND = "append"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """Everything that decides what a submission means."""

    now_s: float
    script: str | None = None  #: The text; None when ``command`` or ``--wrap`` says what to run.
    script_name: str | None = None  #: Its file name; None for standard input.
    command: Sequence[str] = ()  #: A program and its arguments, run as they are.
    options: Sequence[str] = ()  #: The words of the command line before the script's name.
    arguments: Sequence[str] = ()  #: The words after it.
    environment: Mapping[str, str] = field(default_factory=dict)  #: Of the submitting shell.
    zone: tzinfo = UTC  #: In which ``16:00`` is meant.
    submit_dir: str | None = None  #: The directory that is staged.
    #: What the operator says a partition or QOS name stands for.
    known_names: Mapping[str, SchedulingType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job as its submitter wants it, every default filled in that does not need the fleet."""

    name: str
    script: str | None  #: As staged, without carriage returns.
    interpreter: str | None  #: What follows ``#!`` in the script.
    command: tuple[str, ...]
    arguments: tuple[str, ...]

    cores: int
    ntasks: int
    cpus_per_task: int
    tasks_per_node: int | None
    mem_mib: int | None  #: Of the whole job; None = in proportion to its cores.
    mem_per_cpu_mib: int | None
    whole_node: bool
    asked: tuple[Asked, ...]
    gpus: int
    gpu_kind: str  #: Of which kind they must be; empty = any.
    excluded: tuple[str, ...]  #: Names of nodes on which it must not run.
    wanted_nodes: tuple[str, ...]  #: On one of these it runs; none = on any.
    features: tuple[str, ...]  #: Clauses that its node must meet.
    profile: str | None  #: The program that its node must have.
    nodes: int = 1  #: All of one site; cores, memory and GPUs hold for each of them.

    array: ArraySpec | None  #: None = one instance.
    dependency: str | None  #: What it waits for, as ``parse_dependency`` reads it.
    time_limit_s: int | None  #: Seconds after which the job is killed; None = none was given.
    time_min_s: int | None  #: A shorter limit that would do, where it must end by a deadline.
    scheduling_type: SchedulingType
    begin_s: float | None  #: Unix time before which it does not start.
    deadline_s: float | None  #: Unix time by which it must have ended.
    max_queue_s: int | None  #: Seconds after which it need not start any more.
    max_attempts: int  #: How often it is tried while its program fails.
    warning: EndWarning | None  #: The signal that announces the end; None = TERM alone does.
    requeue: bool | None  #: None = not said.
    is_held: bool
    priority: int  #: Points by which it goes before others; negative = after them.
    reservation: str | None  #: In which it is to run.
    licences: LicenceWish

    stdout_pattern: str
    stderr_pattern: str | None  #: None = joined with stdout.
    stdin_pattern: str | None  #: A file relative to where it runs; None = nothing to read.
    open_mode: OpenMode
    chdir: str | None  #: Relative to the staged directory.
    export: Export
    returns: Returns
    mail: MailWish

    partition: str | None
    qos: str | None
    account: str | None
    comment: str | None

    wait: bool
    parsable: bool
    test_only: bool
    notes: tuple[Note, ...]

    @property
    def start_before_s(self) -> float | None:
        """Unix time by which it must start, so that the shortest run that will do ends in time."""
        if self.deadline_s is None:
            return None
        return self.deadline_s - (self.time_min_s or self.time_limit_s or DEFAULT_TIME_LIMIT_S)

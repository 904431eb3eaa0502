"""What a submitter asked for, complete enough to run it anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.fleet.profiles import wish_tag
from domain.jobs.array_spec import ArraySpec
from domain.jobs.job import SchedulingType
from domain.jobs.requirements import Requires, node_tag

#: Seconds a claimed attempt may go without a renewed lease (reliability reference, section 2.4).
DEFAULT_DISCONNECT_TOLERANCE_S = 900
#: Time limit of a job that names none [s], for every tenant and node: no setting changes it.
DEFAULT_TIME_LIMIT_S = 3600
#: A ``Flex`` job without a deadline starts within a day (DESIGN, section 5).
DEFAULT_FLEX_WAIT_S = 86_400
#: How long before the end a warning comes that names no time [s].
DEFAULT_WARNING_LEAD_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one instance needs on its node, or on each of its nodes, while it runs."""

    cores: int = 1
    ntasks: int = 1  #: Of all nodes together.
    cpus_per_task: int = 1
    tasks_per_node: int | None = None
    nodes: int = 1  #: All of one site; what else is said here holds for each of them.
    mem_mib: int | None = None  #: None = the node's memory in proportion to the cores.
    mem_per_cpu_mib: int | None = None
    whole_node: bool = False
    gpus: int = 0
    gpu_kind: str = ""  #: Of which kind they must be; empty = any.
    time_limit_s: int | None = None  #: None = ``DEFAULT_TIME_LIMIT_S``. Not an estimate.
    time_min_s: int | None = None  #: A shorter limit it accepts, to end by its deadline.


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file copied into the working directory before the start."""

    path: str  #: Relative to the working directory.
    sha256: str
    size_bytes: int
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWarning:
    """Which signal comes how long before the end, and to whom."""

    signal_number: int
    lead_s: int = DEFAULT_WARNING_LEAD_S
    to_shell_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One submission, as stored and as sent to the node that runs it."""

    name: str
    command: tuple[str, ...] = ()  #: Run as it is when there is no script.
    script: str | None = None  #: Staged and run through its own ``#!`` line.
    arguments: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)
    asked: tuple[str, ...] = ()  #: Size options that were given: they decide SLURM_* variables.
    scheduling_type: SchedulingType = SchedulingType.ON_DEMAND
    start_before_s: float | None = None  #: Unix time by which it must start to end by its deadline.
    not_before_s: float | None = None
    deadline_s: float | None = None  #: Unix time; a job that still waits then is given up.
    max_queue_s: int | None = None  #: Seconds after which a waiting job is given up.
    stdout_pattern: str | None = None
    stderr_pattern: str | None = None  #: None = joined with stdout.
    stdin_pattern: str | None = None  #: Relative to where it runs; None = nothing to read.
    append_output: bool = False
    chdir: str | None = None
    partition: str | None = None
    qos: str | None = None
    project: str | None = None
    comment: str | None = None
    warning: EndWarning | None = None  #: The signal that announces a stop.
    requeue: bool | None = None  #: False = held for a person when its node is lost.
    excluded: tuple[str, ...] = ()  #: Names of nodes on which it must not run.
    wanted_nodes: tuple[str, ...] = ()  #: It runs on one of these; none = on any.
    features: tuple[str, ...] = ()  #: Clauses that its node must meet.
    profile: str | None = None  #: The program that its node must have; see `domain.fleet.profiles`.
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    results: tuple[str, ...] = ()  #: Patterns of what comes back; none = all that is new.
    excluded_results: tuple[str, ...] = ()  #: Patterns of what stays behind.
    copy_results_every_s: int | None = None  #: While it runs; None = only at its end.
    checkpoint_every_s: int | None = None  #: None = it starts from the beginning each time.
    mail_to: tuple[str, ...] = ()  #: Who is written to; none = nobody.
    mail_types: tuple[str, ...] = ()  #: When: types of ``domain.notices.notice``.
    array: ArraySpec | None = None  #: None = one instance.
    dependency: str | None = None  #: What it waits for, as ``parse_dependency`` reads it.
    is_held: bool = False
    priority: int = 0  #: Points by which it goes before others; negative = after them.
    reservation: str | None = None  #: The name of the reservation in which it is to run.
    reservation_id: int | None = None  #: Its number, once the name was looked up.
    licences: tuple[str, ...] = ()  #: Seats that it takes while it runs; `domain.fleet.licences`.
    max_attempts: int = 1  #: Failures of the program after which it is not tried again.
    disconnect_tolerance_s: int = DEFAULT_DISCONNECT_TOLERANCE_S
    submit_host: str | None = None
    submit_user: str | None = None
    notes: tuple[str, ...] = ()  #: What was said aloud at submit; repeated by ``explain``.

    @property
    def can_resume(self) -> bool:
        """Whether a new attempt goes on from what the one before left in ``checkpoint/``."""
        return self.checkpoint_every_s is not None

    @property
    def requires(self) -> Requires:
        """All that its node must meet, beside its size."""
        named = "|".join(node_tag(name) for name in self.wanted_nodes)
        program = () if self.profile is None else (wish_tag(self.profile),)
        return (*self.features, *((named,) if named else ()), *program)

    @property
    def is_preemptible(self) -> bool:
        """Only ``Flex`` work may be stopped for heat, and not against ``--no-requeue``."""
        return self.scheduling_type is SchedulingType.FLEX and self.requeue is not False

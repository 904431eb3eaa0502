"""Facts the engine learns, in the past tense. Fields are plain JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQueued:
    """An instance may start: newly submitted, released, or returned to the queue."""

    instance_id: int
    name: str
    tenant_id: int
    cores: int
    mem_mib: int | None
    whole_node: bool
    scheduling_type: str
    time_limit_s: int
    queued_at_s: float
    start_before_s: float | None
    end_before_s: float | None  #: Deadline of its end; ``start_before_s`` follows from its limit.
    not_before_s: float | None
    last_attempt: int  #: 0 when it was never assigned.
    avoid_node_id: int | None  #: The node on which its last attempt failed or was lost.
    is_preemptible: bool  #: May be stopped for better heat and queued again.
    can_resume: bool  #: Keeps its progress when stopped; otherwise it begins from nothing.
    excluded: tuple[str, ...] = ()  #: Names of nodes on which it must not run.
    array_id: int | None = None  #: The job whose array it belongs to.
    at_once: int | None = None  #: So many of that array may be placed at once; None = no limit.
    requires: tuple[str, ...] = ()  #: Clauses that a node must meet; `domain.jobs.requirements`.
    nodes: int = 1  #: Of one site, each with all that is said here, at once or not at all.
    gpus: int = 0
    gpu_kind: str = ""  #: Of which kind they must be; empty = any.
    project: str = ""  #: Of its tenant, under which it counts; empty = none.
    priority: int = 0  #: Points by which a person moved it before others, or after them.
    reservation_id: int | None = None  #: In which it is to run, as long as that lasts.
    licences: tuple[str, ...] = ()  #: Seats it takes while it runs; see `domain.fleet.licences`.


@dataclass(frozen=True, slots=True, kw_only=True)
class JobArrayQueued:
    """Many instances of one array may start, all alike: one event, whatever their number."""

    alike: JobQueued  #: The first of them; the others differ in nothing but their number.
    first_ids: tuple[int, ...]  #: Of each run of neighbouring numbers, ascending.
    last_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobArrayWithdrawn:
    """Of an array, the waiting or offered instances among these will not start."""

    array_id: int
    first_ids: tuple[int, ...]
    last_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWithdrawn:
    """A waiting or offered instance will not start: cancelled or held."""

    instance_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged:
    """A person moved a job, or all instances of an array, before others or after them."""

    job_id: int
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptClaimed:
    """A node took the offer and started the program; of several nodes, all of them did."""

    instance_id: int
    attempt: int
    node_id: int  #: The one that runs its script.
    member_ids: tuple[int, ...] = ()  #: Its further nodes, where it has several.
    started_at_s: float | None = None  #: None = just now.


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt no longer holds the cores of any node."""

    instance_id: int
    attempt: int
    node_id: int
    reason: str
    wall_s: float  #: 0 when it never started.


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLeft:
    """What a safe budget has for jobs up to their time limits, and at which rates they take it."""

    measure: str
    left: float  #: Of its limit, when what has ended is taken off; in what it counts.
    per_core_s: Mapping[str, float]  #: What a second of one core takes, by scheduling type.
    per_wh: float  #: What a watt-hour takes.
    currency: str = ""  #: Of a cost.


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaSet:
    """What a tenant, or one project of it, may have on nodes; another limit than before."""

    tenant_id: int
    project: str  #: '' = the whole tenant.
    cores: int | None = None  #: At once; None = no limit.
    jobs: int | None = None  #: The same of running instances.
    is_spent: bool = False  #: A budget of it is used up: nothing more starts.
    budgets: tuple[BudgetLeft, ...] = ()  #: The safe ones.


@dataclass(frozen=True, slots=True, kw_only=True)
class LicencesSet:
    """How many seats of each licence jobs may have at once, as the operator declared."""

    seats: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeJoined:
    """A node is up: enrolled, back, or with a changed inventory."""

    node_id: int
    site_id: int
    site_name: str
    name: str
    cores: int
    mem_mib: int
    idle_power_w: float
    max_power_w: float
    capture_frac: float
    storage_wh_per_k: float
    limit_temp_c: float
    floor_temp_c: float  #: Water at this temperature holds no useful heat.
    is_preheat: bool  #: The boiler stands behind the tank, not in it: warm water is enough.
    features: tuple[str, ...] = ()  #: What a job may ask for by name.
    gpus: tuple[str, ...] = ()  #: The model of each device.
    profiles: tuple[str, ...] = ()  #: Programs with their versions: ``openfoam/2312``.
    is_closed: bool = False  #: Its jobs are kept off the network, so none runs on several nodes.


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLeft:
    """No new work for this node: silent for too long, or drained."""

    node_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTaken:
    """What a node's instruments said."""

    node_id: int
    taken_at_s: float
    water_temp_c: float
    heat_demand_w: float
    headroom_wh: float
    time_factor: float
    accepts_work: bool  #: False while local control holds the node back.


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherForecast:
    """What the air is expected to be like, hour by hour, as a forecaster said."""

    site_ids: tuple[int, ...]  #: Empty = every site.
    first_hour_s: float  #: Unix time at which the first value begins to hold.
    outdoor_temp_c: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeRestored:
    """What earlier runs of the engine learned of demand and durations, as plain JSON values."""

    knowledge: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationMade:
    """Nodes are set aside for a time: only jobs that name the reservation run there then."""

    reservation_id: int
    starts_at_s: float
    ends_at_s: float
    node_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRemoved:
    """They are not set aside any more."""

    reservation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSet:
    """By which terms waiting jobs are ordered, as the operator chose; all in points."""

    age: float  #: For each hour of waiting; never 0, so that everybody's turn comes.
    priority: float  #: For each point that a person gave.
    tenant_share: float  #: Of a tenant that took nothing of late.
    project_share: float  #: Of a project that took nothing of late, among those of its tenant.
    size: float  #: Of a job as large as the largest node.
    half_life_s: float  #: What was taken so long ago counts half.
    #: What each may take, in parts, by ``TENANT_ID`` or ``TENANT_ID/PROJECT``; default 1.
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecalled:
    """Core time of attempts that ended since the knowledge of earlier runs was saved."""

    tenant_id: int
    project: str
    core_s: float
    ended_at_s: float  #: When the newest of them ended.


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Nothing happened but time: what waited for water or for an hour is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted:
    """A new scheduler run begins from an empty engine; the facts that fill it follow."""

    policy: str
    version: str


Event = (
    JobQueued
    | JobArrayQueued
    | JobWithdrawn
    | JobArrayWithdrawn
    | PriorityChanged
    | AttemptClaimed
    | AttemptEnded
    | QuotaSet
    | LicencesSet
    | NodeJoined
    | NodeLeft
    | ReadingTaken
    | WeatherForecast
    | KnowledgeRestored
    | ReservationMade
    | ReservationRemoved
    | OrderSet
    | UsageRecalled
    | TimePassed
    | EngineStarted
)

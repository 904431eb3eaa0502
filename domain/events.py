"""Facts the engine learns, in the past tense. Fields are plain JSON values."""

from dataclasses import dataclass


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
    not_before_s: float | None
    last_attempt: int  #: 0 when it was never assigned.
    avoid_node_id: int | None  #: The node on which its last attempt failed or was lost.


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWithdrawn:
    """A waiting or offered instance will not start: cancelled or held."""

    instance_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptClaimed:
    """A node took the offer and started the program."""

    instance_id: int
    attempt: int
    node_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt no longer holds its node's cores."""

    instance_id: int
    attempt: int
    node_id: int
    reason: str
    wall_s: float  #: 0 when it never started.


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
class EngineStarted:
    """A new scheduler run begins from an empty engine; the facts that fill it follow."""

    policy: str
    version: str


Event = (
    JobQueued
    | JobWithdrawn
    | AttemptClaimed
    | AttemptEnded
    | NodeJoined
    | NodeLeft
    | ReadingTaken
    | EngineStarted
)

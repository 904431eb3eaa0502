"""Orders the engine gives, in the imperative."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One node as the policy saw it when it decided."""

    node_id: int
    node_name: str
    water_temp_c: float
    free_cores: int
    score: float  #: What the policy ranked it by; for ours the share of its heat that is used.
    charge_frac: float | None = None  #: State of charge: share in use of what its water can hold.


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reason for a decision, kept with it and shown by ``explain``."""

    code: str
    candidates: tuple[Candidate, ...] = ()
    heat_wh: float | None = None  #: That the job is expected to bring within a day.
    waited_s: float | None = None
    start_within_s: float | None = None  #: It could have waited so much longer.
    kept_for: int | None = None  #: The wider instance for which the node is kept; not delayed.


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignAttempt:
    """Offer this attempt of an instance to a node, or to several of one site at once."""

    instance_id: int
    attempt: int
    node_id: int  #: The one that runs its script.
    member_ids: tuple[int, ...] = ()  #: Its further nodes, where it has several.
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class PreemptAttempt:
    """Stop a running attempt so that its node can do something better; it will queue again."""

    instance_id: int
    attempt: int
    node_id: int
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPower:
    """Ask a node to stay below a power for a time: advice, obeyed as far as its own law allows."""

    node_id: int
    power_cap_frac: float  #: Of its maximum power; 1 lifts the limit.
    valid_for_s: float
    why: Why


Command = AssignAttempt | PreemptAttempt | LimitPower

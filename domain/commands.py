"""Orders the engine gives, in the imperative."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One node as the policy saw it when it decided."""

    node_id: int
    node_name: str
    water_temp_c: float
    promised_temp_c: float  #: Water temperature counting heat already promised to it.
    free_cores: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reason for a decision, kept with it and shown by ``explain``."""

    code: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignAttempt:
    """Offer this attempt of an instance to a node."""

    instance_id: int
    attempt: int
    node_id: int
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class PreemptAttempt:
    """Stop a running attempt so that its node can do something better; it will queue again."""

    instance_id: int
    attempt: int
    node_id: int
    why: Why


Command = AssignAttempt | PreemptAttempt

"""What a node and the API say to each other about attempts (DESIGN, section 4)."""

from dataclasses import dataclass
from enum import StrEnum

from domain.files.job_files import ResultFile
from domain.jobs.job import EndReason


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AttemptKey:
    """The fencing token: which try of which instance."""

    instance_id: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GangNode:
    """One of the nodes of an attempt that runs on several."""

    name: str
    host_name: str
    cores: int  #: That the attempt has there.
    address: str | None  #: Where it listens for the others; None for the one that runs the script.


@dataclass(frozen=True, slots=True, kw_only=True)
class Gang:
    """A node's place in an attempt that runs on several."""

    place: int  #: 0 runs the script; the others start what that one asks for.
    nodes: tuple[GangNode, ...] = ()  #: All, in the order of their places; told to place 0 only.


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claimed attempt, with all a node needs to run it."""

    key: AttemptKey
    job_id: int
    array_index: int | None  #: None outside an array.
    spec: dict[str, object]  #: As ``wire.to_plain`` wrote it; read by ``wire.load_spec``.
    tenant: str
    lease_ttl_s: int
    gang: Gang | None = None  #: None where it runs on one node.


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How an attempt ended, reported once or many times, counted once."""

    key: AttemptKey
    boot_id: str
    reason: EndReason
    exit_code: int | None
    detail: str | None = None  #: One sentence for the submitter, where the reason needs one.
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    files: tuple[ResultFile, ...] = ()


class CompletionResult(StrEnum):
    """What became of a report."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  #: It was accepted before; the answer had been lost.
    WAITING = "waiting"  #: Other nodes still hold a part of it: to be reported again.
    FENCED = "fenced"  #: Another attempt has the job; kept, never billed.
    UNKNOWN = "unknown"  #: No such attempt on this node.


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Stop this attempt."""

    key: AttemptKey
    reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredLimit:
    """An attempt may run no longer than so from its start on."""

    key: AttemptKey
    time_limit_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAdvice:
    """How much power the scheduler wishes a node to take; its own law may allow less."""

    power_cap_frac: float  #: Of its maximum power.
    valid_for_s: float  #: From now on; then it is forgotten.

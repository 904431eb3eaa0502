"""The placement seam: a policy turns a view of the cluster into a plan, and answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.state.cluster import ClusterState


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a policy may look at; it changes nothing in it."""

    state: ClusterState
    now_s: float
    #: Since its last plan, the water was looked at again: patient jobs may find heat wanted.
    is_refresh: bool = True

    def expect_s(self, job: JobQueued) -> float:
        """How long the job is expected to run [s]."""
        return self.state.durations.expect_s(job.tenant_id, job.name, job.time_limit_s)


@dataclass(frozen=True, slots=True)
class Placement:
    """A job, the node it goes to now, and the reason."""

    job: JobQueued
    row: int  #: Of the node in the fleet's table.
    why: Why
    members: tuple[int, ...] = ()  #: Rows of its further nodes, where it has several.

    @property
    def rows(self) -> tuple[int, ...]:
        """All its nodes."""
        return (self.row, *self.members)


@dataclass(frozen=True, slots=True)
class Stop:
    """A running job that should give way, and the reason."""

    instance_id: int
    why: Why


@dataclass(frozen=True, slots=True)
class PowerCap:
    """A node that should stay below a share of its power for a while, and the reason."""

    row: int
    power_cap_frac: float
    why: Why


Step = Placement | Stop | PowerCap


class Keeps(Enum):
    """For which of the jobs that are too wide for any node now one is kept."""

    NOBODY = auto()
    THE_FIRST = auto()  #: In line, and for no other.
    EACH_KIND = auto()  #: The first of each.


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a policy looks at a waiting job, and whether it starts then if a node has room."""

    #: Those at a lower one are looked at before it: a stage of the plan, and a place within that.
    place: tuple[int, float, float, int]
    words: str  #: Who goes before whom, after "2 jobs are ahead of it, as".
    #: It waits for room alone: whatever the water says, it starts where it fits.
    is_due: bool
    keeps: Keeps
    is_by_age: bool = True  #: Whether jobs of its stage come by their age, not by last moments.
    latest_s: float | None = None  #: When it is due if it is not yet; None = that is not foreseen.


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """Why a policy does not start a job that has room on some node."""

    code: str
    row: int | None = None  #: Of the node that is nearest to it.
    has: float = 0.0  #: What that node has of what decides,
    asks: float = 0.0  #: and what the job asks for.
    heat_wh: float | None = None  #: That the job would bring there within a day.


class Policy(Protocol):
    """Decides where waiting jobs start, which give way, and what power nodes may draw."""

    @property
    def name(self) -> str:
        """The name used on the command line and in logs, its settings included."""
        ...

    def fresh(self) -> "Policy":
        """The same policy with no memory, for an engine that starts."""
        ...

    def plan(self, view: View) -> Sequence[Step]:
        """What should be done now, most urgent first."""
        ...

    def turn(self, view: View, job: JobQueued) -> Turn:
        """When its plan looks at a waiting job."""
        ...

    def why_not(self, view: View, job: JobQueued) -> WhyNot | None:
        """Why it would not start a job that has room on a node, if nobody were before it.

        None where it would.
        """
        ...

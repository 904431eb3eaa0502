"""The placement seam: a policy turns a view of the cluster into a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
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

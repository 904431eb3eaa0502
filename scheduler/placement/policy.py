"""The placement seam: a policy is a value that turns a view of the cluster into a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.commands import Why
from domain.events import JobQueued
from scheduler.forecast.duration import DurationForecast
from scheduler.placement.cluster import ClusterState


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a policy may look at; it changes nothing in it."""

    state: ClusterState
    durations: DurationForecast
    now_s: float

    def expect_s(self, job: JobQueued) -> float:
        """How long the job is expected to run [s]."""
        return self.durations.expect_s(job.tenant_id, job.name, job.time_limit_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A job, the node it goes to now, and the reason."""

    job: JobQueued
    node_id: int
    why: Why


class Policy(Protocol):
    """Decides where waiting jobs start."""

    @property
    def name(self) -> str:
        """The name used on the command line and in logs."""
        ...

    def plan(self, view: View) -> Sequence[Placement]:
        """What should start now, most urgent first."""
        ...

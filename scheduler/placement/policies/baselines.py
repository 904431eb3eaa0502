"""Policies to be compared with, which know nothing of heat or little: no job waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.policy import Step, View
from scheduler.placement.policies.greedy import PlainRule, plan_by_age

Floats = NDArray[np.float64]

RANDOM_NODE = "random_node"
NEXT_IN_TURN = "next_in_turn"
LEAST_LOADED = "least_loaded"
COLDEST_WATER = "coldest_water"


@dataclass(frozen=True, slots=True)
class RandomNode(PlainRule):
    """Any node with room; which one follows from the job's number, so that a log replays."""

    name: str = "random"

    def fresh(self) -> "RandomNode":
        """It has no memory."""
        return self

    def plan(self, view: View) -> Sequence[Step]:
        """Jobs by age."""
        return plan_by_age(view, _any_node, RANDOM_NODE)


def _any_node(draft: Draft, job: JobQueued) -> Floats:
    seed = [job.instance_id, job.last_attempt]
    return np.random.default_rng(seed).random(draft.fleet.nodes.n_rows)


@dataclass(slots=True)
class RoundRobin(PlainRule):
    """Each node with room in turn."""

    name: str = "round-robin"
    _last_row: int = field(default=-1, init=False)

    def fresh(self) -> "RoundRobin":
        """Begin with the first node again."""
        return RoundRobin()

    def plan(self, view: View) -> Sequence[Step]:
        """Jobs by age."""

        def turn(draft: Draft, job: JobQueued) -> Floats:
            n_nodes = draft.fleet.nodes.n_rows
            distance = (np.arange(n_nodes) - self._last_row - 1) % n_nodes
            fitting = draft.fitting(job)
            self._last_row = int(np.argmin(np.where(fitting, distance, n_nodes)))
            return -distance.astype(np.float64)

        return plan_by_age(view, turn, NEXT_IN_TURN)


@dataclass(frozen=True, slots=True)
class LeastLoaded(PlainRule):
    """The node with the largest share of its cores free, as batch systems spread work."""

    name: str = "least-loaded"

    def fresh(self) -> "LeastLoaded":
        """It has no memory."""
        return self

    def plan(self, view: View) -> Sequence[Step]:
        """Jobs by age."""
        return plan_by_age(view, free_share, LEAST_LOADED)


def free_share(draft: Draft, job: JobQueued) -> Floats:  # noqa: ARG001 - a liking's signature
    """Share of each node's cores that is free."""
    return draft.free_cores / draft.fleet.nodes.cores


@dataclass(frozen=True, slots=True)
class ColdestTank(PlainRule):
    """The site whose water holds the smallest share of what it could: the obvious rule.

    Water of a pool and of a hot-water tank cannot be compared in degrees; the state of charge
    can. Among equals the emptier node is taken.
    """

    name: str = "coldest"

    def fresh(self) -> "ColdestTank":
        """It has no memory."""
        return self

    def plan(self, view: View) -> Sequence[Step]:
        """Jobs by age."""
        return plan_by_age(view, _coldness, COLDEST_WATER)


def _coldness(draft: Draft, job: JobQueued) -> Floats:
    charge = draft.charge_frac[draft.fleet.nodes.site]
    return np.asarray(-charge + 1e-4 * free_share(draft, job), dtype=np.float64)

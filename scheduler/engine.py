"""The pure engine: facts in, orders out. Time is an argument; the same log gives the same orders.

Production feeds it from the event log, simulation from a plant; neither can tell which.
"""

from collections.abc import Sequence
from typing import assert_never

from domain.commands import AssignAttempt, Command
from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    EngineStarted,
    Event,
    JobQueued,
    JobWithdrawn,
    NodeJoined,
    NodeLeft,
    ReadingTaken,
)
from domain.job import EndReason
from domain.sizing import core_need
from scheduler.forecast.duration import DurationForecast
from scheduler.placement.cluster import (
    TURNOVER_MEMORY_S,
    ClusterState,
    NodeBelief,
    Occupation,
)
from scheduler.placement.policy import Placement, Policy, View

ENGINE_VERSION = "1"


class Engine:
    """Owns what is believed of the cluster; the only place that changes it."""

    def __init__(self, policy: Policy) -> None:
        """Start knowing nothing, deciding by this policy."""
        self.policy = policy
        self.state = ClusterState()
        self.durations = DurationForecast()

    def handle(self, events: Sequence[Event], now_s: float) -> list[Command]:
        """Take in what happened, in order, and answer with what should be done about it."""
        for event in events:
            self._on(event, now_s)
        if not len(self.state.queue):
            return []
        view = View(state=self.state, durations=self.durations, now_s=now_s)
        return [self._place(placement, now_s) for placement in self.policy.plan(view)]

    def _on(self, event: Event, now_s: float) -> None:
        match event:
            case JobQueued():
                self.state.queue.add(event)
            case JobWithdrawn():
                self.state.queue.remove(event.instance_id)
                self._release(event.instance_id, now_s)
            case AttemptClaimed():
                self._on_attempt_claimed(event, now_s)
            case AttemptEnded():
                self._on_attempt_ended(event, now_s)
            case NodeJoined():
                self._on_node_joined(event)
            case NodeLeft():
                self.state.open_nodes.discard(event.node_id)
            case ReadingTaken():
                if (node := self.state.nodes.get(event.node_id)) is not None:
                    node.reading = event
            case EngineStarted():
                self.state = ClusterState()
                self.durations = DurationForecast()
            case _:
                assert_never(event)

    def _on_attempt_claimed(self, event: AttemptClaimed, now_s: float) -> None:
        """The start; an attempt not held here was offered by an engine before this one."""
        occupation = self.state.occupations.get(event.instance_id)
        if occupation is None or occupation.attempt != event.attempt:
            occupation = self._adopt(event, now_s)
        if occupation is not None:
            occupation.is_running = True
            occupation.since_s = now_s

    def _adopt(self, event: AttemptClaimed, now_s: float) -> Occupation | None:
        job = self.state.queue.remove(event.instance_id)
        node = self.state.nodes.get(event.node_id)
        if job is None or node is None:
            return None
        occupation = Occupation(
            job=job,
            attempt=event.attempt,
            node_id=event.node_id,
            cores=core_need(job, node.facts),
            since_s=now_s,
            expected_s=self._expect_s(job),
        )
        self.state.occupy(occupation)
        return occupation

    def _on_attempt_ended(self, event: AttemptEnded, now_s: float) -> None:
        held = self.state.occupations.get(event.instance_id)
        if held is None or held.attempt != event.attempt:
            return
        self._release(event.instance_id, now_s)
        if event.reason == EndReason.COMPLETED:
            self.durations.learn(held.job.tenant_id, held.job.name, event.wall_s)

    def _release(self, instance_id: int, now_s: float) -> None:
        occupation = self.state.vacate(instance_id)
        if occupation is None:
            return
        node = self.state.nodes[occupation.node_id]
        node.turnover_per_s = node.turnover_at(now_s) + occupation.cores / TURNOVER_MEMORY_S
        node.last_release_s = now_s

    def _on_node_joined(self, event: NodeJoined) -> None:
        node = self.state.nodes.get(event.node_id)
        if node is None:
            self.state.nodes[event.node_id] = NodeBelief(facts=event)
        else:
            node.facts = event
        self.state.open_nodes.add(event.node_id)

    def _place(self, placement: Placement, now_s: float) -> Command:
        job = placement.job
        self.state.queue.remove(job.instance_id)
        node = self.state.nodes[placement.node_id]
        self.state.occupy(
            Occupation(
                job=job,
                attempt=job.last_attempt + 1,
                node_id=placement.node_id,
                cores=core_need(job, node.facts),
                since_s=now_s,
                expected_s=self._expect_s(job),
            )
        )
        return AssignAttempt(
            instance_id=job.instance_id,
            attempt=job.last_attempt + 1,
            node_id=placement.node_id,
            why=placement.why,
        )

    def _expect_s(self, job: JobQueued) -> float:
        return self.durations.expect_s(job.tenant_id, job.name, job.time_limit_s)

"""The scheduler's engine under virtual time, on the plant: the other shell of one engine.

The engine hears of the water only through readings, and of jobs only through events, as it does
in production. Between two events everything is constant, so a step ends where the next job
arrives or ends, or where the next reading is due.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from domain.commands import AssignAttempt, Command, PreemptAttempt
from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    EngineStarted,
    Event,
    NodeJoined,
    ReadingTaken,
)
from domain.job import EndReason
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.placement.policy import Policy
from simulation.clock import VirtualClock
from simulation.fleet_run import FleetRun
from simulation.machines import Machine, Task
from simulation.sites import SimulatedSite
from simulation.workload import SimulatedJob

#: The scheduler believes no reading older than a minute, and the plant takes no longer step.
READING_EVERY_S = 60.0
#: What the scheduler believes of a node: the default that a node declares.
_CAPTURE_BELIEF_FRAC = 0.95
_CORE_MEM_MIB = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a simulation starts from: one node a site."""

    sites: tuple[SimulatedSite, ...]
    node_cores: int


@dataclass(slots=True)
class JobCounts:
    """What became of the jobs so far."""

    waits_s: dict[str, list[float]]  #: From submission to first start, by scheduling type.
    ends: dict[str, int]  #: Attempts that ended, by reason.
    n_arrived: int = 0
    n_waiting: int = 0
    n_running: int = 0


class Simulation:
    """One policy on one world with one list of jobs."""

    def __init__(
        self, *, world: World, jobs: Sequence[SimulatedJob], policy: Policy, clock: VirtualClock
    ) -> None:
        """Stand at the start; jobs are in order of arrival."""
        self._world = world
        self._jobs = jobs
        self._by_id = {job.instance_id: job for job in jobs}
        self._clock = clock
        self.engine = Engine(policy)
        self._machines = {
            node_id: Machine(world.node_cores) for node_id in range(1, len(world.sites) + 1)
        }
        self._first_starts: set[int] = set()
        self.counts = JobCounts(waits_s={}, ends={})
        self.fleet_run = FleetRun(
            world.sites, plant_time_s=clock.plant_time_s, period_s=READING_EVERY_S
        )

    def run(self, span_s: float) -> None:
        """Let this much time pass."""
        end_s = self._clock.now_s + span_s
        self.fleet_run.note_registers(self._clock.now_s)
        next_reading_s = self._clock.now_s
        started = EngineStarted(policy=self.engine.policy.name, version=ENGINE_VERSION)
        events: list[Event] = [started, *self._joined()]
        while True:
            if self._clock.now_s >= next_reading_s:
                events += self._readings()
                next_reading_s += READING_EVERY_S
            events += self._arrivals()
            self._decide(events)
            if self._clock.now_s >= end_s:
                break
            self._pass_time(min(next_reading_s, end_s))
            events = list(self._ended())
        self.fleet_run.note_registers(self._clock.now_s)
        self.counts.n_running = sum(len(machine) for machine in self._machines.values())
        self.counts.n_waiting = self.counts.n_arrived - self.counts.n_running - self._finished()

    # Facts for the engine.

    def _joined(self) -> Iterator[NodeJoined]:
        for node_id, site in enumerate(self._world.sites, start=1):
            yield NodeJoined(
                node_id=node_id,
                site_id=node_id,
                site_name=site.name,
                name=site.name,
                cores=self._world.node_cores,
                mem_mib=self._world.node_cores * _CORE_MEM_MIB,
                idle_power_w=site.idle_power_w,
                max_power_w=site.max_power_w,
                capture_frac=_CAPTURE_BELIEF_FRAC,
                storage_wh_per_k=site.storage_wh_per_k,
                limit_temp_c=site.limit_temp_c,
            )

    def _readings(self) -> Iterator[ReadingTaken]:
        for reading in self.fleet_run.look(self._clock.now_s):
            yield ReadingTaken(
                node_id=reading.node_id,
                taken_at_s=reading.taken_at_s,
                water_temp_c=reading.water_temp_c,
                heat_demand_w=reading.heat_demand_w,
                headroom_wh=reading.headroom_wh,
                time_factor=reading.time_factor,
                accepts_work=reading.accepts_work,
            )

    def _arrivals(self) -> Iterator[Event]:
        now_s = self._clock.now_s
        while self._next_arrival_s() <= now_s:
            job = self._jobs[self.counts.n_arrived]
            self.counts.n_arrived += 1
            yield job.queued(at_s=job.submitted_at_s, last_attempt=0)

    def _ended(self) -> Iterator[Event]:
        for node_id, machine in self._machines.items():
            for task in machine.take_ended(self._clock.now_s):
                reason = EndReason.COMPLETED if task.is_done else EndReason.TIME_LIMIT
                yield self._end(task, node_id, reason)

    def _end(self, task: Task, node_id: int, reason: EndReason) -> AttemptEnded:
        self.counts.ends[reason.value] = self.counts.ends.get(reason.value, 0) + 1
        return AttemptEnded(
            instance_id=task.job.instance_id,
            attempt=task.attempt,
            node_id=node_id,
            reason=reason.value,
            wall_s=self._clock.now_s - task.started_at_s,
        )

    # Orders of the engine.

    def _decide(self, events: Sequence[Event]) -> None:
        """Ask until the engine has no further order and the machines no further fact."""
        commands = self.engine.handle(events, self._clock.now_s)
        facts = self._obey(commands)
        while facts:
            commands = self.engine.handle(facts, self._clock.now_s)
            facts = self._obey(commands)

    def _obey(self, commands: Sequence[Command]) -> list[Event]:
        facts: list[Event] = []
        for command in commands:
            match command:
                case AssignAttempt():
                    job = self._by_id[command.instance_id]
                    self._machines[command.node_id].offer(job, command.attempt)
                case PreemptAttempt():
                    facts += self._preempt(command)
        for node_id, machine in self._machines.items():
            for task in machine.start(self._clock.now_s):
                self._note_start(task)
                facts.append(
                    AttemptClaimed(
                        instance_id=task.job.instance_id, attempt=task.attempt, node_id=node_id
                    )
                )
        return facts

    def _preempt(self, command: PreemptAttempt) -> Iterator[Event]:
        task = self._machines[command.node_id].stop(command.instance_id)
        if task is not None:
            yield self._end(task, command.node_id, EndReason.PREEMPTED)
            yield task.job.queued(at_s=self._clock.now_s, last_attempt=task.attempt)

    def _note_start(self, task: Task) -> None:
        if task.job.instance_id not in self._first_starts:
            self._first_starts.add(task.job.instance_id)
            waits_s = self.counts.waits_s.setdefault(task.job.scheduling_type.value, [])
            waits_s.append(self._clock.now_s - task.job.submitted_at_s)

    # Time.

    def _pass_time(self, until_s: float) -> None:
        """Let plant and machines go on together to the next event, or to this instant."""
        now_s = self._clock.now_s
        machines = list(self._machines.values())
        use_frac = np.array([machine.use_frac for machine in machines])
        speeds = self.fleet_run.speed_frac(use_frac)
        ends_s = [
            machine.next_end_s(now_s, float(speed))
            for machine, speed in zip(machines, speeds, strict=True)
        ]
        span_s = min(until_s - now_s, self._next_arrival_s() - now_s, *ends_s)
        self.fleet_run.advance(use_frac, span_s)
        for machine, speed in zip(machines, speeds, strict=True):
            machine.work(span_s, float(speed))
        self._clock.advance(span_s)

    def _next_arrival_s(self) -> float:
        arrived = self.counts.n_arrived
        return self._jobs[arrived].submitted_at_s if arrived < len(self._jobs) else float("inf")

    def _finished(self) -> int:
        ends = self.counts.ends
        return sum(count for reason, count in ends.items() if reason != EndReason.PREEMPTED)

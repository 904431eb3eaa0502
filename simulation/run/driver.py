"""The scheduler's engine under virtual time, on the plant: the other shell of one engine.

The engine hears of the water only through readings, and of jobs only through events, as it does
in production. Jobs begin and end at their own instants; the plant goes on in steps, each with the
mean power that the servers took over it. The law of `node_agent.heat.control`, which looks every
second, does not run here, but what it comes to over a step: power at which the water just stays
within its limit (`plant.stepping.allowed_power_w`). The law itself stays half a kelvin to three
below.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.commands import AssignAttempt, Command, LimitPower, PreemptAttempt
from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    EngineStarted,
    Event,
    KnowledgeRestored,
    NodeJoined,
    NodeLeft,
    ReadingTaken,
    WeatherForecast,
)
from domain.jobs.job import EndReason
from domain.units import HOUR_S
from scheduler.engine import ENGINE_VERSION, Engine
from scheduler.placement.plan.policy import Policy
from simulation.clock import VirtualClock
from simulation.plant.stepping import allowed_power_w, step
from simulation.run.books import Books
from simulation.run.faults import Faults
from simulation.run.rack import Ended, Rack
from simulation.run.scenes import Scene, net_demand_w, room_wh, usable_limit_c

Floats = NDArray[np.float64]

#: What the scheduler believes of a node: the default that a node declares.
_CAPTURE_BELIEF_FRAC = 0.95
_CORE_MEM_MIB = 4096
#: A job that keeps its progress writes it down when it is told to stop, which takes this long [s];
#: and now and then by itself, in case nobody can tell it.
CHECKPOINT_S, CHECKPOINT_EVERY_S = 60.0, 1800.0
#: Orders make facts, and facts orders; a policy that undoes what it did would go on for ever.
_MOST_ROUNDS = 1000


class Simulation:
    """One policy in one scene."""

    def __init__(
        self, scene: Scene, policy: Policy, knowledge: Mapping[str, Any], *, with_series: bool
    ) -> None:
        """Stand where the first job may come."""
        self.scene = scene
        self.engine = Engine(policy)
        self._clock = VirtualClock(scene.arrivals_plant_s)
        self._knowledge = knowledge
        self._jobs = scene.workload.jobs
        self._by_id = {job.instance_id: job for job in self._jobs}
        self._n_arrived = 0
        self._sites = scene.district.sites
        self.racks = [Rack(site.n_servers, self._clock.now_s) for site in self._sites]
        self._due: list[tuple[float, int]] = []  # A heap: when a rack changes by itself.
        self._done_s: dict[int, float] = {}
        self._cap_frac = np.ones(len(self._sites))
        self._cap_until_s = np.zeros(len(self._sites))
        self._allowed_w = np.full(len(self._sites), math.inf)
        self.state = scene.arrival_state
        self.faults = Faults(scene)
        self.books = Books(scene, with_series=with_series)

    # Time.

    def run(self) -> None:
        """From the first arrival to the end of the scenario."""
        scene, dt_s = self.scene, float(self.scene.scenario.step_s)
        self._tell(list(self._first_facts()))
        for hour in range(scene.first_hour, scene.scenario.n_hours):
            forcing = scene.forcing.at(hour)
            self._tell([*forecasts_at(scene, hour), *self._faults_now()])
            for _ in range(round(HOUR_S / dt_s)):
                self._permit(allowed_power_w(scene.district.fleet, self.state, forcing, dt_s))
                end_plant_s = self._clock.plant_time_s + dt_s
                self._pass_step(dt_s)
                power_w = np.array([rack.take_energy_j() for rack in self.racks]) / dt_s
                before = self.state
                self.state, flows = step(scene.district.fleet, before, power_w, forcing, dt_s)
                self.books.note(self.state, flows, self.racks, dt_s)
                self._clock.plant_time_s = end_plant_s
                self._tell(self._readings(net_demand_w(scene.district, flows)))
        self.books.close(self.racks, self._clock.now_s)

    def _pass_step(self, dt_s: float) -> None:
        """Let jobs come, end and begin, up to the end of a step."""
        end_s = self._clock.now_s + dt_s
        next_s = [rack.next_event_s() for rack in self.racks]
        self._due = [(at_s, row) for row, at_s in enumerate(next_s) if at_s < end_s]
        heapq.heapify(self._due)
        while True:
            arrival_s = self._next_arrival_s()
            due_s = self._due[0][0] if self._due else math.inf
            now_s = min(arrival_s, due_s)
            if now_s >= end_s:
                break
            events: list[Event] = []
            while self._due and self._due[0][0] <= now_s:
                row = heapq.heappop(self._due)[1]
                rack = self.racks[row]
                if rack.next_event_s() <= now_s:
                    events += [self._on_ended(row, ended) for ended in rack.take_ended(now_s)]
                self._watch(row, rack)
            while self._next_arrival_s() <= now_s:
                job = self._jobs[self._n_arrived]
                self._n_arrived += 1
                self.books.arrived(job)
                events.append(job.queued(at_s=job.submitted_at_s, last_attempt=0))
            if events:
                self._tell(events, now_s)
        for rack in self.racks:
            rack.advance(end_s)

    def _watch(self, row: int, rack: Rack) -> None:
        """Look at a rack again when it next changes by itself."""
        next_s = rack.next_event_s()
        if next_s < math.inf:
            heapq.heappush(self._due, (next_s, row))

    def _permit(self, allowed_w: Floats) -> None:
        """Hold every rack to what water, firmware, advice and mishap allow over a step."""
        now_s = self._clock.now_s
        cap_frac = np.where(self._cap_until_s > now_s, self._cap_frac, 1.0)
        allowed_w = np.minimum(allowed_w, cap_frac * self.scene.district.fleet.servers.max_power_w)
        allowed_w[self.faults.rows_off()] = 0.0
        # A rack goes on as it was unless its allowance is another.
        for row in np.flatnonzero(allowed_w != self._allowed_w).tolist():
            self.racks[row].allow(float(allowed_w[row]), now_s)
        self._allowed_w = allowed_w

    def _next_arrival_s(self) -> float:
        if self._n_arrived < len(self._jobs):
            return self._jobs[self._n_arrived].submitted_at_s
        return math.inf

    # Facts for the engine.

    def _first_facts(self) -> Iterator[Event]:
        yield EngineStarted(policy=self.engine.policy.name, version=ENGINE_VERSION)
        yield KnowledgeRestored(knowledge=self._knowledge)
        for row in range(len(self._sites)):
            yield node_joined(self.scene, row)
        if len(self.scene.demand_w):
            yield from self._readings(self.scene.demand_w[-1])

    def _readings(self, demand_w: Floats) -> list[Event]:
        now_s = self._clock.now_s
        truth = zip(
            self.state.water_temp_c.tolist(),
            demand_w.tolist(),
            room_wh(self.scene.district, self.state).tolist(),
            strict=True,
        )
        readings: list[Event] = []
        for row, true in enumerate(truth):
            shown = self.faults.shown(row, true)
            if shown is None:
                continue
            readings.append(
                ReadingTaken(
                    node_id=row + 1,
                    taken_at_s=now_s,
                    water_temp_c=shown[0],
                    heat_demand_w=shown[1],
                    headroom_wh=shown[2],
                    time_factor=1.0,
                    accepts_work=True,
                )
            )
        return readings

    def _faults_now(self) -> list[Event]:
        """What breaks or is mended at this hour."""
        now_s, events = self._clock.now_s, list[Event]()
        self.engine.state.demand.scale = self.faults.demand_factor(self._clock.plant_time_s)
        change = self.faults.turn(self._clock.plant_time_s)
        for row in change.went_off:
            events.append(NodeLeft(node_id=row + 1))
            for ended in self.racks[row].stop_all(now_s):
                events.append(self._on_ended(row, ended, EndReason.NODE_RESTARTED))
                events.append(self._again(ended, was_told=False))
        events += [node_joined(self.scene, row) for row in change.came_back]
        for row in change.meters_reset:
            self.state = self.books.reset_meter(self.state, row)
        return events

    def _on_ended(self, row: int, ended: Ended, reason: EndReason | None = None) -> AttemptEnded:
        task = ended.task
        if reason is None:
            reason = EndReason.COMPLETED if ended.is_done else EndReason.TIME_LIMIT
        self.books.ended(ended, reason)
        return AttemptEnded(
            instance_id=task.job.instance_id,
            attempt=task.attempt,
            node_id=row + 1,
            reason=reason.value,
            wall_s=ended.at_s - task.started_at_s,
        )

    def _again(self, ended: Ended, *, was_told: bool) -> Event:
        """The job of a stopped attempt waits again, with the progress that it keeps."""
        job = ended.task.job
        done_s = 0.0
        if job.can_resume:
            done_s = ended.task.done_before_s + ended.work_s
            if was_told:
                done_s = max(done_s - CHECKPOINT_S, ended.task.done_before_s)
            else:
                done_s = math.floor(done_s / CHECKPOINT_EVERY_S) * CHECKPOINT_EVERY_S
            self._done_s[job.instance_id] = done_s
        self.books.stopped(ended, kept_s=done_s)
        return job.queued(at_s=ended.at_s, last_attempt=ended.task.attempt)

    # Orders of the engine.

    def _tell(self, events: Sequence[Event], now_s: float | None = None) -> None:
        """Ask until the engine has no further order and the racks no further fact."""
        now_s = self._clock.now_s if now_s is None else now_s
        for _ in range(_MOST_ROUNDS):
            if not events:
                return
            began_s = perf_counter()
            commands = self.engine.handle(events, now_s)
            self.books.decided(perf_counter() - began_s)
            events = self._obey(commands, now_s)
        raise RuntimeError(f"{self.engine.policy.name} gives orders without end at {now_s:.0f} s")

    def _obey(self, commands: Sequence[Command], now_s: float) -> list[Event]:
        facts: list[Event] = []
        for command in commands:
            row = command.node_id - 1
            match command:
                case AssignAttempt():
                    facts.append(self._start(row, command, now_s))
                case PreemptAttempt():
                    ended = self.racks[row].stop(command.instance_id, now_s)
                    if ended is not None:
                        facts.append(self._on_ended(row, ended, EndReason.PREEMPTED))
                        facts.append(self._again(ended, was_told=True))
                case LimitPower():
                    self._cap_frac[row] = command.power_cap_frac
                    self._cap_until_s[row] = now_s + command.valid_for_s
        return facts

    def _start(self, row: int, command: AssignAttempt, now_s: float) -> AttemptClaimed:
        job, rack = self._by_id[command.instance_id], self.racks[row]
        rack.start(job, command.attempt, now_s, self._done_s.get(job.instance_id, 0.0))
        self.books.started(row, job, now_s)
        self._watch(row, rack)
        return AttemptClaimed(instance_id=job.instance_id, attempt=command.attempt, node_id=row + 1)


def node_joined(scene: Scene, row: int) -> NodeJoined:
    """What a site's node declares of itself; sites are numbered from one, as their nodes are."""
    site = scene.district.sites[row]
    return NodeJoined(
        node_id=row + 1,
        site_id=row + 1,
        site_name=site.name,
        name=site.name,
        cores=site.cores,
        mem_mib=site.cores * _CORE_MEM_MIB,
        idle_power_w=site.standby_power_w,
        max_power_w=site.max_power_w,
        capture_frac=_CAPTURE_BELIEF_FRAC,
        storage_wh_per_k=site.storage_wh_per_k,
        limit_temp_c=float(usable_limit_c(scene.district)[row]),
        floor_temp_c=site.floor_temp_c,
        is_preheat=site.is_preheat,
    )


def forecasts_at(scene: Scene, hour: int) -> Iterator[WeatherForecast]:
    """The forecasts that are issued at an hour of the scene, one a zone."""
    every_h = scene.scenario.forecast.every_h
    if hour % every_h:
        return
    hour_s = VirtualClock(scene.start_plant_s + hour * HOUR_S).now_s
    for zone, issued in sorted(scene.forecasts.items()):
        rows = [row for row, site in enumerate(scene.district.sites) if site.zone == zone]
        yield WeatherForecast(
            site_ids=tuple(row + 1 for row in rows),
            first_hour_s=hour_s,
            outdoor_temp_c=tuple(round(float(value), 3) for value in issued[hour // every_h]),
        )

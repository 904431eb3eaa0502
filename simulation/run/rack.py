"""The servers of one site under virtual time: they boot, run and stop jobs, at their speed.

Between two events power and speed are constant. Work is counted on a clock of its own that runs
at the speed of the servers, so a change of speed moves every end at once.
"""

import heapq
import math
from dataclasses import dataclass

from simulation.plant.server import RACK_SERVER, ServerModel, busy_power_w, throttled
from simulation.workload.job import SimulatedJob

#: A server that was off boots before it works [s]; a common figure for a diskless start.
BOOT_S = 120.0
_NOTHING_S = 1e-6


def work_power_w(cores: int) -> float:
    """Power that busy servers with so many cores take above servers that are off [W]."""
    span_w = RACK_SERVER.max_power_w - RACK_SERVER.standby_power_w
    return span_w * cores / RACK_SERVER.cores


@dataclass(slots=True)
class Task:
    """One attempt on the servers of a site."""

    job: SimulatedJob
    attempt: int
    started_at_s: float
    done_before_s: float  #: Work that an earlier attempt left behind it.
    works_from_s: float  #: Its servers have booted by then.
    ends_at_work_s: float = math.inf  #: On the work clock of the rack; unknown while it boots.
    began_at_work_s: float = math.nan

    @property
    def limit_at_s(self) -> float:
        """When its time limit stops it."""
        return self.started_at_s + self.job.time_limit_s


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended, and what it had done."""

    task: Task
    at_s: float
    is_done: bool  #: Came to its own end; otherwise its limit or an order stopped it.
    work_s: float  #: Done in this attempt, at full speed.


class Rack:
    """Servers that share one store of water."""

    def __init__(self, n_servers: int, now_s: float, model: ServerModel = RACK_SERVER) -> None:
        """Stand with every server off."""
        self.n_servers = n_servers
        self.cores = n_servers * model.cores
        self.free_cores = self.cores
        self._model = model
        self._now_s = now_s
        self._work_s = 0.0
        self._allowed_w = math.inf
        self._tasks: dict[int, Task] = {}
        # Heaps of instants, instances and attempts; those of the ends on the work clock.
        self._boots: list[tuple[float, int, int]] = []
        self._ends: list[tuple[float, int, int]] = []
        self._limits: list[tuple[float, int, int]] = []
        self._has_gone = False  #: The heaps may begin with attempts that ended.
        self._booting_cores = 0
        self._power_w = n_servers * model.standby_power_w
        self._speed = 1.0
        self._energy_j = 0.0  # Since it was asked for last.
        self.busy_core_s = 0.0  #: Since the last look.
        self.boot_j = 0.0  #: Above standby, since the start.
        self.starts = 0

    def __len__(self) -> int:
        """Attempts that hold cores."""
        return len(self._tasks)

    def allow(self, allowed_w: float, now_s: float) -> None:
        """Take no more power than this from now on."""
        if allowed_w != self._allowed_w:
            self.advance(now_s)
            self._allowed_w = allowed_w
            self._settle()

    def advance(self, now_s: float) -> None:
        """Let time pass in which nothing changes."""
        span_s = now_s - self._now_s
        if span_s > 0:
            self._energy_j += self._power_w * span_s
            self.busy_core_s += (self.cores - self.free_cores) * span_s
            self._work_s += self._speed * span_s
            self._now_s = now_s

    def take_energy_j(self) -> float:
        """What was drawn since this was asked last [J]."""
        energy_j, self._energy_j = self._energy_j, 0.0
        return energy_j

    def start(self, job: SimulatedJob, attempt: int, now_s: float, done_before_s: float) -> None:
        """Begin an attempt; it boots first. A bug where it runs already, or finds no room."""
        if job.instance_id in self._tasks or job.cores > self.free_cores:
            raise ValueError(f"instance {job.instance_id} cannot start on {self.free_cores} cores")
        self.advance(now_s)
        task = Task(job, attempt, now_s, done_before_s, now_s + BOOT_S)
        self._tasks[job.instance_id] = task
        self.free_cores -= job.cores
        self._booting_cores += job.cores
        self.starts += 1
        heapq.heappush(self._boots, (task.works_from_s, job.instance_id, attempt))
        heapq.heappush(self._limits, (task.limit_at_s, job.instance_id, attempt))
        servers = math.ceil(job.cores / self._model.cores)
        boot_w = self._model.idle_power_w - self._model.standby_power_w
        self.boot_j += servers * boot_w * BOOT_S
        self._settle()

    def stop(self, instance_id: int, now_s: float) -> Ended | None:
        """Stop an attempt where it runs."""
        self.advance(now_s)
        task = self._tasks.get(instance_id)
        if task is None:
            return None
        ended = self._end(task, now_s, is_done=False)
        self._settle()
        return ended

    def stop_all(self, now_s: float) -> list[Ended]:
        """Lose the power."""
        ids = sorted(self._tasks)
        return [ended for item in ids if (ended := self.stop(item, now_s)) is not None]

    def next_event_s(self) -> float:
        """When something changes by itself; infinite where nothing does."""
        if not self._tasks:
            return math.inf
        if self._has_gone:
            self._drop_gone()
        next_s = self._boots[0][0] if self._boots else math.inf
        if self._limits:
            next_s = min(next_s, self._limits[0][0])
        if self._ends and self._speed > 0:
            left_s = max(self._ends[0][0] - self._work_s, 0.0) / self._speed
            next_s = min(next_s, self._now_s + left_s)
        return next_s

    def take_ended(self, now_s: float) -> list[Ended]:
        """Let booted servers work and ended attempts go, up to this instant."""
        self.advance(now_s)
        while (task := self._due(self._boots, now_s)) is not None:
            self._begin_work(task)
        ended = []
        while (task := self._due(self._ends, self._work_s)) is not None:
            ended.append(self._end(task, now_s, is_done=True))
        while (task := self._due(self._limits, now_s)) is not None:
            ended.append(self._end(task, now_s, is_done=False))
        self._settle()
        return ended

    def running(self) -> list[Task]:
        """Attempts that hold cores now."""
        return list(self._tasks.values())

    def work_done_s(self, task: Task) -> float:
        """What an attempt has done so far, at full speed [s]."""
        return 0.0 if math.isnan(task.began_at_work_s) else self._work_s - task.began_at_work_s

    def _begin_work(self, task: Task) -> None:
        self._booting_cores -= task.job.cores
        task.began_at_work_s = self._work_s
        left_s = max(task.job.run_s - task.done_before_s, 0.0)
        task.ends_at_work_s = self._work_s + left_s
        key = (task.ends_at_work_s, task.job.instance_id, task.attempt)
        heapq.heappush(self._ends, key)

    def _end(self, task: Task, now_s: float, *, is_done: bool) -> Ended:
        del self._tasks[task.job.instance_id]
        self._has_gone = True
        self.free_cores += task.job.cores
        if math.isnan(task.began_at_work_s):
            self._booting_cores -= task.job.cores
        work_s = self.work_done_s(task)
        return Ended(task=task, at_s=now_s, is_done=is_done, work_s=work_s)

    def _due(self, heap: list[tuple[float, int, int]], by_s: float) -> Task | None:
        """The next attempt of a heap that is due by then; those that are gone count no more."""
        while heap and heap[0][0] <= by_s + _NOTHING_S:
            _, instance_id, attempt = heapq.heappop(heap)
            task = self._tasks.get(instance_id)
            if task is not None and task.attempt == attempt:
                return task
        return None

    def _drop_gone(self) -> None:
        for heap in (self._boots, self._ends, self._limits):
            while heap:
                task = self._tasks.get(heap[0][1])
                if task is not None and task.attempt == heap[0][2]:
                    break
                heapq.heappop(heap)
        self._has_gone = False

    def _settle(self) -> None:
        """Power and speed from what runs now."""
        held = self.cores - self.free_cores
        running = math.ceil(held / self._model.cores)
        busy = held - self._booting_cores
        if math.isinf(self._allowed_w):
            self._speed = 1.0
            self._power_w = busy_power_w(
                self._model, n_servers=self.n_servers, n_running=running, busy_cores=busy
            )
            return
        self._power_w, self._speed = throttled(
            self._model,
            n_servers=self.n_servers,
            n_running=running,
            busy_cores=busy,
            allowed_w=self._allowed_w,
        )

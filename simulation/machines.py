"""Computers under virtual time: they start what is offered as cores come free, at their speed."""

import math
from dataclasses import dataclass

from simulation.workload import SimulatedJob

#: What is left of a job after rounding, and counts as nothing [s].
_NOTHING_S = 1e-6


@dataclass(slots=True)
class Task:
    """One attempt on a machine."""

    job: SimulatedJob
    attempt: int
    left_s: float  #: Run time still needed, at full speed.
    started_at_s: float = math.nan

    @property
    def is_done(self) -> bool:
        """Whether its program has come to its end."""
        return self.left_s <= _NOTHING_S

    def limit_left_s(self, now_s: float) -> float:
        """Time until its wall-time limit."""
        return self.started_at_s + self.job.time_limit_s - now_s


class Machine:
    """The processors of one node."""

    def __init__(self, cores: int) -> None:
        """Start empty."""
        self.cores = cores
        self._free_cores = cores
        self._waiting: list[Task] = []
        self._running: dict[int, Task] = {}

    @property
    def use_frac(self) -> float:
        """Share of the cores in use."""
        return 1.0 - self._free_cores / self.cores

    def __len__(self) -> int:
        """Attempts running."""
        return len(self._running)

    def offer(self, job: SimulatedJob, attempt: int) -> None:
        """Put an attempt in line."""
        self._waiting.append(Task(job=job, attempt=attempt, left_s=job.run_s))

    def start(self, now_s: float) -> list[Task]:
        """Start what fits, in the order of the offers; what was started."""
        started = []
        while self._waiting and self._waiting[0].job.cores <= self._free_cores:
            task = self._waiting.pop(0)
            task.started_at_s = now_s
            self._free_cores -= task.job.cores
            self._running[task.job.instance_id] = task
            started.append(task)
        return started

    def stop(self, instance_id: int) -> Task | None:
        """Stop a running attempt; what it did is lost."""
        task = self._running.pop(instance_id, None)
        if task is not None:
            self._free_cores += task.job.cores
        return task

    def next_end_s(self, now_s: float, speed_frac: float) -> float:
        """Time until an attempt ends at this speed; infinite where none does."""
        ends_s = [
            min(
                task.left_s / speed_frac if speed_frac > 0 else math.inf,
                max(task.limit_left_s(now_s), 0.0),
            )
            for task in self._running.values()
        ]
        return min(ends_s, default=math.inf)

    def work(self, span_s: float, speed_frac: float) -> None:
        """Compute for a while."""
        for task in self._running.values():
            task.left_s -= span_s * speed_frac

    def take_ended(self, now_s: float) -> list[Task]:
        """Attempts that came to their end or to their limit, in order of their jobs."""
        ended = [
            task
            for task in self._running.values()
            if task.is_done or task.limit_left_s(now_s) <= _NOTHING_S
        ]
        for task in ended:
            self.stop(task.job.instance_id)
        return sorted(ended, key=lambda task: task.job.instance_id)

"""What the engine knows: nodes, the queue, and the heat promised by what runs."""

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.events import JobQueued, NodeJoined, ReadingTaken
from domain.sizing import mem_need_mib

#: Time over which a node's turnover of cores is averaged [s].
TURNOVER_MEMORY_S = 0.5


@dataclass(slots=True)
class Occupation:
    """An offered or running attempt, as the engine accounts for it."""

    job: JobQueued
    attempt: int
    node_id: int
    cores: int
    since_s: float
    expected_s: float
    is_running: bool = False


@dataclass(slots=True)
class NodeBelief:
    """A node as its last facts describe it."""

    facts: NodeJoined
    reading: ReadingTaken | None = None
    occupations: dict[int, Occupation] = field(default_factory=dict)
    used_cores: int = 0
    used_mem_mib: int = 0
    #: Cores given back a second, when last one was; says how far ahead the node may be served.
    turnover_per_s: float = 0.0
    last_release_s: float = 0.0

    def turnover_at(self, now_s: float) -> float:
        """Cores given back a second, fading while none is."""
        return self.turnover_per_s * math.exp((self.last_release_s - now_s) / TURNOVER_MEMORY_S)

    def job_power_w(self, cores: int) -> float:
        """Heat into the water [W] that a job on this many cores brings."""
        span_w = self.facts.max_power_w - self.facts.idle_power_w
        return span_w * self.facts.capture_frac * cores / self.facts.cores


@dataclass(frozen=True, slots=True)
class ShapeKey:
    """Jobs of one shape are alike to placement; only their age differs."""

    scheduling_type: str
    cores: int
    mem_mib: int | None
    whole_node: bool
    time_limit_s: int


class JobQueue:
    """Waiting jobs by shape, oldest first; costs what changes, not what waits."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: dict[int, JobQueued] = {}
        self._shapes: dict[ShapeKey, deque[JobQueued]] = {}
        self._deadlines: list[tuple[float, int]] = []  # A heap; entries of jobs gone stay a while.

    def __len__(self) -> int:
        """Jobs waiting."""
        return len(self._jobs)

    def __contains__(self, instance_id: object) -> bool:
        """Whether this instance waits."""
        return instance_id in self._jobs

    def add(self, job: JobQueued) -> None:
        """Append a job behind those of its shape; news of a waiting job replaces what was known.

        A place in the line is good while this very value waits: one that was left behind must
        not come to life again when its job returns, or the job would stand in line twice.
        """
        if self._jobs.get(job.instance_id) == job:
            return
        self._shapes.setdefault(shape_of(job), deque()).append(job)
        self._jobs[job.instance_id] = job
        if job.start_before_s is not None:
            heapq.heappush(self._deadlines, (job.start_before_s, job.instance_id))

    def remove(self, instance_id: int) -> JobQueued | None:
        """Take a job out; its place in the line is dropped when it is reached."""
        return self._jobs.pop(instance_id, None)

    def shapes(self) -> list[ShapeKey]:
        """Shapes with waiting jobs, the one whose first job is oldest first."""
        heads = [(self._head(shape), shape) for shape in list(self._shapes)]
        live = [(job.queued_at_s, job.instance_id, shape) for job, shape in heads if job]
        return [item[2] for item in sorted(live, key=lambda item: item[:2])]

    def first(self, shape: ShapeKey) -> JobQueued | None:
        """The oldest waiting job of a shape."""
        return self._head(shape)

    def of_shape(self, shape: ShapeKey) -> Iterator[JobQueued]:
        """Waiting jobs of a shape, oldest first."""
        for job in self._shapes.get(shape, ()):
            if self._jobs.get(job.instance_id) is job:
                yield job

    def due_before(self, time_s: float) -> list[JobQueued]:
        """Waiting jobs that must have started by then, most urgent first."""
        due: dict[tuple[float, int], JobQueued] = {}
        while self._deadlines and self._deadlines[0][0] <= time_s:
            entry = heapq.heappop(self._deadlines)
            job = self._jobs.get(entry[1])
            if job is not None and job.start_before_s == entry[0]:
                due[entry] = job
        for entry in due:
            heapq.heappush(self._deadlines, entry)
        return list(due.values())

    def _head(self, shape: ShapeKey) -> JobQueued | None:
        line = self._shapes.get(shape)
        while line:
            job = line[0]
            if self._jobs.get(job.instance_id) is job:
                return job
            line.popleft()
        self._shapes.pop(shape, None)
        return None


def shape_of(job: JobQueued) -> ShapeKey:
    """The shape of a job."""
    return ShapeKey(
        scheduling_type=job.scheduling_type,
        cores=job.cores,
        mem_mib=job.mem_mib,
        whole_node=job.whole_node,
        time_limit_s=job.time_limit_s,
    )


class ClusterState:
    """Nodes, queue and occupations; the engine alone changes it."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self.nodes: dict[int, NodeBelief] = {}
        self.open_nodes: set[int] = set()
        self.queue = JobQueue()
        self.occupations: dict[int, Occupation] = {}

    def occupy(self, occupation: Occupation) -> None:
        """Take cores and memory of a node for an attempt."""
        self.occupations[occupation.job.instance_id] = occupation
        node = self.nodes[occupation.node_id]
        node.occupations[occupation.job.instance_id] = occupation
        node.used_cores += occupation.cores
        node.used_mem_mib += mem_need_mib(occupation.job, node.facts)

    def vacate(self, instance_id: int) -> Occupation | None:
        """Give back what an attempt held."""
        occupation = self.occupations.pop(instance_id, None)
        if occupation is None:
            return None
        node = self.nodes[occupation.node_id]
        node.occupations.pop(instance_id, None)
        node.used_cores -= occupation.cores
        node.used_mem_mib -= mem_need_mib(occupation.job, node.facts)
        return occupation

    def check_invariants(self) -> None:
        """Raise where the books do not agree; used by tests and by ``doctor``."""
        for node_id, node in self.nodes.items():
            held = sum(item.cores for item in node.occupations.values())
            if held != node.used_cores or node.used_cores < 0:
                message = f"node {node_id} counts {node.used_cores} cores, its jobs hold {held}"
                raise AssertionError(message)
        both = [item for item in self.occupations if item in self.queue]
        if both:
            message = f"instances both waiting and placed: {both[:5]}"
            raise AssertionError(message)

"""Waiting jobs by shape, each line in the order in which its jobs should start.

Jobs of one shape are alike to placement: only the first of a line need be looked at, whatever
waits behind it. The index costs what changes, not what waits: a job enters and leaves its line in
logarithmic time, and nothing is rebuilt for a decision.
"""

import heapq
import math
from bisect import insort
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from domain.events import JobQueued
from domain.job import SchedulingType
from scheduler.placement.quotas import Account

Place = tuple[float, float, int]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What placement tells jobs apart by; only their age and deadline differ within one.

    A queue has one shape of a kind, so shapes are told apart as objects.
    """

    scheduling_type: str
    cores: int
    mem_mib: int | None
    whole_node: bool
    nodes: int  #: Of one site, each with all of this.
    length: int  #: Place in the table of lengths, see `scheduler.forecast.survival`.
    spread: int
    avoid_node_id: int | None
    excluded: tuple[str, ...]
    requires: tuple[str, ...]
    gpus: int
    gpu_kind: str
    account: Account | None  #: Whose quotas its jobs must keep; None = nobody has any.

    is_patient: bool  #: Whether its jobs may wait for heat.
    is_brief: bool  #: Patient, and stopped at little cost: it need not stay where heat ends.

    @classmethod
    def of(cls, job: JobQueued, *, length: int, spread: int) -> "Shape":
        """The shape of a job whose run time is believed to stand there in the tables."""
        return cls(*_kind(job, length, spread, None))


_Kind = tuple[
    *tuple[str, int, int | None, bool, int, int, int, int | None],
    *tuple[tuple[str, ...], tuple[str, ...], int, str, Account | None, bool, bool],
]


def _kind(job: JobQueued, length: int, spread: int, account: Account | None) -> _Kind:
    return (
        job.scheduling_type,
        job.cores,
        job.mem_mib,
        job.whole_node,
        job.nodes,
        length,
        spread,
        job.avoid_node_id,
        job.excluded,
        job.requires,
        job.gpus,
        job.gpu_kind,
        account,
        job.scheduling_type == SchedulingType.FLEX,
        is_brief(job),
    )


def is_brief(job: JobQueued) -> bool:
    """Whether a job can be stopped for better heat at little cost, and go on elsewhere."""
    return job.is_preemptible and job.can_resume


class _Line:
    """Places in order; those of jobs gone are dropped when they are reached."""

    __slots__ = ("head", "places")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.head = 0

    def add(self, place: Place) -> None:
        insort(self.places, place, lo=self.head)

    def drop_until(self, index: int) -> None:
        self.head = index
        if self.head > 64 and 2 * self.head > len(self.places):  # noqa: PLR2004 - not each time
            del self.places[: self.head]
            self.head = 0


@dataclass(slots=True)
class _Waiting:
    job: JobQueued
    shape: Shape
    place: Place
    by_age: Place  #: Its place in the order of age.
    is_in_line: bool = False  #: Not while it was asked not to begin yet.


class JobQueue:
    """Every waiting job, by shape."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: dict[int, _Waiting] = {}
        self._kinds: dict[_Kind, Shape] = {}
        #: Those who wait for somebody, and those who are patient.
        self._lines: tuple[dict[Shape, _Line], dict[Shape, _Line]] = ({}, {})
        #: Patient jobs by age, from when a policy first asks for them so.
        self._by_age: dict[Shape, _Line] | None = None
        self._counts: dict[Shape, int] = {}
        self._deadlines: list[tuple[float, int]] = []  # A heap; jobs gone stay a while.
        self._early: list[tuple[float, int]] = []  # A heap: jobs asked not to begin yet.
        self._closed: frozenset[Shape] = frozenset()

    def __len__(self) -> int:
        """Jobs waiting, the early ones included."""
        return len(self._jobs)

    def __contains__(self, instance_id: object) -> bool:
        """Whether this instance waits."""
        return instance_id in self._jobs

    def add(
        self,
        job: JobQueued,
        *,
        length: int,
        spread: int,
        now_s: float,
        account: Account | None = None,
    ) -> Shape:
        """Put a job in line; its shape. News of a waiting job replaces what was known."""
        known = self._jobs.get(job.instance_id)
        if known is not None:
            if known.job == job:
                return known.shape
            self.remove(job.instance_id)
        kind = _kind(job, length, spread, account)
        shape = self._kinds.get(kind)
        if shape is None:
            shape = self._kinds[kind] = Shape(*kind)
        place = _place(job)
        waiting = _Waiting(job, shape, place, _age(job) if shape.is_patient else place)
        self._jobs[job.instance_id] = waiting
        if job.not_before_s is not None and job.not_before_s > now_s:
            heapq.heappush(self._early, (job.not_before_s, job.instance_id))
        else:
            self._stand(waiting)
        return shape

    def remove(self, instance_id: int) -> JobQueued | None:
        """Take a job out; its place in the line is dropped when it is reached."""
        known = self._jobs.pop(instance_id, None)
        if known is None:
            return None
        if known.is_in_line:
            self._leave(known.shape)
        return known.job

    def wake(self, now_s: float) -> None:
        """Let jobs stand in line whose time not to begin has passed."""
        while self._early and self._early[0][0] <= now_s:
            at_s, instance_id = heapq.heappop(self._early)
            known = self._jobs.get(instance_id)
            if known is not None and known.job.not_before_s == at_s and not known.is_in_line:
                self._stand(known)

    def urgent_shapes(self) -> list[Shape]:
        """Shapes with jobs in line that somebody waits for, and that are open."""
        return self._open_of(self._lines[0])

    def patient_shapes(self) -> list[Shape]:
        """Shapes with jobs in line that may wait for heat, and that are open."""
        return self._open_of(self._lines[1])

    def shapes(self) -> list[Shape]:
        """Shapes with jobs in line that are open."""
        return [*self.urgent_shapes(), *self.patient_shapes()]

    def _open_of(self, lines: Iterable[Shape]) -> list[Shape]:
        return [shape for shape in lines if shape not in self._closed]

    def limited_shapes(self) -> list[Shape]:
        """Shapes with jobs in line that must keep somebody's quotas, open or closed."""
        return [shape for lines in self._lines for shape in lines if shape.account is not None]

    def close(self, shapes: Iterable[Shape]) -> None:
        """Let these lines wait, and no others."""
        self._closed = frozenset(shapes)

    def of_tenant(self, tenant_id: int) -> list[JobQueued]:
        """A tenant's waiting jobs."""
        return [known.job for known in self._jobs.values() if known.job.tenant_id == tenant_id]

    def earliest_deadline_s(self) -> float:
        """The first moment by which a patient job in line must have started."""
        while self._deadlines:
            at_s, instance_id = self._deadlines[0]
            known = self._jobs.get(instance_id)
            if known is not None and known.job.start_before_s == at_s:
                return at_s
            heapq.heappop(self._deadlines)
        return math.inf

    def count(self, shape: Shape) -> int:
        """Jobs in line of a shape."""
        return self._counts.get(shape, 0)

    def of_shape(self, shape: Shape) -> Iterator[JobQueued]:
        """Jobs of a shape, first to start first."""
        line = self._lines[shape.is_patient].get(shape)
        if line is None:
            return
        index = self._first_of(line)
        while index < len(line.places):
            yield self._jobs[line.places[index][2]].job
            index = self._next_of(line, index + 1)

    def first(self, shape: Shape) -> JobQueued | None:
        """The job of a shape that should start first."""
        return next(self.of_shape(shape), None)

    def in_order(
        self, shapes: Iterable[Shape], but: Container[Shape] = (), *, by_age: bool = False
    ) -> Iterator[tuple[JobQueued, Shape]]:
        """Jobs of these shapes, first to start first over all of them, or oldest first.

        A line whose shape is in ``but`` by the time its next job would come is left.
        """
        heads: list[tuple[Place, int, _Line, Shape]] = []
        for shape in shapes:
            line = self._line_of(shape, by_age=by_age)
            if line is not None:
                first = self._first_of(line)
                heads.append((line.places[first], first, line, shape))
        heapq.heapify(heads)
        while heads:
            place, index, line, shape = heads[0]
            if shape not in but:
                yield self._jobs[place[2]].job, shape
            if shape not in but:
                index = self._next_of(line, index + 1)
                if index < len(line.places):
                    heapq.heapreplace(heads, (line.places[index], index, line, shape))
                    continue
            heapq.heappop(heads)

    def _line_of(self, shape: Shape, *, by_age: bool) -> _Line | None:
        lines = self._aged() if by_age and shape.is_patient else self._lines[shape.is_patient]
        return lines.get(shape)

    def _next_of(self, line: _Line, index: int) -> int:
        """The next place of a line, from here on, at which a job stands; its end if none does."""
        places, jobs = line.places, self._jobs
        for at in range(index, len(places)):
            place = places[at]
            known = jobs.get(place[2])
            # A place is good while this very one is the job's: one that was left behind must not
            # come to life again when its job returns, or the job would stand in line twice.
            if known is not None and (known.place is place or known.by_age is place):
                return at
        return len(places)

    def _first_of(self, line: _Line) -> int:
        """The same from its beginning on; what nobody stands at any more is dropped."""
        line.drop_until(self._next_of(line, line.head))
        return line.head

    def _aged(self) -> dict[Shape, _Line]:
        """Patient jobs in line by age; kept from the first time on that they are asked for."""
        if self._by_age is None:
            self._by_age = {}
            for waiting in self._jobs.values():
                if waiting.is_in_line and waiting.shape.is_patient:
                    _line_in(self._by_age, waiting.shape).places.append(waiting.by_age)
            for line in self._by_age.values():
                line.places.sort()
        return self._by_age

    def _stand(self, waiting: _Waiting) -> None:
        shape = waiting.shape
        _line_in(self._lines[shape.is_patient], shape).add(waiting.place)
        if shape.is_patient and self._by_age is not None:
            _line_in(self._by_age, shape).add(waiting.by_age)
        if shape.is_patient and waiting.job.start_before_s is not None:
            deadline = (waiting.job.start_before_s, waiting.job.instance_id)
            heapq.heappush(self._deadlines, deadline)
        waiting.is_in_line = True
        self._counts[shape] = self._counts.get(shape, 0) + 1

    def _leave(self, shape: Shape) -> None:
        left = self._counts[shape] - 1
        if left:
            self._counts[shape] = left
        else:
            del self._counts[shape], self._lines[shape.is_patient][shape]
            if self._by_age is not None:
                self._by_age.pop(shape, None)


def _place(job: JobQueued) -> Place:
    """What lines are ordered by: patient jobs by their last moment, others by age."""
    if job.scheduling_type == SchedulingType.FLEX and job.start_before_s is not None:
        return job.start_before_s, job.queued_at_s, job.instance_id
    return _age(job)


def _age(job: JobQueued) -> Place:
    return job.queued_at_s, job.queued_at_s, job.instance_id


def _line_in(lines: dict[Shape, _Line], shape: Shape) -> _Line:
    """The line of a shape, which begins here if it must."""
    line = lines.get(shape)
    if line is None:
        line = lines[shape] = _Line()
    return line

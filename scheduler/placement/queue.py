"""Waiting jobs by shape, each line in the order in which its jobs should start.

Jobs of one shape are alike to placement: only the first of a line need be looked at, whatever
waits behind it. The index costs what changes, not what waits: a job enters and leaves its line in
logarithmic time, and nothing is rebuilt for a decision.
"""

import heapq
import math
from bisect import insort
from collections.abc import Container, Iterator
from dataclasses import dataclass

from domain.events import JobQueued
from domain.job import SchedulingType

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
    length: int  #: Place in the table of lengths, see `scheduler.forecast.survival`.
    spread: int
    avoid_node_id: int | None

    is_patient: bool  #: Whether its jobs may wait for heat.
    is_brief: bool  #: Patient, and stopped at little cost: it need not stay where heat ends.

    @classmethod
    def of(cls, job: JobQueued, *, length: int, spread: int) -> "Shape":
        """The shape of a job whose run time is believed to stand there in the tables."""
        return cls(*_kind(job, length, spread))


_Kind = tuple[str, int, int | None, bool, int, int, int | None, bool, bool]


def _kind(job: JobQueued, length: int, spread: int) -> _Kind:
    return (
        job.scheduling_type,
        job.cores,
        job.mem_mib,
        job.whole_node,
        length,
        spread,
        job.avoid_node_id,
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

    def drop_first(self) -> None:
        self.head += 1
        if self.head > 64 and 2 * self.head > len(self.places):  # noqa: PLR2004 - not each time
            del self.places[: self.head]
            self.head = 0


@dataclass(slots=True)
class _Waiting:
    job: JobQueued
    shape: Shape
    place: Place
    is_in_line: bool = False  #: Not while it was asked not to begin yet.


class JobQueue:
    """Every waiting job, by shape."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: dict[int, _Waiting] = {}
        self._kinds: dict[_Kind, Shape] = {}
        #: Those who wait for somebody, and those who are patient.
        self._lines: tuple[dict[Shape, _Line], dict[Shape, _Line]] = ({}, {})
        self._counts: dict[Shape, int] = {}
        self._deadlines: list[tuple[float, int]] = []  # A heap; jobs gone stay a while.
        self._early: list[tuple[float, int]] = []  # A heap: jobs asked not to begin yet.

    def __len__(self) -> int:
        """Jobs waiting, the early ones included."""
        return len(self._jobs)

    def __contains__(self, instance_id: object) -> bool:
        """Whether this instance waits."""
        return instance_id in self._jobs

    def add(self, job: JobQueued, *, length: int, spread: int, now_s: float) -> Shape:
        """Put a job in line; its shape. News of a waiting job replaces what was known."""
        known = self._jobs.get(job.instance_id)
        if known is not None:
            if known.job == job:
                return known.shape
            self.remove(job.instance_id)
        kind = _kind(job, length, spread)
        shape = self._kinds.get(kind)
        if shape is None:
            shape = self._kinds[kind] = Shape(*kind)
        waiting = _Waiting(job, shape, _place(job))
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
        """Shapes with jobs in line that somebody waits for."""
        return list(self._lines[0])

    def patient_shapes(self) -> list[Shape]:
        """Shapes with jobs in line that may wait for heat."""
        return list(self._lines[1])

    def shapes(self) -> list[Shape]:
        """Shapes with jobs in line."""
        return [*self._lines[0], *self._lines[1]]

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
        self._drop_gone(line)
        for index in range(line.head, len(line.places)):
            job = self._at(line.places[index])
            if job is not None:
                yield job

    def first(self, shape: Shape) -> JobQueued | None:
        """The job of a shape that should start first."""
        return next(self.of_shape(shape), None)

    def in_order(
        self, shapes: list[Shape], but: Container[Shape] = ()
    ) -> Iterator[tuple[JobQueued, Shape]]:
        """Jobs of these shapes, first to start first over all of them.

        A line whose shape is in ``but`` by the time its next job would come is left.
        """
        heads: list[tuple[Place, JobQueued, Shape, Iterator[JobQueued]]] = []
        for shape in shapes:
            line = self.of_shape(shape)
            job = next(line, None)
            if job is not None:
                heads.append((_place(job), job, shape, line))
        heapq.heapify(heads)
        while heads:
            _, job, shape, line = heads[0]
            if shape not in but:
                yield job, shape
            following = None if shape in but else next(line, None)
            if following is None:
                heapq.heappop(heads)
            else:
                heapq.heapreplace(heads, (_place(following), following, shape, line))

    def _at(self, place: Place) -> JobQueued | None:
        """The job standing at a place, if it still does.

        A place is good while this very one is the job's: one that was left behind must not come
        to life again when its job returns, or the job would stand in line twice.
        """
        known = self._jobs.get(place[2])
        return known.job if known is not None and known.place is place else None

    def _stand(self, waiting: _Waiting) -> None:
        lines = self._lines[waiting.shape.is_patient]
        line = lines.get(waiting.shape)
        if line is None:
            line = lines[waiting.shape] = _Line()
        line.add(waiting.place)
        if waiting.shape.is_patient and waiting.job.start_before_s is not None:
            deadline = (waiting.job.start_before_s, waiting.job.instance_id)
            heapq.heappush(self._deadlines, deadline)
        waiting.is_in_line = True
        self._counts[waiting.shape] = self._counts.get(waiting.shape, 0) + 1

    def _leave(self, shape: Shape) -> None:
        left = self._counts[shape] - 1
        if left:
            self._counts[shape] = left
        else:
            del self._counts[shape], self._lines[shape.is_patient][shape]

    def _drop_gone(self, line: _Line) -> None:
        while line.head < len(line.places) and self._at(line.places[line.head]) is None:
            line.drop_first()


def _place(job: JobQueued) -> Place:
    """What lines are ordered by: patient jobs by their last moment, others by age."""
    if job.scheduling_type == SchedulingType.FLEX and job.start_before_s is not None:
        return job.start_before_s, job.queued_at_s, job.instance_id
    return job.queued_at_s, job.queued_at_s, job.instance_id

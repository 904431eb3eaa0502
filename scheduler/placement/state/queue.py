"""Waiting jobs by shape, each line in the order in which its jobs should start.

Jobs of one shape are alike to placement: only the first of a line need be looked at, whatever
waits behind it. The index costs what changes, not what waits: a job enters and leaves its line in
logarithmic time, and nothing is rebuilt for a decision. A shape has a line for each account, since
what an account took of late moves all its jobs alike; such lines are merged when they are read.
"""

import heapq
import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from domain.events import JobQueued
from scheduler.order.fair_share import Account
from scheduler.order.ranking import Ranking, account_of
from scheduler.placement.state.due_work import DueWork
from scheduler.placement.state.job_shape import Kind, Shape, kind_of
from scheduler.placement.state.queue_lines import Head, Lines, Place, merged, moved


@dataclass(slots=True)
class _Waiting:
    job: JobQueued
    shape: Shape
    account: Account
    place: Place
    by_age: Place  #: Its place in the order of age.
    by_rank: Place  #: Its place in the order of last moments, as persons moved it.
    is_in_line: bool = False  #: Not while it was asked not to begin yet.


class JobQueue:
    """Every waiting job, by shape."""

    def __init__(self, ranking: Ranking | None = None) -> None:
        """Start empty; ``ranking`` says which account's jobs go before others."""
        self.ranking = ranking or Ranking()
        self._jobs: dict[int, _Waiting] = {}
        self._kinds: dict[Kind, Shape] = {}
        #: Those who wait for somebody, and those who are patient; the latter by last moments.
        self._lines = Lines(self._stands), Lines(self._stands)
        #: Patient jobs by age, from when a policy first asks for them so.
        self._by_age: Lines | None = None
        #: Patient jobs by last moments as persons moved them, from when one moved any.
        self._by_rank: Lines | None = None
        self._counts: dict[Shape, int] = {}
        self._deadlines: list[tuple[float, int]] = []  # A heap; jobs gone stay a while.
        self._early: list[tuple[float, int]] = []  # A heap: jobs asked not to begin yet.
        self._closed: frozenset[Shape] = frozenset()
        self.due = DueWork()  #: Patient work in line, by its last moment.

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
        time_limit_s: int | None = None,
    ) -> Shape:
        """Put a job in line; its shape. News of a waiting job replaces what was known."""
        known = self._jobs.get(job.instance_id)
        if known is not None:
            if known.job == job:
                return known.shape
            self.remove(job.instance_id)
        kind = kind_of(job, length, spread, account, time_limit_s)
        shape = self._kinds.get(kind)
        if shape is None:
            shape = self._kinds[kind] = Shape(*kind)
        waiting = self._waiting(job, shape)
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
            self._leave(known)
        return known.job

    def prioritise(self, instance_id: int, priority: int) -> None:
        """Move a job before others or after them; nothing where it does not wait."""
        known = self._jobs.get(instance_id)
        if known is None or known.job.priority == priority:
            return
        if known.is_in_line:
            self._leave(known)
        moved = self._waiting(replace(known.job, priority=priority), known.shape)
        self._jobs[instance_id] = moved
        if known.is_in_line:
            self._stand(moved)

    def reorder(self) -> None:
        """Put everybody in line anew: it is another rule by which persons move jobs."""
        waiting = list(self._jobs.values())
        self._lines = Lines(self._stands), Lines(self._stands)
        self._by_age = self._by_rank = None
        self._counts.clear()
        self._deadlines.clear()
        self.due = DueWork()
        for known in waiting:
            moved = self._waiting(known.job, known.shape)
            self._jobs[known.job.instance_id] = moved
            if known.is_in_line:
                self._stand(moved)

    def wakes_at_s(self) -> float:
        """When the first may begin of those that were asked not to begin yet."""
        return self._early[0][0] if self._early else math.inf

    def wake(self, now_s: float) -> bool:
        """Let jobs stand in line whose time not to begin has passed; whether there were any."""
        is_any = False
        while self._early and self._early[0][0] <= now_s:
            at_s, instance_id = heapq.heappop(self._early)
            known = self._jobs.get(instance_id)
            if known is not None and known.job.not_before_s == at_s and not known.is_in_line:
                self._stand(known)
                is_any = True
        return is_any

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
        """Shapes with jobs in line that must keep quotas or take licences, open or closed."""
        return [one for part in self._lines for one in part if one.account or one.licences]

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

    def ahead_s(self, job: JobQueued, shape: Shape) -> float:
        """Time by which a job goes before others that are as old, or due at the same moment."""
        return self.ranking.ahead_s(shape, account_of(job)) + self.ranking.said_s(job)

    def of_shape(self, shape: Shape) -> Iterator[JobQueued]:
        """Jobs of a shape, first to start first."""
        lines = self._lines[shape.is_patient]
        if shape.is_patient and (self._by_rank is not None or self.ranking.tells_accounts_apart):
            lines = self._ranked()
        for number, _ in merged(lines.heads(shape, self.ranking.ahead_s), self._stands):
            yield self._jobs[number].job

    def first(self, shape: Shape) -> JobQueued | None:
        """The job of a shape that should start first."""
        return next(self.of_shape(shape), None)

    def in_order(
        self, shapes: Iterable[Shape], but: Container[Shape] = (), *, by_age: bool = False
    ) -> Iterator[tuple[JobQueued, Shape]]:
        """Jobs of these shapes, first to start first over all of them, or oldest first.

        Patient ones come by their last moments, which are promises: nobody moves those. A line
        whose shape is in ``but`` by the time its next job would come is left.
        """
        heads: list[Head] = []
        ahead_s = self.ranking.ahead_s
        for shape in shapes:
            if not shape.is_patient:
                heads += self._lines[0].heads(shape, ahead_s)
            elif by_age:
                heads += self._aged().heads(shape, ahead_s)
            else:
                heads += self._lines[1].heads(shape)
        for number, shape in merged(heads, self._stands, but):
            yield self._jobs[number].job, shape

    def _stands(self, place: Place) -> bool:
        known = self._jobs.get(place[2])
        return known is not None and (
            known.place is place or known.by_age is place or known.by_rank is place
        )

    def _aged(self) -> Lines:
        """Patient jobs in line by age; kept from the first time on that they are asked for."""
        if self._by_age is None:
            found = self._patient_in_line()
            self._by_age = Lines(self._stands, ((w.shape, w.account, w.by_age) for w in found))
        return self._by_age

    def _ranked(self) -> Lines:
        """Patient jobs in line by last moments as moved; kept from the first time on."""
        if self._by_rank is None:
            found = self._patient_in_line()
            self._by_rank = Lines(self._stands, ((w.shape, w.account, w.by_rank) for w in found))
        return self._by_rank

    def _patient_in_line(self) -> Iterator[_Waiting]:
        return (item for item in self._jobs.values() if item.is_in_line and item.shape.is_patient)

    def _waiting(self, job: JobQueued, shape: Shape) -> _Waiting:
        """The job with its places, which are one where nobody moved it and it is not patient."""
        said_s = self.ranking.said_s(job)
        by_age = (job.queued_at_s - said_s, job.queued_at_s, job.instance_id)
        place = by_rank = by_age
        if shape.is_patient and job.start_before_s is not None:
            place = by_rank = (job.start_before_s, job.queued_at_s, job.instance_id)
        elif shape.is_patient:
            place = (job.queued_at_s, job.queued_at_s, job.instance_id)
        if shape.is_patient and said_s:
            by_rank = moved(place, said_s)
        return _Waiting(job, shape, account_of(job), place, by_age, by_rank)

    def _stand(self, waiting: _Waiting) -> None:
        shape, account, job = waiting.shape, waiting.account, waiting.job
        self._lines[shape.is_patient].add(shape, account, waiting.place)
        if shape.is_patient:
            if self._by_age is not None:
                self._by_age.add(shape, account, waiting.by_age)
            if self._by_rank is not None:
                self._by_rank.add(shape, account, waiting.by_rank)
            if job.start_before_s is not None:
                heapq.heappush(self._deadlines, (job.start_before_s, job.instance_id))
            self.due.add(job, shape)
        waiting.is_in_line = True
        self._counts[shape] = self._counts.get(shape, 0) + 1
        if shape.is_patient and job.priority:
            self._ranked()

    def _leave(self, waiting: _Waiting) -> None:
        shape = waiting.shape
        if shape.is_patient:
            self.due.remove(waiting.job, shape)
        left = self._counts[shape] - 1
        if left:
            self._counts[shape] = left
            return
        del self._counts[shape]
        for lines in (self._lines[shape.is_patient], self._by_age, self._by_rank):
            if lines is not None:
                lines.drop(shape)

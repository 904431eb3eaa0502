"""Arrays waiting: their instances come into line few at a time, and never above their limit.

An array of any size is a few numbers here; a job is made of an instance when it comes into line.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from domain.events import JobArrayQueued, JobArrayWithdrawn, JobQueued
from scheduler.placement.state.queue import JobQueue

#: So many of one array stand in line at once: as many as one decision may start of it.
MOST_IN_LINE = 1000

_Span = tuple[JobQueued, int, int]  # What its instances are like, the first of them, the last.


@dataclass(slots=True)
class _Array:
    at_once: int | None
    fresh: deque[_Span] = field(default_factory=deque)
    #: Those that were in line or on a node before.
    returned: dict[int, JobQueued] = field(default_factory=dict)
    in_line: dict[int, None] = field(default_factory=dict)  # In the order in which they came.
    n_placed: int = 0

    @property
    def room(self) -> int:
        """How many more may stand in line."""
        room = MOST_IN_LINE - len(self.in_line)
        if self.at_once is None:
            return room
        return min(room, self.at_once - len(self.in_line) - self.n_placed)

    @property
    def is_over(self) -> bool:
        return not (self.fresh or self.returned or self.in_line or self.n_placed)


class ArrayBacklog:
    """Every array of which something waits or is placed."""

    def __init__(self) -> None:
        """Start empty."""
        self._arrays: dict[int, _Array] = {}
        self._ids: list[int] = []  # Of the arrays, ascending: an instance belongs to the one below.

    def __len__(self) -> int:
        """Instances that wait and do not stand in line."""
        return sum(
            len(array.returned) + sum(last - first + 1 for _, first, last in array.fresh)
            for array in self._arrays.values()
        )

    def __contains__(self, instance_id: object) -> bool:
        """Whether this instance waits and does not stand in line."""
        return any(
            instance_id in array.returned
            or any(instance_id in range(first, last + 1) for _, first, last in array.fresh)
            for array in self._arrays.values()
        )

    def add(self, event: JobArrayQueued) -> int:
        """Take in waiting instances; their array's number."""
        array = self._of(event.alike)
        for first, last in zip(event.first_ids, event.last_ids, strict=True):
            array.fresh.append((event.alike, first, last))
        return event.alike.array_id or 0

    def put_back(self, job: JobQueued) -> None:
        """Take in one instance, which was placed or in line before."""
        array = self._of(job)
        array.in_line.pop(job.instance_id, None)
        array.returned[job.instance_id] = job

    def is_in_line(self, job: JobQueued) -> bool:
        """Whether this instance stands in line."""
        array = self._arrays.get(job.array_id or 0)
        return array is not None and job.instance_id in array.in_line

    def admit(self, array_id: int | None) -> list[JobQueued]:
        """The instances whose turn it is: they stand in line from now on."""
        array = None if array_id is None else self._arrays.get(array_id)
        if array is None:
            return []
        admitted: list[JobQueued] = []
        for _ in range(array.room):
            job = _next(array)
            if job is None:
                break
            array.in_line[job.instance_id] = None
            admitted.append(job)
        self._forget_if_over(array_id)
        return admitted

    def take(self, instance_id: int) -> JobQueued | None:
        """Take out an instance that is not in line; None where none waits."""
        place = bisect_right(self._ids, instance_id)
        array = self._arrays[self._ids[place - 1]] if place else None
        if array is None:
            return None
        job = array.returned.pop(instance_id, None)
        return job if job is not None else _cut(array, instance_id)

    def left_line(self, job: JobQueued) -> None:
        """It stands in line no more."""
        array = self._arrays.get(job.array_id or 0)
        if array is not None:
            array.in_line.pop(job.instance_id, None)

    def placed(self, job: JobQueued) -> list[int]:
        """It holds a node from now on; those who must leave the line so that the limit holds."""
        if job.array_id is None:
            return []
        array = self._of(job)
        array.n_placed += 1
        return list(array.in_line)[array.room :] if array.room < 0 else []

    def vacated(self, job: JobQueued) -> None:
        """It holds its node no more."""
        if job.array_id is not None:
            self._of(job).n_placed -= 1

    def prioritise(self, array_id: int, priority: int) -> list[int]:
        """Move what waits of an array before others or after them; those that stand in line."""
        array = self._arrays.get(array_id)
        if array is None:
            return []
        array.fresh = deque(
            (replace(alike, priority=priority), first, last) for alike, first, last in array.fresh
        )
        for instance_id, job in array.returned.items():
            array.returned[instance_id] = replace(job, priority=priority)
        return list(array.in_line)

    def withdraw(self, event: JobArrayWithdrawn) -> list[int]:
        """Forget what waits of these instances; those of them that stood in line."""
        array = self._arrays.get(event.array_id)
        if array is None:
            return []
        left: list[int] = []
        for first, last in zip(event.first_ids, event.last_ids, strict=True):
            array.fresh = deque(_outside(array.fresh, first, last))
            for waiting in (array.returned, array.in_line):
                gone = [item for item in waiting if first <= item <= last]
                for instance_id in gone:
                    del waiting[instance_id]
                left += gone
        return left

    def check(self, queue: JobQueue, placed: Iterable[JobQueued]) -> None:
        """Raise where the books do not agree with the line and with what is placed."""
        counts: dict[int, int] = {}
        for job in placed:
            if job.array_id is not None:
                counts[job.array_id] = counts.get(job.array_id, 0) + 1
        known = {array_id: array.n_placed for array_id, array in self._arrays.items()}
        if counts != {array_id: count for array_id, count in known.items() if count}:
            raise AssertionError("arrays count other jobs on nodes than there are")
        for array_id, array in self._arrays.items():
            if any(instance_id not in queue for instance_id in array.in_line):
                raise AssertionError(f"array {array_id} counts jobs in line that are not there")
            if array.in_line and array.room < 0:
                raise AssertionError(f"array {array_id} has more in line than its limit lets start")

    def _of(self, job: JobQueued) -> _Array:
        array_id = job.array_id or 0
        array = self._arrays.get(array_id)
        if array is None:
            array = self._arrays[array_id] = _Array(job.at_once)
            insort(self._ids, array_id)
        return array

    def _forget_if_over(self, array_id: int | None) -> None:
        if array_id is not None and self._arrays[array_id].is_over:
            del self._arrays[array_id]
            self._ids.remove(array_id)


def _next(array: _Array) -> JobQueued | None:
    """The instance whose turn is next, taken out of those that wait."""
    if array.returned:
        return array.returned.pop(next(iter(array.returned)))
    if not array.fresh:
        return None
    alike, first, last = array.fresh.popleft()
    if first < last:
        array.fresh.appendleft((alike, first + 1, last))
    return replace(alike, instance_id=first)


def _cut(array: _Array, instance_id: int) -> JobQueued | None:
    """An instance that never was in line, taken out of its run."""
    for alike, first, last in array.fresh:
        if first <= instance_id <= last:
            array.fresh = deque(_outside(array.fresh, instance_id, instance_id))
            return replace(alike, instance_id=instance_id)
    return None


def _outside(spans: Iterable[_Span], low: int, high: int) -> Iterable[_Span]:
    """What is left of the runs without the numbers from ``low`` to ``high``."""
    for alike, first, last in spans:
        if first < low:
            yield alike, first, min(last, low - 1)
        if last > high:
            yield alike, max(first, high + 1), last

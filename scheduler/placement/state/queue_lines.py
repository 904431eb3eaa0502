"""Lines of waiting jobs in one order: for each shape one line an account."""

import heapq
from bisect import insort
from collections.abc import Callable, Container, Iterable, Iterator

from scheduler.order.fair_share import Account
from scheduler.placement.state.job_shape import Shape

#: What lines are ordered by, when the job queued, and its number.
Place = tuple[float, float, int]
#: Whether a job stands at this very place. One that was left behind must not come to life again
#: when its job returns, or the job would stand in line twice.
Stands = Callable[[Place], bool]


class Line:
    """Places in order; those of jobs gone are dropped when they are reached."""

    __slots__ = ("head", "places")

    def __init__(self) -> None:
        """Start with nobody."""
        self.places: list[Place] = []
        self.head = 0

    def add(self, place: Place) -> None:
        """Put a place where it belongs."""
        insort(self.places, place, lo=self.head)

    def next_from(self, index: int, stands: Stands) -> int:
        """The next place, from here on, at which a job stands; the end where none does."""
        places = self.places
        for at in range(index, len(places)):
            if stands(places[at]):
                return at
        return len(places)

    def first(self, stands: Stands) -> int:
        """The same from the beginning on; what nobody stands at any more is forgotten."""
        self.head = self.next_from(self.head, stands)
        if self.head > 64 and 2 * self.head > len(self.places):  # noqa: PLR2004 - not each time
            del self.places[: self.head]
            self.head = 0
        return self.head


#: The first of a line: its place as moved, where that stands, the line, its shape, and by how much
#: its places are moved.
Head = tuple[Place, int, Line, Shape, float]


class Lines:
    """All lines of one order."""

    def __init__(
        self, stands: Stands, standing: Iterable[tuple[Shape, Account, Place]] = ()
    ) -> None:
        """Begin with these places."""
        self._stands = stands
        self._lines: dict[Shape, dict[Account, Line]] = {}
        for shape, account, place in standing:
            self._of(shape, account).places.append(place)
        for of_shape in self._lines.values():
            for line in of_shape.values():
                line.places.sort()

    def __iter__(self) -> Iterator[Shape]:
        """The shapes that have a line."""
        return iter(self._lines)

    def add(self, shape: Shape, account: Account, place: Place) -> None:
        """Put a place in its line, which begins here if it must."""
        self._of(shape, account).add(place)

    def drop(self, shape: Shape) -> None:
        """Forget the lines of a shape: nobody stands in them any more."""
        self._lines.pop(shape, None)

    def heads(
        self, shape: Shape, ahead_s: Callable[[Shape, Account], float] | None = None
    ) -> Iterator[Head]:
        """The first of each line of a shape, moved before others by so much."""
        of_shape = self._lines.get(shape, {})
        for account, line in list(of_shape.items()):
            index = line.first(self._stands)
            if index == len(line.places):
                del of_shape[account]
                continue
            by_s = 0.0 if ahead_s is None else ahead_s(shape, account)
            yield moved(line.places[index], by_s), index, line, shape, by_s

    def _of(self, shape: Shape, account: Account) -> Line:
        of_shape = self._lines.get(shape)
        if of_shape is None:
            of_shape = self._lines[shape] = {}
        line = of_shape.get(account)
        if line is None:
            line = of_shape[account] = Line()
        return line


def merged(
    found: Iterable[Head], stands: Stands, but: Container[Shape] = ()
) -> Iterator[tuple[int, Shape]]:
    """Numbers of jobs, first to start first over these lines.

    A line whose shape is in ``but`` by the time its next job would come is left.
    """
    heads = list(found)
    heapq.heapify(heads)
    while heads:
        place, index, line, shape, by_s = heads[0]
        if shape not in but:
            yield place[2], shape
        if shape not in but:
            index = line.next_from(index + 1, stands)
            if index < len(line.places):
                place = moved(line.places[index], by_s)
                heapq.heapreplace(heads, (place, index, line, shape, by_s))
                continue
        heapq.heappop(heads)


def moved(place: Place, by_s: float) -> Place:
    """The place, moved before others by so much."""
    return (place[0] - by_s, place[1], place[2]) if by_s else place

"""Nodes set aside for a time: who may start there, and until when everybody else must be gone.

Reservations of one node do not overlap. A job that has none starts on a node only where its own
time limit ends before the next one begins, so that nobody has to be stopped for it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued, ReservationMade

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Reservations:
    """Every reservation that was made and not deleted."""

    def __init__(self) -> None:
        """Start with none."""
        self._made: dict[int, ReservationMade] = {}

    def add(self, made: ReservationMade) -> None:
        """Set nodes aside."""
        self._made[made.reservation_id] = made

    def remove(self, reservation_id: int) -> bool:
        """Set them free again; whether there was one."""
        return self._made.pop(reservation_id, None) is not None

    def change_between(self, after_s: float, until_s: float) -> bool:
        """Whether one begins or ends after the one moment, up to the other."""
        return any(
            after_s < moment_s <= until_s
            for made in self._made.values()
            for moment_s in (made.starts_at_s, made.ends_at_s)
        )

    def of(self, job: JobQueued, now_s: float) -> ReservationMade | None:
        """The reservation in which a job is to run; None where it has none, or it is over."""
        made = None if job.reservation_id is None else self._made.get(job.reservation_id)
        return made if made is not None and now_s < made.ends_at_s else None

    def next_on(self, node_id: int, now_s: float) -> ReservationMade | None:
        """The one that lasts on a node now, or begins next."""
        there = (
            made
            for made in self._made.values()
            if node_id in made.node_ids and now_s < made.ends_at_s
        )
        return min(there, key=lambda made: made.starts_at_s, default=None)

    def sight(self, now_s: float, row_of: Mapping[int, int], n_nodes: int) -> "Sight | None":
        """The same as columns; None where nothing is reserved."""
        left = [made for made in self._made.values() if now_s < made.ends_at_s]
        if not left:
            return None
        from_s = np.full(n_nodes, np.inf)
        for made in left:
            rows = _rows(made, row_of)
            from_s[rows] = np.minimum(from_s[rows], made.starts_at_s)
        return Sight(self, now_s, from_s, row_of)


class Sight:
    """What is reserved, as one plan sees it."""

    def __init__(
        self, reservations: Reservations, now_s: float, from_s: Floats, row_of: Mapping[int, int]
    ) -> None:
        """See it at this moment; ``from_s`` is when each node's next one begins, (n_nodes,)."""
        self._reservations, self._row_of = reservations, row_of
        self._now_s, self._from_s = now_s, from_s

    def open_to(self, job: JobQueued) -> Flags:
        """Nodes on which no reservation keeps a job from starting now, shape (n_nodes,)."""
        ends_s = self._now_s + job.time_limit_s
        own = self._reservations.of(job, self._now_s)
        if own is None:
            return np.asarray(ends_s <= self._from_s)
        found = np.zeros(len(self._from_s), dtype=np.bool_)
        if own.starts_at_s <= self._now_s and ends_s <= own.ends_at_s:
            found[_rows(own, self._row_of)] = True
        return found


def _rows(made: ReservationMade, row_of: Mapping[int, int]) -> list[int]:
    return [row_of[node_id] for node_id in made.node_ids if node_id in row_of]

"""Nodes kept for jobs that are too wide for any now, and who may use them meanwhile.

As in EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001, doi:10.1109/71.932708): a kept node
has the moment at which it will have room for its job, if all that runs there runs to its limit.
Others start there where their own limit ends by then, or on what the job will leave free. So the
moment only comes nearer, and it is the earliest that any node has: nothing delays the job.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Nodes that will have room for a job, from when on, and what it leaves free of each then."""

    rows: Counts
    from_s: float
    spare_cores: Counts
    spare_mem_mib: Counts


class Kept:
    """What one plan keeps, for whom and from when on."""

    def __init__(self, n_nodes: int) -> None:
        """Keep nothing yet."""
        self.from_s: Floats = np.full(n_nodes, np.inf)  #: When its job has room there.
        self._spare_cores: Counts = np.zeros(n_nodes, dtype=np.int64)
        self._spare_mem_mib: Counts = np.zeros(n_nodes, dtype=np.int64)
        self.job_of: dict[int, JobQueued] = {}  #: By the row of the node.

    @property
    def is_kept(self) -> Flags:
        """Which nodes are kept, shape (n_nodes,)."""
        return np.asarray(self.from_s < np.inf)

    def instance_of(self, row: int) -> int | None:
        """The instance for which a node is kept."""
        job = self.job_of.get(row)
        return None if job is None else job.instance_id

    def keep(self, job: JobQueued, room: Room) -> None:
        """Keep these nodes for a job."""
        self.from_s[room.rows] = room.from_s
        self._spare_cores[room.rows] = room.spare_cores
        self._spare_mem_mib[room.rows] = room.spare_mem_mib
        self.job_of |= dict.fromkeys(room.rows.tolist(), job)

    def open_to(
        self, job: JobQueued, now_s: float, need_cores: Counts, need_mem_mib: Counts
    ) -> Flags:
        """Nodes on which the job delays nobody for whom one is kept, shape (n_nodes,)."""
        is_over_by_then = now_s + job.time_limit_s <= self.from_s
        if job.gpus:
            return np.asarray(is_over_by_then)
        is_beside = (need_cores <= self._spare_cores) & (need_mem_mib <= self._spare_mem_mib)
        return np.asarray(is_over_by_then | is_beside)

    def take(self, job: JobQueued, row: int, now_s: float, cores: int, mem_mib: int) -> None:
        """The job starts there: where it lasts, less is to spare."""
        if row in self.job_of and now_s + job.time_limit_s > self.from_s[row]:
            self._spare_cores[row] -= cores
            self._spare_mem_mib[row] -= mem_mib

"""What attempts hold of the nodes and until when at the latest, as columns."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray

from domain.events import JobQueued, NodeJoined
from domain.fleet.gpus import overlap
from domain.jobs.sizing import core_need, gpu_need, mem_need_mib
from scheduler.columns import Columns
from scheduler.placement.state.occupation import Share

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: An attempt that was told to stop leaves at once, as far as others are concerned.
LEAVING_S = -np.inf


class AllocationColumns(Columns):
    """One row for each node of each attempt, reused when it ends."""

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "node": (np.int64, ()),
        "cores": (np.int64, ()),
        "mem_mib": (np.int64, ()),
        "gpus": (np.int64, ()),
        "gpu_kind": (np.int64, ()),
        "until_s": (np.float64, ()),
        "is_used": (np.bool_, ()),
    }
    node: Counts  #: Row of the fleet.
    cores: Counts
    mem_mib: Counts
    gpus: Counts
    gpu_kind: Counts  #: Place of the kind among those that were asked for.
    until_s: Floats  #: When its time limit ends, if it started when it was offered.
    is_used: NDArray[np.bool_]


class Allocations:
    """Every offered or running attempt's share of each of its nodes."""

    def __init__(self) -> None:
        """Start with none."""
        self.columns = AllocationColumns()
        self._free: list[int] = []
        self._kinds: list[str] = []

    def add(self, node: int, job: JobQueued, facts: NodeJoined, now_s: float) -> int:
        """Note what a job takes of a node from now on; the row to change or remove it by."""
        row = self._free.pop() if self._free else self.columns.add_row()
        gpus, kind = gpu_need(job, facts)
        if kind not in self._kinds:
            self._kinds.append(kind)
        columns = self.columns
        columns.node[row], columns.is_used[row] = node, True
        columns.cores[row], columns.mem_mib[row] = core_need(job, facts), mem_need_mib(job, facts)
        columns.gpus[row], columns.gpu_kind[row] = gpus, self._kinds.index(kind)
        columns.until_s[row] = now_s + job.time_limit_s
        return row

    def last_until(self, shares: Iterable[Share], until_s: float) -> None:
        """These end at another time than was thought."""
        for share in shares:
            self.columns.until_s[share.allocation] = until_s

    def remove(self, row: int) -> None:
        """Forget a share."""
        self.columns.is_used[row] = False
        self._free.append(row)

    def gpus_of(self, kind: str) -> Counts:
        """How many GPUs of a kind each of them may hold, shape (n_rows,)."""
        is_meant = np.array([overlap(kind, other) for other in self._kinds], dtype=np.bool_)
        return np.where(is_meant[self.columns.gpu_kind], self.columns.gpus, 0)

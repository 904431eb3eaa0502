"""Nodes kept for jobs that are too wide for any now, and who may use them meanwhile.

As in EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001, doi:10.1109/71.932708): a kept node
has the moment at which it will have room for its job, if all that runs there runs to its limit.
Others start there where their own limit ends by then, or on what the job will leave free. So the
moment only comes nearer, and it is the earliest that any node has: nothing delays the job.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued
from domain.fleet.gpus import overlap
from domain.jobs.sizing import core_need, gpu_need, mem_need_mib
from scheduler.placement.gangs import emptiest_gang, whole_gangs
from scheduler.placement.policy import Placement, Stop

if TYPE_CHECKING:
    from scheduler.placement.draft import Draft

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


class _Leaving:
    """What comes free on which node and when, if all that is placed runs to its limit."""

    def __init__(self, draft: "Draft", job: JobQueued) -> None:
        columns = draft.state.holdings.columns
        used = np.flatnonzero(columns.is_used)
        self.node: Counts = columns.node[used]
        self.cores: Counts = columns.cores[used]
        self.mem_mib: Counts = columns.mem_mib[used]
        self.gpus: Counts = np.zeros_like(self.node)
        if job.gpus:
            self.gpus = draft.state.holdings.gpus_of(job.gpu_kind)[used]
        until_s: Floats = columns.until_s[used]
        placed: list[tuple[float, ...]] = []
        for step in draft.steps:
            if isinstance(step, Placement):
                placed += _shares(draft, step, job)
            elif isinstance(step, Stop):
                held = draft.state.occupations[step.instance_id]
                is_meant = np.isin(used, [share.holding for share in held.shares])
                until_s = np.where(is_meant, draft.view.now_s, until_s)
        if placed:
            *counts, ends_s = np.array(placed).T
            node, cores, mem_mib, gpus = (one.astype(np.int64) for one in counts)
            self.node = np.append(self.node, node)
            self.cores = np.append(self.cores, cores)
            self.mem_mib = np.append(self.mem_mib, mem_mib)
            self.gpus = np.append(self.gpus, gpus)
            until_s = np.append(until_s, ends_s)
        self.until_s: Floats = np.maximum(until_s, draft.view.now_s)

    def by(self, at_s: float, n_nodes: int) -> tuple[Counts, Counts, Counts]:
        """Cores, memory [MiB] and GPUs that came free on each node, shape (n_nodes,) each."""
        gone = self.until_s <= at_s
        node = self.node[gone]
        cores, mem_mib, gpus = (
            np.bincount(node, weights=amount[gone], minlength=n_nodes).astype(np.int64)
            for amount in (self.cores, self.mem_mib, self.gpus)
        )
        return cores, mem_mib, gpus


def _shares(draft: "Draft", step: Placement, job: JobQueued) -> list[tuple[float, ...]]:
    """What a placement of this plan holds of each of its nodes, and until when."""
    until_s = draft.view.now_s + step.job.time_limit_s
    found: list[tuple[float, ...]] = []
    for row in step.rows:
        facts = draft.fleet.facts[row]
        gpus, kind = gpu_need(step.job, facts)
        gpus = gpus if job.gpus and overlap(job.gpu_kind, kind) else 0
        cores, mem_mib = core_need(step.job, facts), mem_need_mib(step.job, facts)
        found.append((row, cores, mem_mib, gpus, until_s))
    return found


def soonest_room(draft: "Draft", job: JobQueued, able: Flags) -> Room | None:
    """Where and when a job has room first, among nodes that would take it if they were empty.

    Found by halving the moments at which anything ends: room only grows from one to the next.
    """
    leaving = _Leaving(draft, job)
    n_nodes = draft.fleet.nodes.n_rows
    need, need_mib = draft.fleet.need_cores(job), draft.fleet.need_mem_mib(job)

    def free_at(at_s: float) -> tuple[Flags, Counts, Counts]:
        cores, mem_mib, gpus = leaving.by(at_s, n_nodes)
        cores, mem_mib = draft.free_cores + cores, draft.free_mem_mib + mem_mib
        has_room = able & (need <= cores) & (need_mib <= mem_mib)
        if job.gpus:
            has_room &= job.gpus <= draft.free_gpus(job.gpu_kind) + gpus
        return whole_gangs(draft.fleet, has_room, job.nodes), cores, mem_mib

    moments = np.unique(np.append(leaving.until_s[able[leaving.node]], draft.view.now_s))
    first, last = 0, len(moments) - 1
    if not free_at(float(moments[last]))[0].any():
        return None
    while first < last:
        middle = (first + last) // 2
        if free_at(float(moments[middle]))[0].any():
            last = middle
        else:
            first = middle + 1
    at_s = float(moments[last])
    has_room, cores, mem_mib = free_at(at_s)
    rows = emptiest_gang(draft.fleet, has_room, draft.free_cores, job.nodes)
    return Room(
        rows=rows,
        from_s=at_s,
        spare_cores=cores[rows] - need[rows],
        spare_mem_mib=mem_mib[rows] - need_mib[rows],
    )

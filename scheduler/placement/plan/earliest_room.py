"""Where and when a job that is too wide now will have room first, so that a node is kept for it."""

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued
from domain.fleet.gpus import overlap
from domain.jobs.sizing import core_need, gpu_need, mem_need_mib
from scheduler.placement.plan.backfill import Room
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.gangs import emptiest_gang, whole_gangs
from scheduler.placement.plan.policy import Placement, Stop

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def keep_for(draft: Draft, job: JobQueued) -> list[int]:
    """Keep for a job that is too wide now the node, or nodes, that have room first; their rows.

    Others start there only where they do not delay it: its turn comes however many narrower ones
    wait.
    """
    room = earliest_room(draft, job, draft.may_be_kept(job))
    if room is None:
        return []
    draft.keep(job, room)
    kept: list[int] = room.rows.tolist()
    return kept


class _Leaving:
    """What comes free on which node and when, if all that is placed runs to its limit."""

    def __init__(self, draft: Draft, job: JobQueued) -> None:
        columns = draft.state.allocations.columns
        used = np.flatnonzero(columns.is_used)
        self.node: Counts = columns.node[used]
        self.cores: Counts = columns.cores[used]
        self.mem_mib: Counts = columns.mem_mib[used]
        self.gpus: Counts = np.zeros_like(self.node)
        if job.gpus:
            self.gpus = draft.state.allocations.gpus_of(job.gpu_kind)[used]
        until_s: Floats = columns.until_s[used]
        placed: list[tuple[float, ...]] = []
        for step in draft.steps:
            if isinstance(step, Placement):
                placed += _shares(draft, step, job)
            elif isinstance(step, Stop):
                held = draft.state.occupations[step.instance_id]
                is_meant = np.isin(used, [share.allocation for share in held.shares])
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


def _shares(draft: Draft, step: Placement, job: JobQueued) -> list[tuple[float, ...]]:
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


def earliest_room(draft: Draft, job: JobQueued, able: Flags) -> Room | None:
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

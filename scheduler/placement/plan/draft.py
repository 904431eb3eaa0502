"""A plan while it is being made: what is still free, counted as if its steps were done."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.commands import Candidate, Why
from domain.events import JobQueued
from domain.jobs.sizing import core_need, gpu_need, mem_need_mib
from scheduler.placement.plan import silence
from scheduler.placement.plan.backfill import Kept, Room
from scheduler.placement.plan.gangs import gang_of, whole_gangs
from scheduler.placement.plan.policy import Placement, Step, View
from scheduler.placement.state.budgets import BudgetDraft
from scheduler.placement.state.devices import DeviceDraft
from scheduler.placement.state.licences import LicenceDraft
from scheduler.placement.state.quotas import NO_LIMIT, QuotaDraft

if TYPE_CHECKING:
    from scheduler.placement.state.cluster import ClusterState
    from scheduler.placement.state.fleet import FleetTable
    from scheduler.placement.state.job_shape import Shape

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: What a job asks for: cores, memory [MiB], whether the whole node, GPUs and their kind, nodes.
_Need = tuple[int, int | None, bool, int, str, int]
Counts = NDArray[np.int64]
#: Only jobs expected to be this short are offered ahead of a free core [s].
SHORT_JOB_S = 1.0
MOST_CANDIDATES = 3
#: Jobs of one shape that only a reservation keeps from starting, looked at in one plan: those
#: behind them may be shorter.
_MOST_HELD_BACK = 100
#: So many times what is asked for is simply sorted.
_FEW = 20


class Draft:
    """What is free on each node, and the steps so far."""

    def __init__(self, view: View) -> None:
        """Begin with what is free now."""
        self.view = view
        self.state: ClusterState = view.state
        self.fleet = view.state.fleet
        nodes = self.fleet.nodes
        self.free_cores = nodes.free_cores.copy()
        self.free_mem_mib = nodes.free_mem_mib.copy()
        self.ahead_cores = self.fleet.ahead_cores(view.now_s)
        self._is_ahead = bool(self.ahead_cores.any())
        #: Up, and let by their own control.
        self.is_open: Flags = nodes.is_open & nodes.accepts_work
        self.is_fresh: Flags = self.fleet.is_fresh(view.now_s)
        self._safe_wh: Floats | None = None if self.is_fresh.all() else silence.room_wh(view)
        self.kept = Kept(nodes.n_rows)  # for jobs that are too wide now
        self.charge_frac: Floats = self.fleet.sites.charge_frac()
        self.steps: list[Step] = []
        self.placed: set[int] = set()
        self._large: dict[_Need, Flags] = {}  # nodes that are open and large enough
        self._devices = DeviceDraft(self.fleet.devices)
        self._quotas = QuotaDraft(self.state.quotas)
        self._budgets = BudgetDraft(self.state.quotas.budgets, self.fleet)
        self._licences = LicenceDraft(self.state.licences)
        #: What found no room, whether it is short, and the least time limit that found none.
        self._without_room: dict[tuple[_Need, bool], int] = {}
        #: What is reserved; None = nothing is.
        self._reserved = self.state.reservations.sight(view.now_s, self.fleet.row_of, nodes.n_rows)
        self._n_held_back: dict[Shape, int] = {}

    @property
    def has_room(self) -> bool:
        """Whether any core of an open node is free."""
        free = self.free_cores + self.ahead_cores if self._is_ahead else self.free_cores
        return bool(np.count_nonzero((free > 0) & self.is_open))

    @property
    def is_alike_for_any_limit(self) -> bool:
        """Whether a job fits where it fits, however long it is let run."""
        return self._reserved is None and not self.kept.job_of and self._safe_wh is None

    def able(self, job: JobQueued, *, but_for_reservations: bool = False) -> Flags:
        """Open nodes that would take the job if they were empty, shape (n_nodes,).

        Of a job of several nodes, those whose site has enough of them.
        None of them where a quota or a licence keeps it from starting: it is not nodes that it
        waits for.
        """
        asked = _need(job)
        able = self._large.get(asked)
        if able is None:
            able = self._large[asked] = self.fleet.has_size(job) & self.is_open
        found = np.asarray(able & self._is_known(job))
        _leave_out(self.fleet, job, found)
        if self._reserved is not None and not but_for_reservations:
            found &= self._reserved.open_to(job)
        self._keep_quotas(job, found)
        return whole_gangs(self.fleet, found, job.nodes)

    def fitting(self, job: JobQueued) -> Flags:
        """Nodes that can take the job now, shape (n_nodes,).

        Never the one on which its last attempt went wrong, unless no other could take it at all:
        it rather waits for another than fails twice in the same place. Of a job of several nodes,
        those whose site has room for all of it now.
        """
        fits = self._fitting_alone(job)
        if self._reserved is not None:
            fits &= self._reserved.open_to(job)
        self._avoid(job, fits)
        return whole_gangs(self.fleet, fits, job.nodes)

    def stand_back(self, job: JobQueued, shape: "Shape", blocked: set["Shape"]) -> bool:
        """Note that a job found no place; whether a node is to be kept for it.

        Others of its shape are looked at no more, unless there is room and this one would only
        run into a reservation, or delay a job for which a node is kept: a shorter one may not.
        """
        n_before = self._n_held_back.get(shape, 0)
        if n_before < _MOST_HELD_BACK and (n_before or self._is_held_back(job)):
            self._n_held_back[shape] = n_before + 1
        else:
            blocked.add(shape)
        return n_before == 0

    def _is_held_back(self, job: JobQueued) -> bool:
        """Whether only what is reserved or kept for others keeps it from starting."""
        if self._reserved is None and not self.kept.job_of:
            return False
        fits = self._fitting_alone(job, but_for_kept=True)
        return bool(whole_gangs(self.fleet, fits, job.nodes).any())

    def _fitting_alone(self, job: JobQueued, *, but_for_kept: bool = False) -> Flags:
        """Nodes with room for the job, or for its share of one node, whatever is reserved."""
        is_short = not job.whole_node and job.mem_mib is None and not job.gpus and job.nodes == 1
        is_short = is_short and self._is_ahead and self.view.expect_s(job) <= SHORT_JOB_S
        # A plan only takes room: what found none finds none in the rest of it.
        asked = _need(job), is_short
        least_s = 0 if but_for_kept else job.time_limit_s
        if self._without_room.get(asked, math.inf) <= least_s:
            return np.zeros(len(self.is_open), dtype=np.bool_)
        need, need_mib = self.fleet.need_cores(job), self.fleet.need_mem_mib(job)
        fits = (need <= self.free_cores) & (need_mib <= self.free_mem_mib)
        if job.gpus:
            fits &= self.free_gpus(job.gpu_kind) >= job.gpus
        if self.kept.job_of and not but_for_kept:
            fits &= self.kept.open_to(job, self.view.now_s, need, need_mib)
        if is_short:
            fits |= (need <= self.free_cores + self.ahead_cores) & ~self.kept.is_kept
        fits &= self.is_open
        if not np.count_nonzero(fits):
            self._without_room[asked] = least_s if self.kept.job_of else 0
            return fits
        fits &= self._is_known(job)
        _leave_out(self.fleet, job, fits)
        self._keep_quotas(job, fits)
        return np.asarray(fits)

    def _avoid(self, job: JobQueued, fits: Flags) -> None:
        """Take the node out on which the job went wrong, where it could go without it."""
        if job.avoid_node_id is None:
            return
        avoided = self.fleet.row_of.get(job.avoid_node_id)
        if avoided is None or not fits[avoided]:
            return
        others = self.able(job)
        others[avoided] = False
        if whole_gangs(self.fleet, others, job.nodes).any():
            fits[avoided] = False

    def fitting_each(self, jobs: list[JobQueued]) -> Flags:
        """The same for several jobs, shape (n_jobs, n_nodes)."""
        need = np.array([job.cores for job in jobs])[:, None]
        fits = (need <= self.free_cores) & self.is_open & self.is_fresh
        for index, job in enumerate(jobs):
            is_plain = (
                job.mem_mib is None
                and not job.whole_node
                and job.avoid_node_id is None
                and not job.excluded
                and not job.gpus
                and job.nodes == 1
            )
            if not is_plain or self._safe_wh is not None:
                fits[index] = self.fitting(job)
            else:
                if job.requires:
                    fits[index] &= self.fleet.tags.meet(job.requires)
                self._keep_quotas(job, fits[index])
                if self.kept.job_of:
                    need_mib = self.fleet.need_mem_mib(job)
                    fits[index] &= self.kept.open_to(job, self.view.now_s, need[index], need_mib)
            if self._reserved is not None:
                fits[index] &= self._reserved.open_to(job)
        share = need * self.fleet.nodes.mem_mib // self.fleet.nodes.cores
        fits &= (share <= self.free_mem_mib) | (need > self.free_cores)
        for index, job in enumerate(jobs):
            if job.nodes > 1:
                fits[index] = whole_gangs(self.fleet, fits[index], job.nodes)
        return np.asarray(fits)

    def free_gpus(self, kind: str) -> Counts:
        """GPUs of a kind that are free on each node, shape (n_nodes,)."""
        return self._devices.free(kind)

    def has_quota(self, job: JobQueued, row: int) -> bool:
        """Whether quotas and licences let the job start on this node."""
        need = core_need(job, self.fleet.facts[row]) * job.nodes
        has_cores = self._quotas.room_cores(job) >= need
        return has_cores and self._budgets.has_room(job, row) and self._licences.has_room(job)

    def _keep_quotas(self, job: JobQueued, rows: Flags) -> None:
        """Take the nodes out on which the job would hold, or might use, more than it may.

        Of one for several nodes, each is taken to be like the others. Where seats of a licence are
        missing, that is all of them.
        """
        if not self._licences.has_room(job):
            rows[:] = False
        room = self._quotas.room_cores(job)
        if room < NO_LIMIT:
            rows &= self.fleet.need_cores(job) * job.nodes <= room
        self._budgets.keep(job, rows)

    def put(self, job: JobQueued, row: int, why: Why, among: Flags | None = None) -> None:
        """Place the job on this node, and on as many beside it as it wants.

        ``among`` are the nodes that it may take, where they are not all that fit.
        """
        members: tuple[int, ...] = ()
        if job.nodes > 1:
            fits = self.fitting(job) if among is None else among
            members = gang_of(self.fleet, fits, self.free_cores, row, job.nodes)
        heat_wh = None if self._safe_wh is None else silence.job_heat_wh(self.fleet, job)
        for one in (row, *members):
            facts = self.fleet.facts[one]
            cores, mem_mib = core_need(job, facts), mem_need_mib(job, facts)
            self.free_cores[one] -= cores
            self.free_mem_mib[one] -= mem_mib
            self.kept.take(job, one, self.view.now_s, cores, mem_mib)
            gpus, kind = gpu_need(job, facts)
            if gpus:
                self._devices.take(one, kind, gpus)
            if self._safe_wh is not None and heat_wh is not None:
                self._safe_wh[one] -= heat_wh[one]
        held = sum(core_need(job, self.fleet.facts[one]) for one in (row, *members))
        self._quotas.take(job, held)
        self._budgets.take(job, (row, *members))
        self._licences.take(job)
        self.steps.append(Placement(job, row, why, members))
        self.placed.add(job.instance_id)

    def _is_known(self, job: JobQueued) -> Flags:
        """Fresh nodes, and silent ones whose water surely has room for the job's heat."""
        if self._safe_wh is None:
            return self.is_fresh
        return np.asarray(self.is_fresh | (silence.job_heat_wh(self.fleet, job) <= self._safe_wh))

    def may_be_kept(self, job: JobQueued) -> Flags:
        """Nodes that can be kept for a job that is too wide now, shape (n_nodes,)."""
        able = self.able(job) & ~self.kept.is_kept
        self._avoid(job, able)
        return able

    def keep(self, job: JobQueued, room: Room) -> None:
        """Keep these nodes for a job, and with them the seats that it takes of licences."""
        self.kept.keep(job, room)
        self._licences.take(job)

    def candidates(self, rows: NDArray[np.int64], scores: Floats) -> tuple[Candidate, ...]:
        """Nodes as they stood when they were considered."""
        sites, site_of = self.fleet.sites, self.fleet.nodes.site
        found = []
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            facts, site = self.fleet.facts[row], int(site_of[row])
            found.append(
                Candidate(
                    node_id=facts.node_id,
                    node_name=facts.name,
                    water_temp_c=round(float(sites.water_temp_c[site]), 2),
                    charge_frac=round(float(self.charge_frac[site]), 3),
                    free_cores=max(int(self.free_cores[row]), 0),
                    score=round(score, 4),
                )
            )
        return tuple(found)


def _leave_out(fleet: "FleetTable", job: JobQueued, rows: Flags) -> None:
    """Take the nodes out on which the job must not run."""
    if job.requires:
        rows &= fleet.tags.meet(job.requires)
    for name in job.excluded:
        row = fleet.row_of_name.get(name)
        if row is not None:
            rows[row] = False


def _need(job: JobQueued) -> _Need:
    return job.cores, job.mem_mib, job.whole_node, job.gpus, job.gpu_kind, job.nodes


def best_first(scores: Floats, among: Flags, count: int = MOST_CANDIDATES) -> NDArray[np.int64]:
    """Rows with the highest scores among some, best first; equal ones by their order."""
    rows = np.flatnonzero(among)
    if len(rows) > _FEW * count:
        found = scores[rows]
        rows = rows[found >= np.partition(found, -count)[-count]]
    order = np.argsort(-scores[rows], kind="stable")[:count]
    return rows[order]

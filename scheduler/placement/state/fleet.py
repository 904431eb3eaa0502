"""Nodes and sites as columns: what is free, what the water can take, and what was last heard."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray

from domain.events import JobQueued, NodeJoined
from domain.jobs.requirements import tags_of
from domain.jobs.sizing import core_need, gpu_need, mem_need_mib
from domain.units import DAY_S
from scheduler.columns import Columns
from scheduler.placement.state.devices import DeviceColumns
from scheduler.placement.state.node_tags import TagColumns
from scheduler.placement.state.readings import Readings

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A reading older than this, and than three of the node's usual gaps, says nothing any more [s].
READING_STALE_S = 60.0
_MISSED_READINGS = 3.0
_LONGEST_GAP_S = 1800.0
#: Time over which a node's turnover of cores is averaged [s].
TURNOVER_MEMORY_S = 0.5
#: A busy node is offered the work of its next moment ahead [s], so that freed cores wait for no
#: round trip; never more than this many cores, and only work known to be short.
AHEAD_S = 0.4
MOST_AHEAD_CORES = 128

#: Hot water leaves its boiler at 55 to 60 degC, for hygiene (order of 30 November 2005).
HOT_WATER_C = 58.0
#: The coldest water seen is forgotten at this pace [K/s]: mains water warms by 10 K in 100 days.
_FLOOR_DRIFT_K_PER_S = 0.15 / DAY_S
_LEAST_SPAN_K = 0.1
_NEVER_S = -1e18


class NodeColumns(Columns):
    """One row a node, in the order in which they joined."""

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "site": (np.int64, ()),
        "cores": (np.int64, ()),
        "mem_mib": (np.int64, ()),
        "free_cores": (np.int64, ()),
        "free_mem_mib": (np.int64, ()),
        "brief_cores": (np.int64, ()),
        "stopping_cores": (np.int64, ()),
        "core_heat_w": (np.float64, ()),
        "core_power_w": (np.float64, ()),
        "is_open": (np.bool_, ()),
        "accepts_work": (np.bool_, ()),
        "is_closed": (np.bool_, ()),
        "read_at_s": (np.float64, ()),
        "stale_after_s": (np.float64, ()),
        "turnover_per_s": (np.float64, ()),
        "last_release_s": (np.float64, ()),
    }
    site: Counts  #: Row of the site whose water it heats.
    cores: Counts
    mem_mib: Counts
    free_cores: Counts
    free_mem_mib: Counts
    brief_cores: Counts  #: Held by running jobs that can be stopped at little cost.
    stopping_cores: Counts  #: Held by jobs that were told to stop.
    core_heat_w: Floats  #: Heat into the water that one busy core brings [W].
    core_power_w: Floats  #: Electricity that one busy core takes [W].
    is_open: Flags  #: Up and not drained.
    accepts_work: Flags  #: Its own control lets jobs run.
    is_closed: Flags  #: Its jobs are kept off the network.
    read_at_s: Floats
    stale_after_s: Floats
    turnover_per_s: Floats  #: Cores given back a second, when last one was.
    last_release_s: Floats


class SiteColumns(Columns):
    """One row a site; its water as the newest reading of any of its nodes shows it."""

    COLUMNS: Mapping[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "storage_wh_per_k": (np.float64, ()),
        "limit_temp_c": (np.float64, ()),
        "declared_floor_c": (np.float64, ()),
        "floor_temp_c": (np.float64, ()),
        "is_preheat": (np.bool_, ()),
        "base_heat_w": (np.float64, ()),
        "headroom_wh": (np.float64, ()),
        "demand_w": (np.float64, ()),
        "water_temp_c": (np.float64, ()),
        "read_at_s": (np.float64, ()),
    }
    storage_wh_per_k: Floats
    limit_temp_c: Floats
    declared_floor_c: Floats
    floor_temp_c: Floats  #: Water at this holds no useful heat: the coldest seen of late.
    is_preheat: Flags
    base_heat_w: Floats  #: What its nodes bring with no job at all.
    headroom_wh: Floats
    demand_w: Floats
    water_temp_c: Floats
    read_at_s: Floats

    def capacity_wh(self) -> Floats:
        """Useful heat that each store holds at its limit [Wh], shape (n_sites,)."""
        span_k = np.maximum(self.limit_temp_c - self.floor_temp_c, _LEAST_SPAN_K)
        return np.asarray(self.storage_wh_per_k * span_k)

    def full_draw_wh(self) -> Floats:
        """Heat that would make a preheat tank as hot as what is drawn; 0 for other stores."""
        span_k = np.maximum(HOT_WATER_C - self.floor_temp_c, _LEAST_SPAN_K)
        return np.where(self.is_preheat, self.storage_wh_per_k * span_k, 0.0)

    def charge_frac(self) -> Floats:
        """State of charge: share of the capacity in use, shape (n_sites,), 0 to 1."""
        return np.asarray(np.clip(1.0 - self.headroom_wh / self.capacity_wh(), 0.0, 1.0))


class FleetTable:
    """Every node and site that the engine knows."""

    def __init__(self) -> None:
        """Start knowing none."""
        self.nodes = NodeColumns()
        self.sites = SiteColumns()
        self.tags = TagColumns()
        self.devices = DeviceColumns()
        self.facts: list[NodeJoined] = []
        self.row_of: dict[int, int] = {}
        self.row_of_name: dict[str, int] = {}
        self.site_row_of: dict[int, int] = {}
        self._nodes_of: list[dict[int, float]] = []  # base heat of each site's nodes [W]
        self.time_factor = 1.0  #: Seconds of the plants for one of the clock, by the last reading.

    def join(self, event: NodeJoined) -> int:
        """Take in a node, new or changed; its row."""
        row = self.row_of.get(event.node_id)
        nodes = self.nodes
        if row is None:
            row = nodes.add_row()
            self.row_of[event.node_id] = row
            self.facts.append(event)
            nodes.free_cores[row], nodes.free_mem_mib[row] = event.cores, event.mem_mib
            nodes.read_at_s[row] = _NEVER_S
            nodes.stale_after_s[row] = READING_STALE_S
        else:
            before = self.facts[row]
            self.facts[row] = event
            self.row_of_name.pop(before.name, None)
            nodes.free_cores[row] += event.cores - before.cores
            nodes.free_mem_mib[row] += event.mem_mib - before.mem_mib
        self.row_of_name[event.name] = row
        self.tags.put(row, tags_of(event.name, event.features, event.gpus, event.profiles))
        self.devices.put(row, event.gpus)
        nodes.site[row] = self._join_site(event)
        nodes.cores[row], nodes.mem_mib[row] = event.cores, event.mem_mib
        span_w = event.max_power_w - event.idle_power_w
        nodes.core_heat_w[row] = span_w * event.capture_frac / event.cores
        nodes.core_power_w[row] = span_w / event.cores
        nodes.is_open[row] = True
        nodes.is_closed[row] = event.is_closed
        return row

    def leave(self, node_id: int) -> None:
        """No new work for this node."""
        row = self.row_of.get(node_id)
        if row is not None:
            self.nodes.is_open[row] = False

    def read(self, readings: Readings) -> Flags:
        """Take in what nodes of different sites said.

        The answer is whether water that was unknown or held back until now may take work at once,
        shape (n_readings,).
        """
        nodes, sites, node, site = self.nodes, self.sites, readings.node, readings.site
        gap_s = readings.taken_at_s - nodes.read_at_s[node]
        stale_after_s = nodes.stale_after_s[node]
        is_known = nodes.accepts_work[node] & (gap_s <= stale_after_s)
        nodes.stale_after_s[node] = np.where(
            (gap_s > 0) & (gap_s <= _LONGEST_GAP_S),
            np.maximum(READING_STALE_S, _MISSED_READINGS * gap_s),
            stale_after_s,
        )
        nodes.read_at_s[node] = readings.taken_at_s
        nodes.accepts_work[node] = readings.accepts_work
        self._see_floor(readings)
        sites.headroom_wh[site] = readings.headroom_wh
        sites.demand_w[site] = readings.heat_demand_w
        sites.water_temp_c[site] = readings.water_temp_c
        sites.read_at_s[site] = readings.taken_at_s
        return np.asarray(readings.accepts_work & ~is_known)

    def floors(self) -> list[list[float]]:
        """The coldest water of late of each site, by its number."""
        floor_c = self.sites.floor_temp_c
        rows = self.site_row_of.items()
        return [[site_id, round(float(floor_c[row]), 3)] for site_id, row in rows]

    def rows_at(self, is_meant: NDArray[np.bool_]) -> list[int]:
        """Nodes of some sites; ``is_meant`` has shape (n_sites,)."""
        rows: list[int] = np.flatnonzero(is_meant[self.nodes.site]).tolist()
        return rows

    def is_heard(self) -> Flags:
        """Whether each node was ever read, shape (n_nodes,)."""
        return np.asarray(self.nodes.read_at_s > _NEVER_S)

    def need_cores(self, job: JobQueued) -> Counts:
        """Cores that the job takes on each node, shape (n_nodes,)."""
        if job.whole_node:
            return np.maximum(self.nodes.cores, job.cores)
        return np.full(self.nodes.n_rows, job.cores, dtype=np.int64)

    def need_mem_mib(self, job: JobQueued) -> Counts:
        """Memory that the job takes on each node [MiB], shape (n_nodes,)."""
        if job.whole_node:
            return np.maximum(self.nodes.mem_mib, job.mem_mib or 0)
        if job.mem_mib is not None:
            return np.full(self.nodes.n_rows, job.mem_mib, dtype=np.int64)
        return self.nodes.mem_mib * job.cores // self.nodes.cores

    def has_size(self, job: JobQueued) -> Flags:
        """Nodes that are large enough for the job, empty, shape (n_nodes,)."""
        nodes = self.nodes
        is_large = self.need_cores(job) <= nodes.cores
        is_large &= self.need_mem_mib(job) <= nodes.mem_mib
        if job.gpus:
            is_large &= self.devices.count(job.gpu_kind) >= job.gpus
        return np.asarray(is_large)

    def take(self, row: int, job: JobQueued) -> tuple[int, int]:
        """Hold the job's cores, GPUs and memory on a node; how many cores and GPUs."""
        cores = core_need(job, self.facts[row])
        gpus, kind = gpu_need(job, self.facts[row])
        self.devices.take(row, kind, gpus)
        self.nodes.free_cores[row] -= cores
        self.nodes.free_mem_mib[row] -= mem_need_mib(job, self.facts[row])
        return cores, gpus

    def give_back(self, row: int, job: JobQueued, cores: int, gpus: int, now_s: float) -> None:
        """Free them again; cores that come free often are served ahead."""
        nodes = self.nodes
        self.devices.take(row, gpu_need(job, self.facts[row])[1], -gpus)
        nodes.free_cores[row] += cores
        nodes.free_mem_mib[row] += mem_need_mib(job, self.facts[row])
        fading = np.exp((nodes.last_release_s[row] - now_s) / TURNOVER_MEMORY_S)
        nodes.turnover_per_s[row] = nodes.turnover_per_s[row] * fading + cores / TURNOVER_MEMORY_S
        nodes.last_release_s[row] = now_s

    def ahead_cores(self, now_s: float) -> Counts:
        """Cores that each node will have given back before an offer reaches it."""
        nodes = self.nodes
        since_s = np.minimum(nodes.last_release_s - now_s, 0.0)
        turnover = nodes.turnover_per_s * np.exp(since_s / TURNOVER_MEMORY_S)
        return np.minimum(turnover * AHEAD_S, MOST_AHEAD_CORES).astype(np.int64)

    def is_fresh(self, now_s: float) -> Flags:
        """Whether each node's last reading can still be believed, shape (n_nodes,)."""
        return np.asarray(now_s - self.nodes.read_at_s <= self.nodes.stale_after_s)

    def stale_after_s(self) -> Floats:
        """Age at which each site's last reading says nothing any more [s], shape (n_sites,)."""
        longest_s = np.zeros(self.sites.n_rows)
        np.maximum.at(longest_s, self.nodes.site, self.nodes.stale_after_s)
        return longest_s

    def _join_site(self, event: NodeJoined) -> int:
        sites = self.sites
        site = self.site_row_of.get(event.site_id)
        if site is None:
            site = self.site_row_of[event.site_id] = sites.add_row()
            sites.read_at_s[site] = _NEVER_S
            sites.floor_temp_c[site] = event.floor_temp_c
            self._nodes_of.append({})
        sites.storage_wh_per_k[site] = event.storage_wh_per_k
        sites.limit_temp_c[site] = event.limit_temp_c
        sites.declared_floor_c[site] = event.floor_temp_c
        sites.is_preheat[site] = event.is_preheat
        base_w = self._nodes_of[site]
        base_w[event.node_id] = event.idle_power_w * event.capture_frac
        sites.base_heat_w[site] = sum(base_w.values())
        return site

    def _see_floor(self, readings: Readings) -> None:
        """The coldest water of late: a set-point, or mains water, which follows the seasons."""
        sites, site = self.sites, readings.site
        gap_s = np.clip(readings.taken_at_s - sites.read_at_s[site], 0.0, _LONGEST_GAP_S)
        drift_k = _FLOOR_DRIFT_K_PER_S * readings.time_factor * gap_s
        lowest_c = np.minimum(sites.floor_temp_c[site] + drift_k, readings.water_temp_c)
        highest_c = sites.limit_temp_c[site] - _LEAST_SPAN_K
        lowest_c = np.maximum(lowest_c, sites.declared_floor_c[site])
        sites.floor_temp_c[site] = np.minimum(lowest_c, highest_c)

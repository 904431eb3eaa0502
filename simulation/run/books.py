"""What a simulation counts while it runs: energies, waits, ends, and what is not to be credited.

The bound that policies are compared with gives every job its energy once, in its own window. Heat
of boots, of work that is lost, and of work after a job's window is therefore counted apart here
and taken off before the comparison (docs/explanation/oracle.md).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.jobs.job import EndReason, SchedulingType
from domain.units import HOUR_S
from simulation.plant.fleet import FleetState, Flows
from simulation.results.results import HourlySeries
from simulation.run.rack import Ended, Rack, work_power_w
from simulation.run.windows import due_s
from simulation.workload.job import SimulatedJob

if TYPE_CHECKING:
    from simulation.run.scenes import Scene

Floats = NDArray[np.float64]

#: Warmer than its limit by less than this is rounding [K].
_ROUNDING_K = 1e-6
#: Run times below this do not make a slowdown large (bounded slowdown, tau = 10 s).
_SHORT_S = 10.0
_SERIES = ("water_temp_c", "heat_w", "power_w", "demand_w", "dumped_w", "backup_w", "busy_frac")
_FLOW_SERIES = {
    "heat_w": "heat_w",
    "power_w": "power_w",
    "demand_w": "demand_w",
    "dumped_w": "dumped_w",
    "backup_w": "backup_w",
}


class Books:
    """The counts of one run."""

    def __init__(self, scene: "Scene", *, with_series: bool) -> None:
        """Begin at zero."""
        n_sites = len(scene.district.sites)
        self._scene = scene
        self._limit_c = scene.district.fleet.limit_temp_c
        self._end_s = scene.end_plant_s
        self.joules = {
            name: np.zeros(n_sites)
            for name in ("power_w", "heat_w", "dumped_w", "cooler_power_w", "backup_w", "demand_w")
        }
        self.metered_wh = np.zeros(n_sites, dtype=np.int64)
        self._metered_from_wh = scene.arrival_state.heat.register_wh.copy()
        self.waits_s: dict[str, list[float]] = {kind.value: [] for kind in SchedulingType}
        self.slowdowns: list[float] = []
        self.ends: dict[EndReason, int] = {}
        self.starts = [0] * n_sites
        self.n_arrived = 0
        self.flex_jobs = 0
        self.flex_misses = 0
        self.lost_j = 0.0
        self.overhead_j = 0.0
        self.over_limit_s = 0.0
        self.hottest_over_k = 0.0
        self.decision_s_max = 0.0
        self.decision_s_total = 0.0
        self._unstarted: dict[int, SimulatedJob] = {}
        self._waited_s: dict[int, float] = {}
        self._n_steps_an_hour = round(HOUR_S / scene.scenario.step_s)
        self._hours: dict[str, list[Floats]] | None = (
            {n: [] for n in _SERIES} if with_series else None
        )
        self._hour = {name: np.zeros(n_sites) for name in _SERIES}
        self._n_steps = 0
        self.n_running = 0  #: At the end.
        self.n_waiting = 0  #: Likewise.

    # Jobs.

    def arrived(self, job: SimulatedJob) -> None:
        """A job came."""
        self.n_arrived += 1
        self._unstarted[job.instance_id] = job
        if job.scheduling_type is SchedulingType.FLEX:
            self.flex_jobs += 1

    def started(self, row: int, job: SimulatedJob, now_s: float) -> None:
        """An attempt began."""
        self.starts[row] += 1
        if self._unstarted.pop(job.instance_id, None) is None:
            return
        wait_s = now_s - job.submitted_at_s
        self.waits_s[job.scheduling_type.value].append(wait_s)
        self._waited_s[job.instance_id] = wait_s
        if job.end_before_s is None and _is_late(job, now_s):
            self.flex_misses += 1

    def ended(self, ended: Ended, reason: EndReason) -> None:
        """An attempt ended."""
        job = ended.task.job
        self.ends[reason] = self.ends.get(reason, 0) + 1
        self._count_late(ended)
        if reason in {EndReason.PREEMPTED, EndReason.NODE_RESTARTED}:
            return
        response_s = ended.at_s - job.submitted_at_s
        self.slowdowns.append(max(response_s / max(job.run_s, _SHORT_S), 1.0))
        if job.end_before_s is not None and ended.at_s > job.end_before_s + 1.0:
            self.flex_misses += 1

    def stopped(self, ended: Ended, *, kept_s: float) -> None:
        """An attempt was stopped and will be tried again: what it does not keep is lost."""
        lost_s = max(ended.task.done_before_s + ended.work_s - kept_s, 0.0)
        lost_j = lost_s * work_power_w(ended.task.job.cores)
        self.lost_j += lost_j
        self.overhead_j += lost_j

    def _count_late(self, ended: Ended) -> None:
        """Work after the job's window, at full power: no more than it can have been."""
        task = ended.task
        from_s = max(due_s(task.job), task.works_from_s)
        late_s = min(max(ended.at_s - from_s, 0.0), ended.work_s)
        self.overhead_j += late_s * work_power_w(task.job.cores)

    # Water.

    def note(self, state: FleetState, flows: Flows, racks: list[Rack], dt_s: float) -> None:
        """A step of the plant."""
        for name in self.joules:
            self.joules[name] += getattr(flows, name) * dt_s
        over_k = state.water_temp_c - self._limit_c
        if over_k.max() > _ROUNDING_K:
            self.over_limit_s += float((over_k > _ROUNDING_K).sum()) * dt_s
            self.hottest_over_k = max(self.hottest_over_k, float(over_k.max()))
        self.metered_wh = state.heat.register_wh - self._metered_from_wh
        if self._hours is not None:
            self._note_hour(state, flows, racks, dt_s)

    def _note_hour(self, state: FleetState, flows: Flows, racks: list[Rack], dt_s: float) -> None:
        for name, source in _FLOW_SERIES.items():
            self._hour[name] += getattr(flows, source) / self._n_steps_an_hour
        busy = np.array([rack.busy_core_s / rack.cores for rack in racks]) / dt_s
        for rack in racks:
            rack.busy_core_s = 0.0
        self._hour["busy_frac"] += busy / self._n_steps_an_hour
        self._n_steps += 1
        if self._n_steps == self._n_steps_an_hour and self._hours is not None:
            self._hour["water_temp_c"] = state.water_temp_c
            for name, values in self._hours.items():
                values.append(self._hour[name].copy())
            self._hour = {name: np.zeros(len(racks)) for name in _SERIES}
            self._n_steps = 0

    def reset_meter(self, state: FleetState, row: int) -> FleetState:
        """The heat meter of a site begins again at zero: the count goes on from there."""
        self._metered_from_wh[row] -= state.heat.register_wh[row]
        return replace(state, heat=state.heat.reset(row))

    def decided(self, seconds_s: float) -> None:
        """The engine took so long for an answer."""
        self.decision_s_max = max(self.decision_s_max, seconds_s)
        self.decision_s_total += seconds_s

    # The end.

    def close(self, racks: list[Rack], now_s: float) -> None:
        """The scenario is over: what still runs or waits is counted as it stands."""
        self.n_running = sum(len(rack) for rack in racks)
        self.n_waiting = self.n_arrived - self.n_running - self._n_finished()
        for rack in racks:
            self.overhead_j += rack.boot_j
            for task in rack.running():
                work_s = rack.work_done_s(task)
                self._count_late(Ended(task, now_s, is_done=False, work_s=work_s))
                if task.job.end_before_s is not None and now_s > task.job.end_before_s:
                    self.flex_misses += 1
        for job in self._unstarted.values():
            if _is_late(job, now_s):
                self.flex_misses += 1

    def _n_finished(self) -> int:
        again = {EndReason.PREEMPTED, EndReason.NODE_RESTARTED}
        return sum(count for reason, count in self.ends.items() if reason not in again)

    def series(self) -> HourlySeries | None:
        """The run hour by hour, if it was kept."""
        if self._hours is None:
            return None
        return HourlySeries(**{name: np.array(values) for name, values in self._hours.items()})


def _is_late(job: SimulatedJob, now_s: float) -> bool:
    is_flex = job.scheduling_type is SchedulingType.FLEX
    return is_flex and job.start_before_s is not None and now_s > job.start_before_s + 1.0

"""Room in water that was not heard of lately."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.events import JobQueued
from domain.units import HOUR_S

if TYPE_CHECKING:
    from scheduler.placement.plan.policy import View
    from scheduler.placement.state.fleet import FleetTable

Floats = NDArray[np.float64]


def job_heat_wh(fleet: "FleetTable", job: JobQueued) -> Floats:
    """Heat that the job would bring to each node's water if it ran to its limit [Wh]."""
    plant_h = job.time_limit_s * fleet.time_factor / HOUR_S
    cores = fleet.need_cores(job) * job.nodes
    return cores * fleet.nodes.core_heat_w * plant_h


def room_wh(view: "View") -> Floats:
    """Room that the water of each node has left if nobody drew since its last reading [Wh].

    A site that is silent is unknown: all heat since then, and all that is promised, is taken to be
    in its water still. One that was never heard has none.
    """
    fleet, jobs = view.state.fleet, view.state.promises.jobs
    running_w = np.zeros(fleet.sites.n_rows)
    np.add.at(running_w, jobs.site[jobs.is_used], jobs.heat_w[jobs.is_used])
    silent_s = np.minimum(view.now_s - fleet.sites.read_at_s, 1e9)
    silent_h = silent_s * fleet.time_factor / HOUR_S
    promised_wh = view.state.promises.heat_wh(fleet.sites.n_rows).sum(1)
    left_wh = fleet.sites.headroom_wh - running_w * silent_h - promised_wh
    return np.asarray(left_wh[fleet.nodes.site])

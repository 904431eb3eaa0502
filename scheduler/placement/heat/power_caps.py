"""Power caps where patient jobs would only make heat that is lost: slower instead of dumped."""

import numpy as np

from domain.commands import Why
from domain.jobs.job import SchedulingType
from scheduler.forecast.survival import BLOCKS_H
from scheduler.placement.heat.gain import Floats
from scheduler.placement.plan.policy import PowerCap
from scheduler.placement.state.cluster import ClusterState

HEAT_UNWANTED = "heat_unwanted"
#: Half of full power leaves three quarters of the speed; below it work becomes too slow to bear.
LEAST_CAP_FRAC = 0.5
#: Less than this lost in the coming hour is not worth a limit [Wh].
_LEAST_LOST_WH = 200.0


def shape_power(state: ClusterState, lost_soon_wh: Floats) -> list[PowerCap]:
    """Limits for nodes on which nobody waits for a job and heat would be lost in the next hour.

    ``lost_soon_wh`` as in `scheduler.placement.heat.give_way`.
    """
    lost_wh = lost_soon_wh[0]
    fleet = state.fleet
    caps = []
    for row in state.fleet.rows_at(lost_wh >= _LEAST_LOST_WH):
        jobs = state.held_on(row)
        is_hurried = any(held.job.scheduling_type != SchedulingType.FLEX for held in jobs)
        if is_hurried or not jobs:
            continue
        site = int(fleet.nodes.site[row])
        heat_w = sum(held.cores_on(row) for held in jobs) * float(fleet.nodes.core_heat_w[row])
        facts = fleet.facts[row]
        wanted_w = heat_w - float(lost_wh[site]) / BLOCKS_H[0]
        cap_w = facts.idle_power_w + max(wanted_w, 0.0) / facts.capture_frac
        full_w = facts.idle_power_w + heat_w / facts.capture_frac
        cap_frac = max(cap_w, LEAST_CAP_FRAC * full_w) / facts.max_power_w
        why = Why(code=HEAT_UNWANTED, heat_wh=round(float(lost_wh[site]), 1))
        caps.append(PowerCap(row, round(float(np.clip(cap_frac, 0.0, 1.0)), 3), why))
    return caps

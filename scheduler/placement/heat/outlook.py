"""What is believed of the water over the coming day."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scheduler.forecast.survival import BLOCKS_H
from scheduler.placement.heat.gain import Water, reach_of
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.state.cluster import FLEET_ROW, ClusterState


def water(state: ClusterState, now_s: float) -> Water:
    """What is believed of every site's water over the coming day."""
    sites = state.fleet.sites
    rows = np.arange(sites.n_rows)
    plant_s = state.plant_time_s(now_s)
    demand_wh = state.demand.expect_wh(rows, plant_s, sites.demand_w)
    silent = now_s - sites.read_at_s > state.fleet.stale_after_s()
    demand_wh[silent] = 0.0
    capacity_wh = sites.capacity_wh()
    return Water(
        stored_wh=np.clip(capacity_wh - sites.headroom_wh, 0.0, capacity_wh),
        capacity_wh=capacity_wh,
        demand_wh=demand_wh - sites.base_heat_w[:, None] * BLOCKS_H,
        promised_wh=state.promises.heat_wh(sites.n_rows),
        reach=reach_of(sites.full_draw_wh(), demand_wh),
    )


def usual_urgent_wh(state: ClusterState, now_s: float) -> NDArray[np.float64]:
    """Heat that jobs which cannot wait usually bring to the whole fleet, shape (n_blocks,)."""
    plant_s, now_w = state.plant_time_s(now_s), np.array([state.promises.urgent_w])
    return np.asarray(state.urgent.expect_wh(np.array([FLEET_ROW]), plant_s, now_w)[0])


def for_patient(state: ClusterState, seen: Water, now_s: float, rule: HeatRule) -> Water:
    """The water as patient jobs may see it: without the demand that urgent ones will take.

    How much heat urgent jobs bring at this hour of the week is known, and how much of it is
    promised already; the rest will come. It is kept at every site in proportion to what is
    wanted there beyond the promises.
    """
    coming_wh = rule.kept_frac * np.maximum(
        usual_urgent_wh(state, now_s) - state.promises.urgent_wh, 0.0
    )
    demand_wh = np.where(seen.demand_wh > 0, rule.counted_frac * seen.demand_wh, seen.demand_wh)
    free_wh = np.maximum(demand_wh - seen.promised_wh, 0.0)
    share = np.minimum(coming_wh / np.maximum(free_wh.sum(0), 1.0), 1.0)
    return replace(seen, demand_wh=demand_wh - share * free_wh)

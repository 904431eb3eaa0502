"""Patient work whose last moments lie so close together that it cannot all wait for them."""

from dataclasses import dataclass

import numpy as np

from domain.units import HOUR_S
from scheduler.forecast.survival import BLOCKS_H
from scheduler.placement.heat.outlook import usual_urgent_wh
from scheduler.placement.state.cluster import ClusterState

_BLOCK_H = np.array(BLOCKS_H, dtype=np.float64)
#: Room is kept for those whom somebody will wait for within so many blocks of an hour.
_SOON_BLOCKS = 4
#: Fewer jobs than this are no crowd, however long they are.
_FEWEST_JOBS = 16


@dataclass(frozen=True, slots=True)
class Crowd:
    """What has to start before its last moment, and where it may."""

    surplus_core_h: float  #: Work that would not find room if all waited for its last moment.
    room_cores: float  #: Free cores beyond those that jobs of the next hours will ask for at once.


def crowd_of(state: ClusterState, now_s: float, share_frac: float) -> Crowd:
    """How much more is due in some stretch of the coming day than the fleet would have room for.

    The demand-bound test of real-time scheduling (Baruah, Rosier and Howell 1990,
    doi:10.1007/BF01995675): work due within ``t`` must fit in what is free until then. Free is what
    jobs that cannot wait will usually leave, hour by hour, and of that ``share_frac``: part of it
    is held by work that runs already, and no fleet is filled without gaps.
    """
    nodes = state.fleet.nodes
    cores = np.where(nodes.is_open & nodes.accepts_work, nodes.cores, 0)
    fleet_w = max(float(cores @ nodes.core_heat_w), 1.0)
    usual_w = usual_urgent_wh(state, now_s) / _BLOCK_H
    urgent_frac = np.minimum(usual_w / fleet_w, 1.0)
    total = float(cores.sum())
    free_core_h = np.cumsum(total * (1.0 - urgent_frac) * _BLOCK_H)
    ends_s = now_s + np.cumsum(_BLOCK_H) * HOUR_S / state.fleet.time_factor
    surplus = state.queue.due.core_h_by(ends_s, _FEWEST_JOBS) - share_frac * free_core_h
    still_to_come = float(urgent_frac[:_SOON_BLOCKS].max()) - state.promises.urgent_w / fleet_w
    free = float(nodes.free_cores[cores > 0].sum())
    return Crowd(float(surplus.max()), free - total * max(still_to_come, 0.0))

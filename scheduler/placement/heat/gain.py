"""What share of a job's heat would be used if it ran at a site: the score of heat-aware placement.

Each store is followed twice over the coming day, without the job and with it. In each block the
promised heat enters, demand takes what it can, and what the store cannot hold is lost:

    v = retained * e + heat,  u = min(v * reach, demand),  e' = min(v - u, capacity)

The difference of what was used, and of what is left for the next day, over the heat that the job
brings, is its gain, 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from scheduler.forecast.survival import BLOCKS_H, N_BLOCKS

Floats = NDArray[np.float64]

#: Share of the stored heat left after an hour: 0.5 % an hour for a pool, 1 % for a tank of class C.
RETAINED_FRAC = 0.992
_KEPT = tuple(RETAINED_FRAC**hours for hours in BLOCKS_H)
_LEAST_WH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """What is believed of the water of some sites over the coming day."""

    stored_wh: Floats  #: Useful heat now, shape (n_sites,).
    capacity_wh: Floats  #: Shape (n_sites,).
    demand_wh: Floats  #: Shape (n_sites, N_BLOCKS).
    promised_wh: Floats  #: By jobs that run already, shape (n_sites, N_BLOCKS).
    reach: Floats  #: Share of the store that a draw can take in each block, same shape; 1 = all.

    def at(self, rows: NDArray[np.int64]) -> "Water":
        """The same for some of the sites."""
        return Water(
            stored_wh=self.stored_wh[rows],
            capacity_wh=self.capacity_wh[rows],
            demand_wh=self.demand_wh[rows],
            promised_wh=self.promised_wh[rows],
            reach=self.reach[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What becomes of the stores with no new job. Shapes (N_BLOCKS, n_sites)."""

    stored_wh: Floats  #: At the end of each block.
    used_wh: Floats
    lost_wh: Floats  #: For want of room.

    def at(self, rows: NDArray[np.int64]) -> "Course":
        """The same for some of the sites."""
        return Course(
            stored_wh=self.stored_wh[:, rows],
            used_wh=self.used_wh[:, rows],
            lost_wh=self.lost_wh[:, rows],
        )

    def between(self, start: int, end: int) -> "Course":
        """The same for the sites from one to before another; what changes here changes there."""
        return Course(
            stored_wh=self.stored_wh[:, start:end],
            used_wh=self.used_wh[:, start:end],
            lost_wh=self.lost_wh[:, start:end],
        )


def reach_of(full_draw_wh: Floats, demand_wh: Floats) -> Floats:
    """Share of the store that a block's draw can take, shape (n_sites, N_BLOCKS).

    A mixed preheat tank gives its mean: a draw of ``D`` Wh at full temperature takes
    ``1 - exp(-D / E_full)`` of what the tank holds above cold water, ``E_full`` when it is full.
    """
    full = full_draw_wh[:, None]
    limited = -np.expm1(-np.maximum(demand_wh, 0.0) / np.maximum(full, _LEAST_WH))
    return np.where(full > 0, limited, 1.0)


def follow(water: Water, n_blocks: int = N_BLOCKS) -> Course:
    """The stores over the coming blocks, with what is promised and nothing more."""
    shape = (n_blocks, len(water.stored_wh))
    stored, used, lost = np.empty(shape), np.empty(shape), np.empty(shape)
    promised, reach, demand = (
        table[:, :n_blocks].T.copy() for table in (water.promised_wh, water.reach, water.demand_wh)
    )
    level = water.stored_wh
    for block in range(n_blocks):
        held, taken = promised[block], used[block]
        held += _KEPT[block] * level
        np.multiply(held, reach[block], out=taken)
        np.minimum(taken, demand[block], out=taken)
        held -= taken
        level = np.minimum(held, water.capacity_wh, out=stored[block])
        np.subtract(held, level, out=lost[block])
    return Course(stored_wh=stored, used_wh=used, lost_wh=lost)


def follow_each(waters: Sequence[Water]) -> list[Course]:
    """The same of several views of as many sites each, at the cost of one."""
    names = [item.name for item in fields(Water)]
    joined = {name: np.concatenate([getattr(one, name) for one in waters]) for name in names}
    course = follow(Water(**joined))
    n_sites = len(waters[0].stored_wh)
    ends = [n_sites * (place + 1) for place in range(len(waters))]
    return [course.between(end - n_sites, end) for end in ends]


def gains(
    water: Water, course: Course, power_w: Floats, hours: Floats, fill_frac: Floats | float
) -> Floats:
    """Share of each shape's heat that each site would use, shape (n_shapes, n_sites).

    Parameters
    ----------
    water, course
        Of the sites, from `follow`.
    power_w
        Heat that a job of the shape brings at the site while it runs, shape (n_shapes, n_sites).
    hours
        Hours that it runs in each block, shape (n_shapes, N_BLOCKS).
    fill_frac
        What the job may fill of each capacity, shape (n_sites,); heat above it counts as lost
        unless it was there without the job. 1 leaves nothing free for those that cannot wait.
    """
    limit = np.maximum(fill_frac * water.capacity_wh, course.stored_wh)
    promised, reach, demand = (
        np.ascontiguousarray(table.T) for table in (water.promised_wh, water.reach, water.demand_wh)
    )
    level = np.repeat(water.stored_wh[None], len(power_w), axis=0)
    extra, used, held = (np.zeros(power_w.shape) for _ in range(3))
    for block in range(N_BLOCKS):
        np.multiply(power_w, hours[:, block, None], out=held)
        held += promised[block]
        level *= _KEPT[block]
        held += level
        np.multiply(held, reach[block], out=used)
        np.minimum(used, demand[block], out=used)
        extra += used
        held -= used
        np.minimum(held, limit[block], out=level)
    extra -= course.used_wh.sum(0)
    extra += level - course.stored_wh[-1]
    brought = power_w * hours.sum(1)[:, None]
    extra /= np.maximum(brought, _LEAST_WH)
    return np.clip(extra, 0.0, 1.0, out=extra)

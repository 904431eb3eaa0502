"""The program's own schedule on the full plant: how much of the bound is physics."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.units import HOUR_S
from simulation.oracle.bound import Bound
from simulation.plant.fleet import Fleet, FleetState
from simulation.plant.forcing import Forcing
from simulation.plant.stepping import allowed_power_w, step

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the bound's schedule of power brings when the plant has the last word."""

    site_useful_wh: Floats  #: Shape (n_sites, n_hours).
    oracle_replay_frac: float  #: Useful heat, of the bound.


def replay(
    fleet: Fleet,
    state: FleetState,
    forcing_at: Callable[[int], Forcing],
    target: Bound,
    *,
    step_s: float,
    base_power_w: Floats | None = None,
) -> Replay:
    """Give each site the power of the bound's schedule, hour by hour, as far as the plant allows.

    Work stays a fluid: it may run anywhere, stop at any step and needs no whole server. What the
    servers' firmware does not let through in one step is asked for again in the next ones, at the
    same site. So the schedule is one that the plant can follow, its useful heat is what a perfect
    scheduler of fluid work can reach at least, and the rest of the bound is an upper limit of how
    loose it is. The state and the forcing are those that the twin's record started from.
    """
    base_w = fleet.servers.standby_power_w if base_power_w is None else base_power_w
    steps_per_hour = round(HOUR_S / step_s)
    power_w = target.site_power_w
    useful_wh = np.zeros_like(power_w)
    owed_w = np.zeros(fleet.n_sites)
    off_w = np.zeros(fleet.n_sites)
    run = twin = state
    for hour in range(power_w.shape[1]):
        forcing = forcing_at(hour)
        for _ in range(steps_per_hour):
            owed_w = owed_w + power_w[:, hour]
            allowed_w = allowed_power_w(fleet, run, forcing, step_s)
            given_w = np.minimum(base_w + owed_w, allowed_w)
            owed_w = np.maximum(0.0, owed_w - np.maximum(0.0, given_w - base_w))
            run, flows = step(fleet, run, given_w, forcing, step_s)
            twin, twin_flows = step(fleet, twin, off_w, forcing, step_s)
            useful_wh[:, hour] += (twin_flows.backup_w - flows.backup_w) / steps_per_hour
    return Replay(
        site_useful_wh=useful_wh,
        oracle_replay_frac=float(useful_wh.sum() / 1000.0 / max(target.useful_kwh, 1e-9)),
    )

"""Which running jobs should stop for now, because their heat is about to be wanted by nobody."""

import math

import numpy as np

from domain.commands import Why
from domain.events import JobQueued
from scheduler.placement.heat.gain import Floats
from scheduler.placement.heat.rule import HeatRule
from scheduler.placement.plan.draft import Draft
from scheduler.placement.plan.policy import Stop
from scheduler.placement.state.cluster import GOES_ON_FRAC, ClusterState
from scheduler.placement.state.job_shape import is_brief
from scheduler.placement.state.occupation import Occupation

HEAT_NOT_WANTED = "heat_not_wanted"
ROOM_FOR_URGENT = "room_for_urgent"
#: A job is not stopped where it brings so much more than what would be lost.
_MOST_OVER_FRAC = 1.5
#: A job is left alone for this long after its start, in the plant's own time [s].
_LEAST_RUN_S = 1800.0
#: And not stopped where it would have to go on sooner than this [s].
_LEAST_PAUSE_S = 3600.0


def give_way(state: ClusterState, lost_soon_wh: Floats, rule: HeatRule, now_s: float) -> list[Stop]:
    """Brief jobs to stop where heat would be lost, those with the most time left first.

    ``lost_soon_wh``, shape (n_blocks, n_sites), is what each site would lose in each near block.
    """
    lost_wh = lost_soon_wh.sum(0)
    running: dict[int, list[Occupation]] = {}
    for row in state.fleet.rows_at(lost_wh > rule.stop_lost_wh):
        site = int(state.fleet.nodes.site[row])
        for held in state.held_on(row):
            if _may_stop(state, held, rule, now_s):
                running.setdefault(site, []).append(held)
    stops = []
    for site, jobs in sorted(running.items()):
        left_wh = float(lost_wh[site])
        for held in sorted(jobs, key=lambda item: (-_last_s(item), item.job.instance_id)):
            heat_wh = float(
                state.promises.jobs.promised_wh[held.promise, : len(lost_soon_wh)].sum()
            )
            if heat_wh > _MOST_OVER_FRAC * left_wh:
                continue
            stops.append(Stop(held.job.instance_id, Why(code=HEAT_NOT_WANTED, heat_wh=heat_wh)))
            left_wh -= heat_wh
            if left_wh <= rule.stop_lost_wh:
                break
    return stops


def _may_stop(state: ClusterState, held: Occupation, rule: HeatRule, now_s: float) -> bool:
    """Whether a job is brief, ran a while, and would still have time to go on later."""
    if not _is_brief_run(held):
        return False
    ran_s = now_s - held.since_s
    is_settled = ran_s * state.fleet.time_factor >= _LEAST_RUN_S
    last_s = _last_s(held) + GOES_ON_FRAC * ran_s
    return is_settled and last_s - rule.margin_s - now_s >= _LEAST_PAUSE_S


def _is_brief_run(held: Occupation) -> bool:
    return held.is_running and not held.is_stopping and is_brief(held.job)


def _last_s(held: Occupation) -> float:
    """Its last moment to start, when it started this time."""
    return math.inf if held.job.start_before_s is None else held.job.start_before_s


def make_room(draft: Draft, job: JobQueued, gain: Floats) -> list[Stop]:
    """Brief jobs to stop so that one that somebody waits for can start, where it is best placed.

    ``gain``, shape (n_nodes,), is what the job would have used of its heat. Nothing is stopped
    where enough is coming free already, or where stopping all would not be enough. For a job of
    several nodes nothing is stopped: they are kept for it as they come free.
    """
    if job.nodes > 1:
        return []
    nodes = draft.fleet.nodes
    need = draft.fleet.need_cores(job)
    coming = draft.free_cores + nodes.stopping_cores
    able = draft.able(job) & ~draft.kept.is_kept
    if job.gpus:  # Cores are made free, not GPUs.
        able &= draft.free_gpus(job.gpu_kind) >= job.gpus
    if (able & (coming >= need)).any():
        return []
    able &= coming + nodes.brief_cores >= need
    if not able.any():
        return []
    row = int(np.argmax(np.where(able, gain, -1.0)))
    brief = [held for held in draft.state.held_on(row) if _is_brief_run(held)]
    missing = int(need[row] - coming[row])
    stops = []
    for held in sorted(brief, key=lambda item: (-_last_s(item), item.job.instance_id)):
        stops.append(Stop(held.job.instance_id, Why(code=ROOM_FOR_URGENT)))
        missing -= held.cores_on(row)
        if missing <= 0:
            break
    return stops

"""Whether what the engine counts agrees with what its jobs hold."""

from typing import TYPE_CHECKING

import numpy as np

from domain.gpus import overlap
from domain.sizing import gpu_need
from scheduler.placement.queue import is_brief

if TYPE_CHECKING:
    from scheduler.placement.cluster import ClusterState


def check_books(state: "ClusterState") -> None:
    """Raise where a count disagrees with the occupations, the queue or the promises."""
    nodes = state.fleet.nodes
    held = np.zeros(nodes.n_rows, dtype=np.int64)
    for occupation in state.occupations.values():
        held[occupation.row] += occupation.cores
    if (held != nodes.cores - nodes.free_cores).any() or (held < 0).any():
        row = int(np.flatnonzero(held != nodes.cores - nodes.free_cores)[0])
        used = int(nodes.cores[row] - nodes.free_cores[row])
        message = f"node {state.fleet.facts[row].node_id} counts {used} cores, its jobs hold "
        raise AssertionError(message + f"{held[row]}")
    _check_devices(state)
    brief, stopping = np.zeros_like(held), np.zeros_like(held)
    for occupation in state.occupations.values():
        if occupation.is_stopping:
            stopping[occupation.row] += occupation.cores
        elif occupation.is_running and is_brief(occupation.job):
            brief[occupation.row] += occupation.cores
    if (brief != nodes.brief_cores).any() or (stopping != nodes.stopping_cores).any():
        raise AssertionError("cores that can come free are not those of the jobs there")
    if int(state.promises.jobs.is_used.sum()) != len(state.occupations):
        raise AssertionError("the heat of some job is promised twice or not at all")
    state.arrays.check(state.queue, [held.job for held in state.occupations.values()])
    both = [item for item in state.occupations if item in state.queue or item in state.arrays]
    if both:
        message = f"instances both waiting and placed: {both[:5]}"
        raise AssertionError(message)


def _check_devices(state: "ClusterState") -> None:
    """Raise where the GPUs counted as free are not those that no job of their kind may have."""
    devices, facts = state.fleet.devices, state.fleet.facts
    for kind in devices.kinds():
        free = devices.count(kind).copy()
        for held in state.occupations.values():
            held_kind = gpu_need(held.job, facts[held.row])[1]
            if held.gpus and overlap(kind, held_kind):
                free[held.row] -= held.gpus
        if (free != devices.free(kind)).any():
            row = int(np.flatnonzero(free != devices.free(kind))[0])
            message = f"node {facts[row].node_id} counts {devices.free(kind)[row]} free GPUs of "
            raise AssertionError(message + f"kind {kind!r}, its jobs leave {free[row]}")

"""Whether what the engine counts agrees with what its jobs hold."""

import numpy as np

from domain.fleet.gpus import overlap
from domain.jobs.sizing import gpu_need
from scheduler.placement.state.cluster import ClusterState
from scheduler.placement.state.job_shape import is_brief
from scheduler.placement.state.occupation import Occupation


def check_invariants(state: ClusterState) -> None:
    """Raise where a count disagrees with the occupations, the queue or the promises."""
    nodes = state.fleet.nodes
    held = np.zeros(nodes.n_rows, dtype=np.int64)
    for occupation in state.occupations.values():
        _check_place(state, occupation)
        for share in occupation.shares:
            held[share.row] += share.cores
    if (held != nodes.cores - nodes.free_cores).any() or (held < 0).any():
        row = int(np.flatnonzero(held != nodes.cores - nodes.free_cores)[0])
        used = int(nodes.cores[row] - nodes.free_cores[row])
        message = f"node {state.fleet.facts[row].node_id} counts {used} cores, its jobs hold "
        raise AssertionError(message + f"{held[row]}")
    _check_devices(state)
    _check_coming_free(state)
    if int(state.allocations.columns.is_used.sum()) != sum(
        len(occupation.shares) for occupation in state.occupations.values()
    ):
        raise AssertionError("what is held of the nodes is counted twice or not at all")
    if int(state.promises.jobs.is_used.sum()) != len(state.occupations):
        raise AssertionError("the heat of some job is promised twice or not at all")
    state.quotas.check(state.occupations.values())
    state.licences.check(held.job for held in state.occupations.values())
    state.arrays.check(state.queue, [held.job for held in state.occupations.values()])
    both = [item for item in state.occupations if item in state.queue or item in state.arrays]
    if both:
        message = f"instances both waiting and placed: {both[:5]}"
        raise AssertionError(message)


def _check_coming_free(state: ClusterState) -> None:
    """Raise where the cores that can come free are not those of the jobs that can be stopped."""
    nodes = state.fleet.nodes
    brief, stopping = np.zeros_like(nodes.cores), np.zeros_like(nodes.cores)
    for occupation in state.occupations.values():
        is_brief_run = occupation.is_running and is_brief(occupation.job)
        for share in occupation.shares:
            if occupation.is_stopping:
                stopping[share.row] += share.cores
            elif is_brief_run:
                brief[share.row] += share.cores
    if (brief != nodes.brief_cores).any() or (stopping != nodes.stopping_cores).any():
        raise AssertionError("cores that can come free are not those of the jobs there")


def _check_place(state: ClusterState, held: Occupation) -> None:
    """Raise where a job has not as many nodes as it asked for, or they are not of one site."""
    rows = {share.row for share in held.shares}
    sites = {int(state.fleet.nodes.site[row]) for row in rows}
    if len(rows) != held.job.nodes or len(held.shares) != len(rows) or len(sites) != 1:
        message = f"instance {held.job.instance_id} holds {len(rows)} nodes of {len(sites)} sites"
        raise AssertionError(f"{message} and asked for {held.job.nodes} of one")


def _check_devices(state: ClusterState) -> None:
    """Raise where the GPUs counted as free are not those that no job of their kind may have."""
    devices, facts = state.fleet.devices, state.fleet.facts
    for kind in devices.kinds():
        free = devices.count(kind).copy()
        for held in state.occupations.values():
            for share in held.shares:
                if share.gpus and overlap(kind, gpu_need(held.job, facts[share.row])[1]):
                    free[share.row] -= share.gpus
        if (free != devices.free(kind)).any():
            row = int(np.flatnonzero(free != devices.free(kind))[0])
            message = f"node {facts[row].node_id} counts {devices.free(kind)[row]} free GPUs of "
            raise AssertionError(message + f"kind {kind!r}, its jobs leave {free[row]}")

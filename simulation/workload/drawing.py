"""Draws the jobs of a run: a population, as many of its jobs as the load asks for, their hours."""

from collections.abc import Sequence

import numpy as np

from domain.refusal import Refused
from simulation.clock import VirtualClock
from simulation.workload.arrivals import draw_arrivals_s, weekly_weights
from simulation.workload.assembly import JobColumns, assemble, finished_jobs, history_count
from simulation.workload.campaign import CampaignModel
from simulation.workload.capacity import MOST_JOBS, Capacity, too_many
from simulation.workload.job import Workload
from simulation.workload.lublin import LublinModel
from simulation.workload.mix import MixModel
from simulation.workload.render import RenderModel
from simulation.workload.requests import Floats, Integers, Requests, WorkloadModel, joined
from simulation.workload.setting import SERVER_CORES, WorkloadKind, WorkloadSetting

_BLOCK_JOBS = 4096


def draw_workload(
    setting: WorkloadSetting,
    rng: np.random.Generator,
    *,
    start_plant_s: float,
    arrival_days: float,
    site_servers: Sequence[int],
) -> Workload | Refused:
    """Jobs whose work is the load asked for, to within one job; equal generators, equal jobs.

    ``start_plant_s`` is the midnight at which jobs begin to arrive, ``site_servers`` the servers
    of each site. A job drawn wider than the widest site is narrowed to it.
    """
    capacity = Capacity.of(site_servers, arrival_days)
    if isinstance(capacity, Refused):
        return capacity
    class_rng, job_rng, arrival_rng, deadline_rng, history_rng = rng.spawn(5)
    model = model_of(setting, class_rng, capacity)
    requests = _requests(model, setting, job_rng, capacity)
    if isinstance(requests, Refused):
        return requests
    columns = _columns(requests, capacity)
    start_s = VirtualClock(start_plant_s).now_s
    since_s = _arrivals_s(setting, arrival_rng, requests.batch, start_plant_s, capacity)
    order = np.argsort(since_s, kind="stable")
    jobs = assemble(
        _taken(columns, order),
        population=model.population,
        setting=setting,
        submitted_at_s=start_s + since_s[order],
        rng=deadline_rng,
    )
    n_before = history_count(
        len(requests), history_days=setting.history_days, arrival_days=arrival_days
    )
    before = model.draw(history_rng, n_before).first(n_before) if n_before else requests.first(0)
    return Workload(
        jobs=jobs,
        history=finished_jobs(
            _columns(before, capacity),
            population=model.population,
            setting=setting,
            start_s=start_s,
            rng=history_rng,
        ),
        load_frac=columns.work_core_s / capacity.core_s,
        n_narrowed=int((requests.servers > capacity.widest_servers).sum()),
        n_too_large=0,
        too_large_work_frac=0.0,
    )


def model_of(
    setting: WorkloadSetting, rng: np.random.Generator, capacity: Capacity
) -> WorkloadModel:
    """The population of a setting."""
    match setting.kind:
        case WorkloadKind.MIX:
            return MixModel.drawn(setting, rng)
        case WorkloadKind.RENDER:
            return RenderModel.drawn(setting, rng)
        case WorkloadKind.SIMULATION:
            return CampaignModel.drawn(setting, rng)
        case WorkloadKind.LUBLIN:
            return LublinModel.drawn(setting, rng, capacity.widest_servers)


def _requests(
    model: WorkloadModel, setting: WorkloadSetting, rng: np.random.Generator, capacity: Capacity
) -> Requests | Refused:
    """As many jobs as were asked for, or as fill the load."""
    if setting.n_jobs is not None:
        if setting.n_jobs > MOST_JOBS:
            return too_many(setting.n_jobs)
        return model.draw(rng, setting.n_jobs).first(setting.n_jobs)
    wanted_core_s = setting.load_frac * capacity.core_s
    blocks: list[Requests] = []
    count, work_core_s = 0, 0.0
    while work_core_s < wanted_core_s:
        # A tenth more than what is missing at the mean so far: two or three blocks suffice.
        expected = count * wanted_core_s / work_core_s if count else _BLOCK_JOBS
        if expected > MOST_JOBS or count > MOST_JOBS:
            return too_many(max(expected, count))
        blocks.append(model.draw(rng, max(round(1.1 * (expected - count)), _BLOCK_JOBS)))
        count += len(blocks[-1])
        work_core_s += _columns(blocks[-1], capacity).work_core_s
    requests = joined(blocks)
    columns = _columns(requests, capacity)
    cumulated = np.cumsum(columns.cores * columns.run_s)
    return requests.first(int(np.searchsorted(cumulated, wanted_core_s)) + 1)


def _columns(requests: Requests, capacity: Capacity) -> JobColumns:
    return JobColumns(
        class_index=requests.class_index,
        cores=SERVER_CORES * np.minimum(requests.servers, capacity.widest_servers),
        run_s=requests.run_s,
        time_limit_s=requests.time_limit_s,
    )


def _arrivals_s(
    setting: WorkloadSetting,
    rng: np.random.Generator,
    batch: Integers,
    start_plant_s: float,
    capacity: Capacity,
) -> Floats:
    """Seconds after the start at which each job arrives, (n_jobs,); a batch arrives at once."""
    n_batches = int(batch[-1]) + 1 if len(batch) else 0
    of_batch_s = draw_arrivals_s(
        rng,
        weekly_weights(setting),
        count=n_batches,
        first_plant_s=start_plant_s,
        span_s=capacity.span_s,
    )
    return np.asarray(rng.permutation(of_batch_s)[batch], dtype=np.float64)


def _taken(columns: JobColumns, order: Integers) -> JobColumns:
    return JobColumns(**{name: getattr(columns, name)[order] for name in JobColumns.__slots__})

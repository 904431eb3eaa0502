"""Jobs of a log in place of drawn ones, copied until they make the load of a fleet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.refusal import Refused
from domain.units import DAY_S, WEEK_S
from simulation.clock import VirtualClock
from simulation.workload.assembly import JobColumns, assemble, finished_jobs, history_count
from simulation.workload.capacity import CODE, MOST_JOBS, Capacity, too_many
from simulation.workload.job import Workload
from simulation.workload.limits import draw_factors, usual_limits_s
from simulation.workload.requests import Flags, Floats, Integers, Population, draw_flags
from simulation.workload.setting import WorkloadSetting
from simulation.workload.trace import Trace

#: Copies of a job are submitted up to so much later, that they do not all come at once.
_JITTER_S = 900.0
#: Beyond these the log says nothing of the fleet's work any more.
_MOST_COPIES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """A log as columns of a period that repeats; arrays are (n_jobs,)."""

    columns: JobColumns
    since_s: Floats  #: Midnight of the Monday, or of the day, before the log's first instant.
    period_s: float  #: Whole weeks; whole days where the log is shorter than a week.


def replay_trace(
    trace: Trace,
    setting: WorkloadSetting,
    rng: np.random.Generator,
    *,
    start_plant_s: float,
    arrival_days: float,
    site_servers: Sequence[int],
) -> Workload | Refused:
    """The log's jobs at their hours of the week, with a load (or a number) near that asked for.

    The log is laid over the days of arrivals as often as the load needs, each copy moved by whole
    weeks, and the last copy thinned at random. A processor of the log is
    ``setting.cores_per_processor`` cores. Jobs wider than the widest site are left out and counted.
    """
    capacity = Capacity.of(site_servers, arrival_days)
    if isinstance(capacity, Refused):
        return capacity
    class_rng, copy_rng, deadline_rng, history_rng = rng.spawn(4)
    population, columns = _columns(trace, setting, class_rng)
    fits = columns.cores <= capacity.widest_cores
    if not fits.any():
        sentence = (
            f"No job of {trace.name} fits the widest site of {capacity.widest_cores} cores; "
            "lower cores_per_processor or take larger sites."
        )
        return Refused(code=CODE, sentence=sentence)
    log = _log(trace, columns, fits)
    taken = _copies(log, setting, copy_rng, start_plant_s, capacity)
    if isinstance(taken, Refused):
        return taken
    index, since_s = taken
    jobs = _picked(log.columns, index)
    start_s = VirtualClock(start_plant_s).now_s
    n_before = history_count(
        len(jobs), history_days=setting.history_days, arrival_days=arrival_days
    )
    before = history_rng.integers(0, len(log.columns), n_before)
    return Workload(
        jobs=assemble(
            jobs,
            population=population,
            setting=setting,
            submitted_at_s=start_s + since_s,
            rng=deadline_rng,
        ),
        history=finished_jobs(
            _picked(log.columns, before),
            population=population,
            setting=setting,
            start_s=start_s,
            rng=history_rng,
        ),
        load_frac=jobs.work_core_s / capacity.core_s,
        n_narrowed=0,
        n_too_large=int((~fits).sum()),
        too_large_work_frac=_picked(columns, np.flatnonzero(~fits)).work_core_s
        / columns.work_core_s,
    )


def _columns(
    trace: Trace, setting: WorkloadSetting, rng: np.random.Generator
) -> tuple[Population, JobColumns]:
    """Pairs of a user and a program as classes, and every job of the log as columns."""
    pairs = np.column_stack([trace.user, trace.program])
    found, of_class, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    of_class = of_class.reshape(-1)
    popularity = counts / counts.sum()
    users = np.unique(found[:, 0])
    population = Population(
        names=tuple("program" if number < 0 else f"program-{number}" for number in found[:, 1]),
        tenant_id=np.searchsorted(users, found[:, 0]).astype(np.int64) + 1,
        is_flex=draw_flags(rng, popularity, setting.flex_share_frac),
        can_resume=draw_flags(rng, popularity, setting.resume_share_frac),
    )
    factor = draw_factors(rng, len(found))[of_class]
    own_s = np.ceil(np.maximum(trace.time_limit_s, trace.run_s))
    guessed_s = usual_limits_s(asked_s=trace.run_s * factor, run_s=trace.run_s)
    guessed_s = np.maximum(guessed_s, np.ceil(trace.run_s).astype(np.int64))
    has_limit = np.isfinite(trace.time_limit_s)
    return population, JobColumns(
        class_index=of_class.astype(np.int64),
        cores=setting.cores_per_processor * trace.processors,
        run_s=trace.run_s,
        time_limit_s=np.where(has_limit, np.nan_to_num(own_s), guessed_s).astype(np.int64),
    )


def _log(trace: Trace, columns: JobColumns, fits: Flags) -> _Log:
    since_s = trace.submitted_s + trace.first_week_s
    length_s = float(trace.submitted_s[-1]) + 1.0
    unit_s = WEEK_S if length_s >= WEEK_S else DAY_S
    # The week that is not whole is left off at the end, as its missing days would be a hole.
    period_s = unit_s * max(length_s // unit_s, 1.0)
    lasts = trace.submitted_s < period_s
    kept = fits & lasts if (fits & lasts).any() else fits
    return _Log(
        columns=_picked(columns, np.flatnonzero(kept)), since_s=since_s[kept], period_s=period_s
    )


def _copies(
    log: _Log,
    setting: WorkloadSetting,
    rng: np.random.Generator,
    start_plant_s: float,
    capacity: Capacity,
) -> tuple[Integers, Floats] | Refused:
    """Which jobs arrive, and how many seconds after the start, both (n_taken,), in order."""
    periods = capacity.span_s / log.period_s
    if setting.n_jobs is None:
        copies = setting.load_frac * capacity.core_s / (log.columns.work_core_s * periods)
    else:
        copies = setting.n_jobs / (len(log.columns) * periods)
    expected = copies * periods * len(log.columns)
    if expected > MOST_JOBS:
        return too_many(expected)
    if copies > _MOST_COPIES:
        sentence = (
            f"The log would be copied {copies:.3g} times to make the load, more than "
            f"{_MOST_COPIES}; name a longer log, or lower load_frac or n_jobs."
        )
        return Refused(code=CODE, sentence=sentence)
    indexes: list[Integers] = []
    instants: list[Floats] = []
    for number in range(max(int(np.ceil(copies)), 1)):
        share = min(copies - number, 1.0)
        index, since_s = _one_copy(log, rng, start_plant_s, capacity.span_s)
        keep = rng.random(len(index)) < share
        indexes.append(index[keep])
        instants.append(since_s[keep])
    index, since_s = np.concatenate(indexes), np.concatenate(instants)
    order = np.argsort(since_s, kind="stable")
    return index[order], since_s[order]


def _one_copy(
    log: _Log, rng: np.random.Generator, start_plant_s: float, span_s: float
) -> tuple[Integers, Floats]:
    """The log, repeated over the span and begun at a random one of its weeks (or days)."""
    unit_s = WEEK_S if log.period_s % WEEK_S == 0 else DAY_S
    moved_s = unit_s * int(rng.integers(0, max(round(log.period_s / unit_s), 1)))
    jitter_s = rng.uniform(0.0, _JITTER_S, len(log.since_s))
    first_s = (log.since_s + jitter_s + moved_s - start_plant_s) % log.period_s
    n_turns = int(np.ceil(span_s / log.period_s))
    since_s = np.add.outer(np.arange(n_turns) * log.period_s, first_s).reshape(-1)
    index = np.tile(np.arange(len(first_s)), n_turns)
    within = since_s < span_s
    return index[within], since_s[within]


def _picked(columns: JobColumns, index: Integers) -> JobColumns:
    return JobColumns(**{name: getattr(columns, name)[index] for name in JobColumns.__slots__})

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from domain.jobs.job import SchedulingType
from domain.refusal import Refused
from simulation.clock import VirtualClock
from simulation.workload.from_log import replay_trace
from simulation.workload.job import Workload
from simulation.workload.setting import SERVER_CORES, WorkloadSetting
from simulation.workload.trace import Trace

DAY_S, HOUR_S = 86_400.0, 3600.0
SITES = (64, 32, 32, 16, 16)
SETTING = WorkloadSetting(load_frac=0.3)


def trace(*, days: float = 28.0, count: int = 4000, first_week_s: float = 0.0) -> Trace:
    """Jobs of 1 to 8 processors at working hours of weekdays, of the log's own clock."""
    rng = np.random.default_rng(3)
    submitted_s = np.sort(rng.uniform(0, days * DAY_S, 8 * count))
    local_s = submitted_s + first_week_s
    is_work = (local_s % (7 * DAY_S) < 5 * DAY_S) & (local_s % DAY_S // HOUR_S == 10)
    submitted_s = submitted_s[is_work]
    n_jobs = len(submitted_s)
    return Trace(
        name="small.swf",
        submitted_s=submitted_s - submitted_s[0],
        first_week_s=(first_week_s + submitted_s[0]) % (7 * DAY_S),
        run_s=rng.uniform(600, 7200, n_jobs),
        processors=2 ** rng.integers(0, 4, n_jobs),
        time_limit_s=np.where(rng.random(n_jobs) < 0.5, np.nan, 7200.5),
        user=rng.integers(-1, 20, n_jobs),
        program=rng.integers(-1, 3, n_jobs),
        n_incomplete=0,
    )


def replayed(
    log: Trace,
    setting: WorkloadSetting = SETTING,
    *,
    seed: int = 1,
    days: float = 21.0,
    sites: tuple[int, ...] = SITES,
    start_plant_s: float = 0.0,
) -> Workload:
    workload = replay_trace(
        log,
        setting,
        np.random.default_rng([seed, 2]),
        start_plant_s=start_plant_s,
        arrival_days=days,
        site_servers=sites,
    )
    assert isinstance(workload, Workload), workload
    return workload


@pytest.mark.parametrize("load_frac", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("days", [7.0, 21.0, 60.0])
def test_a_log_is_copied_and_thinned_until_it_makes_the_load(load_frac: float, days: float) -> None:
    workload = replayed(trace(), replace(SETTING, load_frac=load_frac), days=days)
    work = sum(job.cores * job.run_s for job in workload.jobs)

    assert workload.load_frac == pytest.approx(load_frac, rel=0.15)
    assert workload.load_frac == pytest.approx(work / (160 * SERVER_CORES * days * DAY_S))


def test_jobs_keep_their_hour_and_their_day_of_the_week() -> None:
    """The log begins on a Thursday at 23 h; its jobs come at 10 h (jitter: up to 15 min)."""
    log = trace(first_week_s=3 * DAY_S + 23 * HOUR_S)
    for start_plant_s in (0.0, 5 * DAY_S, 365 * DAY_S):
        workload = replayed(log, start_plant_s=start_plant_s)
        since_s = np.array([job.submitted_at_s for job in workload.jobs]) - VirtualClock().now_s
        assert len(since_s) > 500
        assert (since_s % (7 * DAY_S) < 5 * DAY_S).all()
        assert set(np.unique(since_s % DAY_S // HOUR_S)) <= {10, 11}
        assert (since_s >= start_plant_s).all()
        assert (since_s < start_plant_s + 21 * DAY_S).all()
        assert (np.diff(since_s) >= 0).all()


def test_jobs_keep_what_the_log_says_of_them() -> None:
    log = trace()
    rows = {
        (float(run), SERVER_CORES * int(width))
        for run, width in zip(log.run_s, log.processors, strict=True)
    }
    workload = replayed(log)

    assert all((job.run_s, job.cores) in rows for job in workload.jobs)
    assert all(job.time_limit_s >= job.run_s for job in workload.jobs)
    assert Counter(job.time_limit_s for job in workload.jobs)[7201] > len(workload.jobs) / 3
    assert {job.name for job in workload.jobs} == {
        "program",
        "program-0",
        "program-1",
        "program-2",
    }
    assert {job.tenant_id for job in workload.jobs} == set(range(1, 22))


def test_jobs_too_wide_for_every_site_are_counted_and_not_run() -> None:
    log = trace()
    workload = replayed(log, sites=(4, 4, 4))
    too_wide = log.processors > 4

    assert max(job.cores for job in workload.jobs) == 4 * SERVER_CORES
    assert workload.n_too_large == int(too_wide.sum()) > 0
    share = (log.processors * log.run_s)[too_wide].sum() / (log.processors * log.run_s).sum()
    assert workload.too_large_work_frac == pytest.approx(share)
    assert replayed(log).n_too_large == 0


def test_a_processor_can_be_a_core() -> None:
    workload = replayed(trace(), replace(SETTING, cores_per_processor=1, load_frac=0.02))

    assert {job.cores for job in workload.jobs} == {1, 2, 4, 8}


def test_the_number_of_jobs_can_be_given_in_place_of_the_load() -> None:
    """Thinned at random: the standard deviation is below 1.5 % of 3000."""
    workload = replayed(trace(), replace(SETTING, n_jobs=3000))

    assert len(workload.jobs) == pytest.approx(3000, rel=0.08)


def test_types_come_from_the_seed_and_so_does_all_else() -> None:
    first, again, other = replayed(trace()), replayed(trace()), replayed(trace(), seed=2)
    flex = [job for job in first.jobs if job.scheduling_type is SchedulingType.FLEX]

    assert first == again
    assert first.jobs != other.jobs
    assert len(flex) / len(first.jobs) == pytest.approx(0.5, abs=0.1)
    assert all(job.end_before_s is not None for job in flex)


def test_history_is_of_the_same_log_and_before_the_start() -> None:
    workload = replayed(trace(), start_plant_s=35 * DAY_S)
    start_s = VirtualClock(35 * DAY_S).now_s

    assert len(workload.history) == round(len(workload.jobs) * 14 / 21)
    assert all(start_s - 14 * DAY_S <= job.ended_at_s < start_s for job in workload.history)


def test_a_log_of_a_few_minutes_fills_weeks_as_well() -> None:
    short = replace(trace(), submitted_s=np.linspace(0.0, 120.0, len(trace())))
    workload = replayed(short, days=7.0)

    days = {int(job.submitted_at_s // DAY_S) for job in workload.jobs}
    assert workload.load_frac == pytest.approx(0.3, rel=0.15)
    assert len(days) >= 7


def test_a_log_that_cannot_make_the_load_is_refused() -> None:
    tiny = trace(count=60)
    for setting, sites, words in (
        (replace(SETTING, cores_per_processor=1024), (4,), "fits the widest site"),
        (replace(SETTING, load_frac=1.0), (5000,) * 1000, "more than 2000000"),
        (replace(SETTING, n_jobs=1_900_000), SITES, "name a longer log"),
        (SETTING, (), "need a site"),
    ):
        refused = replay_trace(
            tiny,
            setting,
            np.random.default_rng(1),
            start_plant_s=0.0,
            arrival_days=21.0,
            site_servers=sites,
        )
        assert isinstance(refused, Refused)
        assert words in refused.sentence

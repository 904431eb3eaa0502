from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from domain.jobs.job import SchedulingType
from domain.refusal import Refused
from simulation.clock import VirtualClock
from simulation.workload.drawing import draw_workload
from simulation.workload.job import FinishedJob, SimulatedJob, Workload
from simulation.workload.limits import usual_limits_s
from simulation.workload.setting import SERVER_CORES, WorkloadKind, WorkloadSetting

DAY_S, HOUR_S = 86_400.0, 3600.0
#: A fleet of 600 servers whose widest site has 96.
SITES = (96, 80, 64, 60, 60, 40, 40, 40, 30, 30, 20, 20, 20)
MIX = WorkloadSetting()
FLEX = SchedulingType.FLEX


def drawn(
    setting: WorkloadSetting = MIX,
    *,
    seed: int = 1,
    days: float = 21.0,
    sites: tuple[int, ...] = SITES,
    start_plant_s: float = 0.0,
) -> Workload:
    workload = draw_workload(
        setting,
        np.random.default_rng([seed, 2]),
        start_plant_s=start_plant_s,
        arrival_days=days,
        site_servers=sites,
    )
    assert isinstance(workload, Workload), workload
    return workload


def runs_h(jobs: tuple[SimulatedJob, ...]) -> np.ndarray:
    return np.array([job.run_s for job in jobs]) / HOUR_S


def widths(jobs: tuple[SimulatedJob, ...]) -> np.ndarray:
    return np.array([job.cores for job in jobs]) // SERVER_CORES


@pytest.mark.parametrize("kind", WorkloadKind)
@pytest.mark.parametrize("load_frac", [0.1, 0.2])
def test_the_work_fills_the_stated_share_of_the_servers(
    kind: WorkloadKind, load_frac: float
) -> None:
    """The last job may exceed the load: 64 servers for 48 h are 1 % of this fleet's three weeks."""
    workload = drawn(WorkloadSetting(kind=kind, load_frac=load_frac))
    work_server_s = sum(job.cores / SERVER_CORES * job.run_s for job in workload.jobs)

    assert work_server_s == pytest.approx(load_frac * 600 * 21 * DAY_S, rel=0.11)
    assert work_server_s >= load_frac * 600 * 21 * DAY_S
    assert workload.load_frac == pytest.approx(work_server_s / (600 * 21 * DAY_S))


@pytest.mark.parametrize("kind", WorkloadKind)
def test_jobs_come_in_order_within_the_days_and_hold_their_bounds(kind: WorkloadKind) -> None:
    start_plant_s = 182 * DAY_S
    workload = drawn(WorkloadSetting(kind=kind), start_plant_s=start_plant_s, days=3.0)
    start_s = VirtualClock(start_plant_s).now_s
    times = [job.submitted_at_s for job in workload.jobs]

    assert times == sorted(times)
    assert start_s <= times[0] < times[-1] < start_s + 3 * DAY_S
    assert [job.instance_id for job in workload.jobs] == list(range(1, len(times) + 1))
    for job in workload.jobs:
        assert 0 < job.run_s <= job.time_limit_s
        assert SERVER_CORES <= job.cores <= 96 * SERVER_CORES


@pytest.mark.parametrize("kind", WorkloadKind)
def test_half_of_the_jobs_may_wait_until_their_slack_ends(kind: WorkloadKind) -> None:
    """Of 40 classes and more, the share of jobs differs from the setting by a few per cent."""
    jobs = drawn(WorkloadSetting(kind=kind, n_jobs=8000)).jobs
    flex = [job for job in jobs if job.scheduling_type is FLEX]

    assert len(flex) / len(jobs) == pytest.approx(0.5, abs=0.08)
    for job in flex:
        assert job.start_before_s is not None
        assert 12 * HOUR_S <= job.start_before_s - job.submitted_at_s <= 72 * HOUR_S
        assert job.end_before_s == job.start_before_s + job.time_limit_s
    assert all(
        job.start_before_s is None and job.end_before_s is None
        for job in jobs
        if job.scheduling_type is not FLEX
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_the_share_that_may_wait_is_as_set(share: float) -> None:
    jobs = drawn(replace(MIX, flex_share_frac=share)).jobs

    n_flex = sum(job.scheduling_type is FLEX for job in jobs)
    assert n_flex / len(jobs) == pytest.approx(share, abs=0.03)


def test_a_program_either_keeps_its_progress_or_does_not() -> None:
    jobs = drawn().jobs
    kinds = {(job.tenant_id, job.name): job.can_resume for job in jobs}

    assert all(job.can_resume == kinds[job.tenant_id, job.name] for job in jobs)
    assert sum(job.can_resume for job in jobs) / len(jobs) == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_draws_the_same_jobs_and_another_draws_others() -> None:
    assert drawn(seed=7, days=3.0) == drawn(seed=7, days=3.0)
    assert drawn(seed=7, days=3.0).jobs != drawn(seed=8, days=3.0).jobs


def test_the_mix_has_the_medians_and_widths_of_its_setting() -> None:
    """Over 20 seeds of 150 classes: medians of 8 h within 10 %, mean width 3.57 within 5 %."""
    jobs = [drawn(replace(MIX, early_failure_frac=0.0), seed=seed).jobs for seed in range(20)]
    medians_h = [float(np.median(runs_h(some))) for some in jobs]
    mean_widths = [float(widths(some).mean()) for some in jobs]

    assert np.exp(np.mean(np.log(medians_h))) == pytest.approx(8.0, rel=0.15)
    assert np.mean(mean_widths) == pytest.approx(3.57, rel=0.10)
    assert set(np.unique(widths(jobs[0]))) <= {1, 2, 4, 8, 12}
    assert max(runs_h(some).max() for some in jobs) <= 48.0
    assert min(runs_h(some).min() for some in jobs) >= 0.25


def test_one_job_in_twenty_ends_after_a_fraction_of_its_time() -> None:
    """Early failures are the only jobs of the mix below a quarter of an hour."""
    setting = replace(MIX, median_run_h=1.0, shortest_run_h=1.0, longest_run_h=1.0, n_jobs=20_000)
    hours = runs_h(drawn(setting).jobs)

    assert (hours < 1.0).mean() == pytest.approx(0.05, abs=0.006)
    assert hours.min() >= 0.03
    assert hours[hours < 1.0].max() <= 0.20


def test_jobs_of_one_program_are_alike_and_programs_differ() -> None:
    jobs = drawn(replace(MIX, n_jobs=20_000, early_failure_frac=0.0)).jobs
    by_class: dict[tuple[int, str], list[float]] = {}
    for job in jobs:
        by_class.setdefault((job.tenant_id, job.name), []).append(np.log(job.run_s))
    large = [logs for logs in by_class.values() if len(logs) > 100]

    assert np.median([np.std(logs) for logs in large]) == pytest.approx(0.4, abs=0.05)
    assert np.std([np.mean(logs) for logs in large]) == pytest.approx(0.7, abs=0.2)


def test_people_ask_for_more_time_than_they_need_and_for_round_times() -> None:
    jobs = drawn(replace(MIX, early_failure_frac=0.0)).jobs
    factors = np.array([job.time_limit_s / job.run_s for job in jobs])

    assert 1.8 < np.median(factors) < 4.5
    assert factors.min() >= 1.0
    assert max(job.time_limit_s for job in jobs) <= 72 * HOUR_S
    assert len({job.time_limit_s for job in jobs}) < 25


def test_a_limit_is_rounded_up_to_a_usual_value_that_holds_the_run() -> None:
    asked_s = np.array([50.0, 3601.0, 5 * DAY_S, 600.0])
    run_s = np.array([40.0, 3000.0, 2 * DAY_S, 4 * DAY_S])

    limits = usual_limits_s(asked_s=asked_s, run_s=run_s)
    assert limits.tolist() == [60, 5400, 259_200, 345_600]


def test_jobs_come_by_day_in_the_week() -> None:
    """55 of 168 hours weigh 3.7 times the others: 64 % of the jobs."""
    jobs = drawn(replace(MIX, n_jobs=30_000), days=28.0).jobs
    hours = np.array([(job.submitted_at_s - VirtualClock().now_s) / HOUR_S for job in jobs])
    is_day = (hours % 168 < 120) & (hours % 24 >= 8) & (hours % 24 < 19)

    assert is_day.mean() == pytest.approx(55 * 3.7 / (55 * 3.7 + 113), abs=0.01)


def test_a_heavy_tail_gives_a_few_jobs_most_of_the_work() -> None:
    """A Pareto tail of exponent 1.1: the longest hundredth of the jobs has a third of the work."""
    light = replace(MIX, median_run_h=1.0, longest_run_h=720.0, n_jobs=20_000)
    heavy = replace(light, tail_share_frac=0.1, tail_exponent=1.1)
    shares = []
    for setting in (light, heavy):
        hours = np.sort(runs_h(drawn(setting).jobs))
        shares.append(hours[-200:].sum() / hours.sum())

    assert shares[0] < 0.10
    assert shares[1] > 0.20
    tail = runs_h(drawn(heavy).jobs)
    ratio = (tail > 20).sum() / (tail > 10).sum()
    assert ratio == pytest.approx(2**-1.1, abs=0.12)


def test_a_film_comes_in_batches_of_short_frames_on_one_server() -> None:
    jobs = drawn(WorkloadSetting(kind=WorkloadKind.RENDER, load_frac=0.1), days=7.0).jobs
    batches = Counter((job.submitted_at_s, job.name) for job in jobs)

    assert len(jobs) > 5000
    assert set(widths(jobs)) == {1}
    assert runs_h(jobs).min() >= 5 / 60
    assert runs_h(jobs).max() <= 1.0
    assert np.median(list(batches.values())) > 100
    assert max(batches.values()) <= 800


def test_a_campaign_is_wide_and_long() -> None:
    jobs = drawn(WorkloadSetting(kind=WorkloadKind.SIMULATION, n_jobs=5000)).jobs

    assert set(widths(jobs)) == {2, 4, 8, 16, 32, 64}
    assert runs_h(jobs).min() >= 2.0
    assert runs_h(jobs).max() <= 48.0


def test_lublin_and_feitelsons_model_has_its_published_shares() -> None:
    """Serial 24.4 %; powers of two 57.6 % and those that the others hit by chance."""
    setting = WorkloadSetting(kind=WorkloadKind.LUBLIN, n_jobs=40_000)
    jobs = drawn(setting, sites=(128, 128)).jobs
    width, hours = widths(jobs), runs_h(jobs)
    is_power = np.log2(width) % 1 == 0

    assert (width == 1).mean() == pytest.approx(0.244, abs=0.01)
    assert 0.82 < is_power.mean() < 0.95
    assert hours.max() <= np.exp(12.0) / 3600
    # Two gammas: exp(4.2 x 0.94) = 52 s and exp(312 x 0.03) = 3.2 h; wider jobs run longer.
    assert np.median(hours[width == 1]) < 0.1
    assert np.median(hours[hours > 0.5]) == pytest.approx(3.2, rel=0.25)
    assert (hours[width > 32] > 1).mean() > (hours[width == 1] > 1).mean() + 0.1


def test_arrivals_of_lublins_model_follow_the_day() -> None:
    setting = WorkloadSetting(kind=WorkloadKind.LUBLIN, n_jobs=20_000)
    times = [job.submitted_at_s for job in drawn(setting).jobs]
    by_hour = np.bincount((np.array(times) % DAY_S // HOUR_S).astype(int), minlength=24)

    assert by_hour[10:17].min() > 2.5 * by_hour[2:6].max()


def test_a_job_wider_than_the_widest_site_is_narrowed_and_counted() -> None:
    workload = drawn(WorkloadSetting(kind=WorkloadKind.SIMULATION), sites=(20, 20, 10))
    n_widest = int((widths(workload.jobs) == 20).sum())

    assert widths(workload.jobs).max() == 20
    assert workload.n_narrowed == n_widest > 0
    assert workload.load_frac == pytest.approx(0.4, rel=0.3)


def test_the_number_of_jobs_can_be_given_in_place_of_the_load() -> None:
    for kind in WorkloadKind:
        assert len(drawn(WorkloadSetting(kind=kind, n_jobs=777)).jobs) == 777


def test_no_jobs_at_all_is_a_workload_too() -> None:
    workload = drawn(replace(MIX, n_jobs=0))

    assert workload.jobs == ()
    assert workload.history == ()
    assert workload.load_frac == 0.0


def test_history_is_of_the_same_programs_in_the_two_weeks_before() -> None:
    workload = drawn()
    start_s = VirtualClock(0.0).now_s
    ends = [job.ended_at_s for job in workload.history]
    runs: dict[tuple[int, str], list[list[float]]] = {}
    finished: list[SimulatedJob | FinishedJob] = [*workload.history, *workload.jobs]
    for job in finished:
        side = isinstance(job, SimulatedJob)
        runs.setdefault((job.tenant_id, job.name), [[], []])[side].append(np.log(job.run_s))
    common = [pair for pair in runs.values() if min(map(len, pair)) >= 30]

    assert len(workload.history) == round(len(workload.jobs) * 14 / 21)
    assert ends == sorted(ends)
    assert start_s - 14 * DAY_S <= ends[0] < ends[-1] < start_s
    assert len(common) > 10
    before, after = ([np.median(pair[side]) for pair in common] for side in (0, 1))
    assert np.corrcoef(before, after)[0, 1] > 0.95


def test_history_can_be_left_out() -> None:
    assert drawn(replace(MIX, history_days=0.0)).history == ()


def test_what_a_job_says_when_it_is_queued() -> None:
    jobs = drawn(days=3.0).jobs
    flex = next(job for job in jobs if job.scheduling_type is FLEX)
    soon = next(job for job in jobs if job.scheduling_type is SchedulingType.ON_DEMAND)
    again = flex.queued(at_s=flex.submitted_at_s + 10, last_attempt=2)

    assert again.start_before_s == flex.start_before_s
    assert again.end_before_s == flex.end_before_s
    assert again.queued_at_s == flex.submitted_at_s + 10
    assert (again.last_attempt, again.is_preemptible) == (2, True)
    assert again.can_resume == flex.can_resume
    assert not soon.queued(at_s=0.0, last_attempt=0).is_preemptible


@pytest.mark.parametrize(
    ("setting", "sites", "words"),
    [
        (MIX, (), "need a site"),
        (MIX, (4, 0), "a server at each site"),
        (replace(MIX, n_jobs=3_000_000), SITES, "more than 2000000"),
        (WorkloadSetting(kind=WorkloadKind.RENDER, load_frac=5.0), (3000,) * 9, "lower load_frac"),
    ],
)
def test_a_workload_that_cannot_be_is_refused(
    setting: WorkloadSetting, sites: tuple[int, ...], words: str
) -> None:
    refused = draw_workload(
        setting,
        np.random.default_rng(1),
        start_plant_s=0.0,
        arrival_days=21.0,
        site_servers=sites,
    )

    assert isinstance(refused, Refused)
    assert words in refused.sentence

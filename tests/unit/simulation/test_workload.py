import numpy as np
import pytest

from domain.job import SchedulingType
from simulation.workload import ENGINEERING_OFFICE, SimulatedJob, draw_jobs

DAY_S = 86_400.0


def drawn(*, seed: int = 1, days: float = 60.0, load_frac: float = 0.5) -> list[SimulatedJob]:
    return draw_jobs(
        np.random.default_rng(seed),
        start_s=1000.0,
        span_s=days * DAY_S,
        fleet_cores=64,
        widest_node_cores=16,
        load_frac=load_frac,
    )


def test_the_same_seed_draws_the_same_jobs() -> None:
    assert drawn(days=3, seed=7) == drawn(days=3, seed=7)
    assert drawn(days=3, seed=7) != drawn(days=3, seed=8)


def test_jobs_come_in_order_and_within_the_span() -> None:
    times = [job.submitted_at_s for job in drawn(days=3)]

    assert times == sorted(times)
    assert times[0] >= 1000.0
    assert times[-1] < 1000.0 + 3 * DAY_S


def test_the_work_fills_the_stated_share_of_the_cores() -> None:
    """Over 60 days the sum of about 15 000 log-normal jobs is within 10 % of its mean."""
    work_core_s = sum(job.cores * job.run_s for job in drawn())

    assert work_core_s == pytest.approx(0.5 * 64 * 60 * DAY_S, rel=0.10)


def test_no_job_is_wider_than_the_widest_node() -> None:
    jobs = draw_jobs(
        np.random.default_rng(1),
        start_s=0.0,
        span_s=DAY_S,
        fleet_cores=4,
        widest_node_cores=2,
        load_frac=0.5,
    )

    assert max(job.cores for job in jobs) == 2


def test_every_limit_is_above_its_run_time() -> None:
    assert all(job.time_limit_s > job.run_s for job in drawn(days=3))


def test_only_flex_jobs_have_a_last_moment_to_start() -> None:
    for job in drawn(days=1):
        start_before_s = job.queued(at_s=0.0, last_attempt=0).start_before_s
        is_flex = job.scheduling_type is SchedulingType.FLEX
        assert (start_before_s == job.submitted_at_s + DAY_S) if is_flex else start_before_s is None


def test_shares_of_the_kinds_add_up() -> None:
    assert sum(kind.share for kind in ENGINEERING_OFFICE) == pytest.approx(1.0)

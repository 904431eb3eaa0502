"""Until when a job's heat is credited, and how much of it there is."""

import numpy as np
import pytest

from domain.jobs.job import SchedulingType
from simulation.run.rack import BOOT_S
from simulation.run.windows import GRACE_S, STRETCH, due_s, work_of
from tests.support.simulated_jobs import HOUR_S, a_flex_job, a_job


def test_a_job_that_somebody_waits_for_has_an_hour_beside_its_run() -> None:
    job = a_job(submitted_at_s=500.0)

    assert due_s(job) == 500.0 + GRACE_S + BOOT_S + STRETCH * HOUR_S


def test_a_flex_job_has_until_its_last_start_beside_its_run() -> None:
    job = a_flex_job(start_before_s=9000.0)

    assert due_s(job) == 9000.0 + BOOT_S + STRETCH * HOUR_S


def test_an_end_that_was_promised_comes_first() -> None:
    job = a_flex_job(start_before_s=9000.0, end_before_s=10_000.0)

    assert due_s(job) == 10_000.0


def test_no_job_is_credited_for_longer_than_its_limit() -> None:
    job = a_job(run_s=10 * HOUR_S, time_limit_s=3600)
    work = work_of([job], 0.0)

    assert due_s(job) == GRACE_S + BOOT_S + STRETCH * HOUR_S
    assert work.energy_wh[0] == pytest.approx(490.0)


def test_work_counts_from_the_instant_that_is_asked_for() -> None:
    jobs = [a_job(1, servers=2, submitted_at_s=1000.0), a_job(2, submitted_at_s=4000.0)]
    work = work_of(jobs, 600.0)

    assert work.release_s.tolist() == [400.0, 3400.0]
    assert work.due_s.tolist() == [due_s(job) - 600.0 for job in jobs]
    assert work.power_w.tolist() == [980.0, 490.0]
    assert work.energy_wh == pytest.approx(np.array([980.0, 490.0]))


def test_reserved_work_is_like_work_that_somebody_waits_for() -> None:
    assert due_s(a_job(scheduling_type=SchedulingType.RESERVED)) == due_s(a_job())

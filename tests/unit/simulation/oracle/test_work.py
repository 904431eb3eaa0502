"""Work counts in the hours in which it may be done, and no job is counted twice."""

import numpy as np
import pytest

from simulation.oracle.work import Intervals, Work, hourly_wh, telling_intervals, usable_wh

HOUR_S = 3600.0


def _work(*jobs: tuple[float, float, float, float]) -> Work:
    """Jobs as (release h, due h, power W, energy Wh)."""
    release_h, due_h, power_w, energy_wh = np.array(jobs).T
    return Work(
        release_s=release_h * HOUR_S, due_s=due_h * HOUR_S, power_w=power_w, energy_wh=energy_wh
    )


def _usable(work: Work, begin: int, end: int) -> float:
    (found,) = usable_wh(work, Intervals(begin=np.array([begin]), end=np.array([end])))
    return float(found)


def test_a_job_uses_no_more_than_its_energy() -> None:
    assert _usable(_work((0, 10, 100.0, 250.0)), 0, 10) == 250.0


def test_a_job_runs_no_faster_than_at_full_speed() -> None:
    assert _usable(_work((0, 10, 100.0, 250.0)), 3, 5) == 200.0


def test_work_outside_its_window_does_not_count() -> None:
    work = _work((2.5, 4.25, 100.0, 1000.0))

    assert _usable(work, 0, 2) == 0.0
    assert _usable(work, 0, 3) == pytest.approx(50.0)
    assert _usable(work, 4, 9) == pytest.approx(25.0)
    assert _usable(work, 5, 9) == 0.0


def test_many_jobs_add_up() -> None:
    """More jobs than are looked at in one go."""
    one = (0.0, 3.0, 10.0, 15.0)

    assert _usable(_work(*[one] * 5000), 0, 3) == pytest.approx(5000 * 15.0)


@pytest.mark.parametrize("n_hours", [1, 2, 7, 48])
def test_the_intervals_are_of_the_hours_and_hold_every_beginning_and_end(n_hours: int) -> None:
    intervals = telling_intervals(n_hours)
    pairs = set(zip(intervals.begin.tolist(), intervals.end.tolist(), strict=True))

    assert all(0 <= begin < end <= n_hours for begin, end in pairs)
    assert len(pairs) == len(intervals.begin)
    assert {(0, end) for end in range(1, n_hours + 1)} <= pairs
    assert {(begin, n_hours) for begin in range(n_hours)} <= pairs
    assert {(hour, hour + 1) for hour in range(n_hours)} <= pairs


def test_each_hour_of_a_window_offers_its_share() -> None:
    job, hour, most_wh = hourly_wh(_work((0.5, 2.25, 100.0, 90.0), (1, 2, 40.0, 20.0)), 24)

    assert job.tolist() == [0, 0, 0, 1]
    assert hour.tolist() == [0, 1, 2, 1]
    assert most_wh == pytest.approx([50.0, 100.0, 25.0, 40.0])


def test_a_window_is_cut_at_the_ends_of_the_time_looked_at() -> None:
    job, hour, most_wh = hourly_wh(_work((-3, 1, 100.0, 900.0), (1.5, 99, 10.0, 900.0)), 3)

    assert job.tolist() == [0, 1, 1]
    assert hour.tolist() == [0, 1, 2]
    assert most_wh == pytest.approx([100.0, 5.0, 10.0])

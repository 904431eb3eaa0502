"""How long jobs go on: the table of expected hours, block by block of the coming day."""

import math

import numpy as np
import pytest

from scheduler.forecast.survival import (
    BLOCKS_H,
    HORIZON_H,
    SPREADS,
    Floats,
    hours_of_one,
    hours_run,
    length_h,
    length_index,
    spread_index,
)

FOREVER_H = 1e6


def _hours(median_h: float, age_h: float = 0.0, limit_h: float = FOREVER_H) -> Floats:
    length = length_index(math.log(median_h))
    return hours_of_one(length, 0, age_h=age_h, limit_left_h=limit_h)


def test_no_block_holds_more_hours_than_it_has() -> None:
    for median_h in (0.01, 1.0, 10.0, 240.0):
        hours = _hours(median_h)
        assert (hours >= 0.0).all()
        assert (hours <= np.array(BLOCKS_H) + 1e-6).all()


def test_a_job_of_days_runs_through_the_whole_horizon() -> None:
    assert _hours(240.0).sum() == pytest.approx(HORIZON_H, rel=0.01)


def test_a_job_of_minutes_fills_a_part_of_its_first_hour_only() -> None:
    hours = _hours(0.1)

    assert hours[0] < 0.3
    assert hours[1:].sum() < 0.01


def test_the_hours_of_a_job_add_up_to_its_mean_length() -> None:
    median_h = length_h(length_index(math.log(2.0)))

    mean_h = median_h * math.exp(SPREADS[0] ** 2 / 2)

    assert _hours(2.0).sum() == pytest.approx(mean_h, rel=0.05)


def test_a_job_that_has_outlived_its_median_is_expected_to_go_on_longer() -> None:
    """Log-normal run times: the older, the longer still to come."""
    left = [_hours(1.0, age_h).sum() for age_h in (2.0, 4.0, 8.0)]

    assert left[0] < left[1] < left[2]


def test_nothing_runs_past_its_limit() -> None:
    hours = _hours(240.0, limit_h=2.5)

    assert hours.tolist() == pytest.approx([1.0, 1.0, 0.5, *[0.0] * (len(BLOCKS_H) - 3)], abs=0.01)


def test_one_job_alone_is_reckoned_as_among_many() -> None:
    rng = np.random.default_rng(1)
    n_jobs = 200
    length = rng.integers(0, 18, n_jobs)
    spread = rng.integers(0, len(SPREADS), n_jobs)
    age_h, limit_h = rng.exponential(3.0, n_jobs), rng.exponential(10.0, n_jobs)

    together = hours_run(length, spread, age_h, limit_h)
    alone = [
        hours_of_one(*item, age_h=age, limit_left_h=limit)
        for *item, age, limit in zip(
            length.tolist(), spread.tolist(), age_h.tolist(), limit_h.tolist(), strict=True
        )
    ]

    assert np.array_equal(together, np.array(alone))


def test_lengths_stand_at_the_nearest_place_and_the_ends_hold_the_rest() -> None:
    for median_h in (0.02, 1.0, 100.0):
        assert length_h(length_index(math.log(median_h))) == pytest.approx(median_h, rel=0.29)
    assert length_index(-100.0) == 0
    assert length_h(length_index(100.0)) > 100.0


def test_the_nearest_spread_is_taken() -> None:
    assert [spread_index(value) for value in (0.0, 0.45, 0.6, 0.7, 0.9, 5.0)] == [0, 0, 0, 1, 1, 1]

"""What share of a job's heat a store would use."""

from dataclasses import replace

import numpy as np
import pytest

from scheduler.forecast.survival import BLOCKS_H, N_BLOCKS, Floats
from scheduler.placement.heat.gain import Water, follow, gains, reach_of

HOURS = np.array(BLOCKS_H, dtype=np.float64)
#: A job of two hours.
TWO_HOURS = np.array([1.0, 1.0, *[0.0] * (N_BLOCKS - 2)])


def _water(
    stored_wh: float = 0.0,
    capacity_wh: float = 5000.0,
    demand_w: float = 0.0,
    promised_w: float = 0.0,
    full_draw_wh: float = 0.0,
) -> Water:
    demand_wh = demand_w * HOURS[None]
    return Water(
        stored_wh=np.array([stored_wh]),
        capacity_wh=np.array([capacity_wh]),
        demand_wh=demand_wh,
        promised_wh=promised_w * HOURS[None],
        reach=reach_of(np.array([full_draw_wh]), demand_wh),
    )


def _gain(
    water: Water, power_w: float = 1000.0, hours: Floats = TWO_HOURS, fill_frac: float = 1.0
) -> float:
    found = gains(water, follow(water), np.array([[power_w]]), hours[None], np.array([fill_frac]))
    return float(found[0, 0])


def _random_water(rng: np.random.Generator, n_sites: int) -> Water:
    capacity_wh = rng.uniform(100.0, 20_000.0, n_sites)
    demand_wh = rng.normal(800.0, 1500.0, (n_sites, N_BLOCKS))
    is_preheat = rng.random(n_sites) < 0.5
    return Water(
        stored_wh=rng.random(n_sites) * capacity_wh,
        capacity_wh=capacity_wh,
        demand_wh=demand_wh,
        promised_wh=rng.exponential(400.0, (n_sites, N_BLOCKS)),
        reach=reach_of(np.where(is_preheat, 1.2 * capacity_wh, 0.0), demand_wh),
    )


def test_heat_for_a_full_store_with_no_demand_is_of_no_use() -> None:
    # What a store loses by itself (0.8 % of it an hour) can be made up for, so all is promised.
    assert _gain(_water(stored_wh=5000.0, promised_w=100.0)) == 0.0


def test_heat_that_is_wanted_as_it_comes_is_all_used() -> None:
    assert _gain(_water(demand_w=1000.0)) == pytest.approx(1.0)


def test_heat_that_others_bring_already_is_not_wanted_twice() -> None:
    water = _water(stored_wh=5000.0, demand_w=1000.0, promised_w=1000.0)

    assert _gain(water) < 0.1


def test_half_the_heat_is_used_where_demand_is_half_of_it() -> None:
    assert _gain(_water(demand_w=500.0, capacity_wh=1.0)) == pytest.approx(0.5, abs=0.01)


def test_heat_stored_for_a_later_demand_counts_less_what_is_lost_until_then() -> None:
    later = np.where(np.arange(N_BLOCKS) == 8, 2000.0, 0.0)[None]

    gain = _gain(replace(_water(), demand_wh=later))

    assert 0.9 < gain < 1.0


def test_heat_still_stored_after_the_day_counts_almost_as_used() -> None:
    assert 0.7 < _gain(_water(capacity_wh=1e6)) < 0.9


def test_room_kept_for_others_is_no_room() -> None:
    water = _water(stored_wh=2000.0, capacity_wh=4000.0, demand_w=50.0)

    assert _gain(water, fill_frac=0.5) < 0.2 < _gain(water)


def test_a_preheat_tank_gives_up_its_heat_by_and_by() -> None:
    water = _water(capacity_wh=2000.0, demand_w=1000.0)
    tank = _water(capacity_wh=2000.0, demand_w=1000.0, full_draw_wh=3000.0)

    assert _gain(tank) < _gain(water)


def test_a_draw_of_a_mixed_tank_takes_the_share_of_it_that_theory_gives() -> None:
    reach = reach_of(np.array([0.0, 2000.0, 2000.0]), np.array([[500.0], [0.0], [2000.0]]))

    assert reach[:, 0].tolist() == pytest.approx([1.0, 0.0, 1.0 - np.exp(-1.0)])


def test_demand_below_nothing_is_heat_that_comes_by_itself() -> None:
    course = follow(_water(stored_wh=100.0, demand_w=-50.0))

    assert course.stored_wh[0, 0] > 100.0
    assert _gain(_water(stored_wh=4990.0, demand_w=-50.0)) < 0.1


def test_every_gain_is_a_share() -> None:
    rng = np.random.default_rng(5)
    water = _random_water(rng, 300)
    power_w = rng.exponential(3000.0, (6, 300))
    hours = rng.random((6, N_BLOCKS)) * HOURS

    found = gains(water, follow(water), power_w, hours, rng.random(300))

    assert np.isfinite(found).all()
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    assert len(np.unique(found.round(3))) > 100


def test_more_heat_is_never_used_to_a_larger_share() -> None:
    """What is used is concave in the heat: a wide job's gain is at most a narrow one's."""
    rng = np.random.default_rng(6)
    for _ in range(20):
        water = _random_water(rng, 100)
        hours = np.repeat(rng.random((1, N_BLOCKS)) * HOURS, 5, axis=0)
        power_w = np.array([[100.0], [500.0], [1000.0], [3000.0], [9000.0]]) * np.ones(100)

        found = gains(water, follow(water), power_w, hours, rng.random(100))

        assert (np.diff(found, axis=0) <= 1e-9).all()


def test_more_room_more_demand_and_less_promised_never_make_heat_less_welcome() -> None:
    rng = np.random.default_rng(7)
    water = _random_water(rng, 300)
    water = replace(water, reach=np.ones_like(water.reach))
    power_w, hours = np.full((1, 300), 2000.0), (rng.random((1, N_BLOCKS)) * HOURS)
    base = gains(water, follow(water), power_w, hours, 1.0)
    better = (
        replace(water, stored_wh=0.5 * water.stored_wh),
        replace(water, demand_wh=water.demand_wh + 300.0),
        replace(water, promised_wh=0.5 * water.promised_wh),
    )

    for other in better:
        assert (gains(other, follow(other), power_w, hours, 1.0) >= base - 1e-9).all()


def test_no_heat_is_made_or_lost_on_the_way() -> None:
    rng = np.random.default_rng(8)
    water = _random_water(rng, 50)
    course = follow(water)

    before = np.vstack([water.stored_wh, course.stored_wh[:-1]])
    kept = np.array([0.992**hours for hours in BLOCKS_H])[:, None] * before
    balance = kept + water.promised_wh.T - course.used_wh - course.lost_wh - course.stored_wh

    assert np.abs(balance).max() < 1e-6
    assert (course.lost_wh >= 0.0).all()
    assert (course.stored_wh <= water.capacity_wh + 1e-9).all()

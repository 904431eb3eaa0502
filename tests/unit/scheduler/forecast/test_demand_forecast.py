"""What sites will want: hour of the week, answer to the air, and recent error."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from scheduler.forecast.demand import DemandForecast
from scheduler.forecast.survival import HORIZON_H, N_BLOCKS, Floats

HOUR_S, DAY_H, WEEK_H = 3600.0, 24, 168
ROW = np.array([0])


def _learned(demand_w: Callable[[int], float], hours: int, site: int = 0) -> DemandForecast:
    """A forecast that saw these hours of a site, from a Monday's midnight on."""
    forecast = DemandForecast()
    _go_on(forecast, demand_w, 0, hours, site)
    return forecast


def _go_on(
    forecast: DemandForecast,
    demand_w: Callable[[int], float],
    first: int,
    hours: int,
    site: int = 0,
) -> None:
    for hour in range(first, first + hours):
        for part in (0.0, 0.5):
            forecast.learn(site, (hour + part) * HOUR_S, demand_w(hour))
    forecast.learn(site, (first + hours) * HOUR_S, demand_w(first + hours))


def _ahead(forecast: DemandForecast, hour: float, now_w: float = 0.0, row: int = 0) -> Floats:
    expected_w = forecast.expect_w(np.array([row]), hour * HOUR_S, np.array([now_w]))
    return np.asarray(expected_w[0])


def _daily(hour: int) -> float:
    return 1000.0 + 500.0 * (hour % DAY_H)


def test_the_usual_demand_of_each_hour_of_the_week_comes_again() -> None:
    forecast = _learned(_daily, WEEK_H)

    ahead = _ahead(forecast, WEEK_H)

    assert ahead.tolist() == pytest.approx([_daily(hour) for hour in range(DAY_H)])


def test_a_weekend_is_told_apart_from_the_days_before() -> None:
    forecast = _learned(lambda hour: 100.0 if hour % WEEK_H >= 5 * DAY_H else 900.0, WEEK_H)

    assert _ahead(forecast, WEEK_H + 4 * DAY_H)[:23].tolist() == pytest.approx([900.0] * 23)
    assert _ahead(forecast, WEEK_H + 5 * DAY_H)[:23].tolist() == pytest.approx([100.0] * 23)


def test_an_hour_never_seen_is_as_it_is_now() -> None:
    forecast = DemandForecast()

    assert _ahead(forecast, 3.0, now_w=700.0).tolist() == pytest.approx([700.0] * HORIZON_H)


def test_between_two_hours_the_forecast_goes_from_one_to_the_other() -> None:
    forecast = _learned(_daily, WEEK_H)

    assert _ahead(forecast, WEEK_H + 3.25)[0] == pytest.approx(
        0.75 * _daily(3) + 0.25 * _daily(4), rel=1e-6
    )


def test_a_week_that_was_not_as_usual_moves_what_is_usual_by_a_part() -> None:
    forecast = _learned(lambda _: 1000.0, 3 * WEEK_H)

    _go_on(forecast, lambda _: 2000.0, 3 * WEEK_H, WEEK_H)
    ahead_w = forecast.sites.usual_w[0]

    assert (ahead_w > 1200.0).all()
    assert (ahead_w < 1800.0).all()


def test_what_the_last_hours_were_off_by_carries_on_and_fades() -> None:
    forecast = _learned(lambda _: 1000.0, 2 * WEEK_H)
    _go_on(forecast, lambda _: 1500.0, 2 * WEEK_H, 6)

    off = _ahead(forecast, 2 * WEEK_H + 6.0) - 1000.0

    assert 100.0 < off[0] < 500.0
    assert (np.diff(off) < 0).all()
    assert off[20] < 0.05 * off[0]


def _with_air(weeks: int, w_per_k: float) -> tuple[DemandForecast, Floats]:
    """A site whose demand answers to air that is different each day, and the air [degC]."""
    rng = np.random.default_rng(3)
    air = 8.0 + np.repeat(rng.normal(0.0, 4.0, 7 * weeks + 7), DAY_H)
    forecast = DemandForecast()
    forecast.hear([0], 0.0, tuple(air.tolist()))
    _go_on(forecast, lambda hour: 5000.0 - w_per_k * (air[hour] - 8.0), 0, weeks * WEEK_H)
    return forecast, air


def test_colder_air_than_usual_lets_more_be_expected_where_it_did_before() -> None:
    forecast, _ = _with_air(weeks=8, w_per_k=200.0)
    hour = 8 * WEEK_H
    expected = {}
    for air_c in (2.0, 14.0):
        forecast.hear([0], hour * HOUR_S, (air_c,) * 48)
        expected[air_c] = float(_ahead(forecast, hour).mean())

    assert expected[2.0] - expected[14.0] == pytest.approx(12 * 200.0, rel=0.3)


def test_air_makes_no_difference_where_it_made_none() -> None:
    forecast, _ = _with_air(weeks=8, w_per_k=0.0)
    hour = 8 * WEEK_H
    forecast.hear([0], hour * HOUR_S, (-15.0,) * 48)

    assert _ahead(forecast, hour).tolist() == pytest.approx([5000.0] * HORIZON_H)


def test_a_forecast_for_every_site_is_heard_by_those_it_names_only() -> None:
    forecast, _ = _with_air(weeks=8, w_per_k=200.0)
    _go_on(forecast, lambda _: 300.0, 0, WEEK_H, site=1)
    hour = 8 * WEEK_H
    before = _ahead(forecast, hour, row=1)

    forecast.hear([0], hour * HOUR_S, (-15.0,) * 48)

    assert np.array_equal(_ahead(forecast, hour, row=1), before)


def test_hours_after_the_end_of_a_forecast_are_as_usual() -> None:
    forecast, _ = _with_air(weeks=8, w_per_k=200.0)
    hour = 8 * WEEK_H
    forecast.hear([0], hour * HOUR_S, (8.0,) * 30)
    unmoved = _ahead(forecast, hour)

    forecast.hear([0], hour * HOUR_S, (-20.0,) * 3)
    ahead = _ahead(forecast, hour)

    assert (ahead[:2] > unmoved[:2] + 500.0).all()
    assert np.isfinite(ahead).all()


def test_forecasts_that_nobody_looks_at_any_more_are_dropped() -> None:
    forecast, _ = _with_air(weeks=1, w_per_k=100.0)
    for issue in range(200):
        forecast.hear([0], issue * HOUR_S, (5.0,) * 48)

    assert len(forecast._air) < 10  # noqa: SLF001 - what must not grow


def test_nothing_said_about_the_air_is_ever_nan() -> None:
    forecast, _ = _with_air(weeks=2, w_per_k=100.0)
    for hour in (0, 100, 2 * WEEK_H, 10 * WEEK_H):
        for rows in ([0], [], [0, 3]):
            forecast.hear(rows, hour * HOUR_S, (3.0,))
            all_rows = np.arange(5)
            ahead = forecast.expect_w(all_rows, hour * HOUR_S, np.full(5, 10.0))
            assert np.isfinite(ahead).all()


def test_the_blocks_hold_the_sum_of_their_hours() -> None:
    forecast = _learned(_daily, WEEK_H)

    blocks_wh = forecast.expect_wh(ROW, WEEK_H * HOUR_S, np.zeros(1))

    assert blocks_wh.shape == (1, N_BLOCKS)
    assert blocks_wh.sum() == pytest.approx(_ahead(forecast, WEEK_H).sum())
    assert blocks_wh[0, -1] == pytest.approx(sum(_daily(hour) for hour in range(19, 24)))


def test_a_forecast_that_is_made_wrong_is_wrong_by_that_factor() -> None:
    forecast = _learned(_daily, WEEK_H)
    right = _ahead(forecast, WEEK_H)

    forecast.scale = 1.6

    assert _ahead(forecast, WEEK_H).tolist() == pytest.approx((1.6 * right).tolist())


def test_what_was_learned_survives_as_json() -> None:
    forecast = _learned(_daily, 2 * WEEK_H, site=1)
    _go_on(forecast, lambda _: 50.0, 0, WEEK_H)
    plain = json.loads(json.dumps(forecast.to_plain({70: 0, 71: 1, 72: 9})))

    again = DemandForecast()
    for row, item in enumerate(reversed(plain)):
        again.restore(row, item)

    assert [item["site_id"] for item in plain] == [70, 71]
    assert again.to_plain({71: 0, 70: 1}) == list(reversed(plain))
    assert _ahead(again, 2 * WEEK_H).tolist() == pytest.approx(
        [_daily(hour) for hour in range(DAY_H)], abs=0.01
    )


def test_rows_are_learned_apart() -> None:
    forecast = _learned(lambda _: 100.0, WEEK_H)
    _go_on(forecast, lambda _: 900.0, 0, WEEK_H, site=2)

    ahead = forecast.expect_w(np.array([2, 0]), WEEK_H * HOUR_S, np.zeros(2))

    assert ahead[:, 0].tolist() == pytest.approx([900.0, 100.0])

import json
import math

import pytest

from scheduler.forecast import duration
from scheduler.forecast.duration import LIMIT_USED_FRAC, DurationForecast

LIMIT_S = 36_000.0


def _learned(*walls_s: float, name: str = "mesh") -> DurationForecast:
    forecast = DurationForecast()
    for wall_s in walls_s:
        forecast.learn(1, name, LIMIT_S, wall_s)
    return forecast


def test_a_name_never_seen_uses_its_usual_share_of_the_limit() -> None:
    expected_s = DurationForecast().expect_s(1, "mesh", 1000.0)

    assert expected_s == pytest.approx(1000.0 * LIMIT_USED_FRAC)


def test_runs_of_a_name_outweigh_its_limit_the_more_the_more_there_are() -> None:
    off = [
        abs(math.log(_learned(*[600.0] * runs).expect_s(1, "mesh", LIMIT_S) / 600.0))
        for runs in (1, 3, 10)
    ]

    assert off[0] > off[1] > off[2]
    assert off[2] < 0.2


def test_the_newest_runs_weigh_more_than_those_long_ago() -> None:
    forecast = _learned(*[600.0] * 30, *[1800.0] * 10)

    assert forecast.expect_s(1, "mesh", LIMIT_S) > 1000.0


def test_one_run_that_ended_early_moves_the_belief_little() -> None:
    forecast = _learned(*[3600.0] * 5)
    before_s = forecast.expect_s(1, "mesh", LIMIT_S)

    forecast.learn(1, "mesh", LIMIT_S, 1.0)

    assert forecast.expect_s(1, "mesh", LIMIT_S) > 0.5 * before_s


def test_no_job_is_expected_to_outlast_its_limit() -> None:
    assert _learned(*[5000.0] * 5).expect_s(1, "mesh", 60.0) == pytest.approx(60.0)


def test_tenants_do_not_learn_from_one_another() -> None:
    forecast = _learned(5.0)

    alone, other = forecast.expect_s(1, "mesh", 1000.0), forecast.expect_s(2, "mesh", 1000.0)

    assert alone < 0.3 * other


def test_how_much_of_its_limit_a_job_uses_is_learned_over_all_names() -> None:
    forecast = DurationForecast()
    for number in range(2000):
        forecast.learn(1, f"name-{number}", 1000.0, 900.0)

    assert forecast.expect_s(1, "never seen", 1000.0) > 600.0


def test_a_name_that_was_seen_is_known_better_than_one_that_was_not() -> None:
    forecast = _learned(*[600.0] * 5)

    seen, unseen = (forecast.expect(1, name, LIMIT_S).spread for name in ("mesh", "other"))

    assert seen < unseen


def test_the_names_least_recently_run_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duration, "_MOST_NAMES", 2)
    forecast = DurationForecast()
    for name in ("a", "b", "a", "c"):
        forecast.learn(1, name, 1000.0, 1.0)

    known = [name for name in "abc" if forecast.expect_s(1, name, 1000.0) < 50.0]

    assert known == ["a", "c"]


def test_a_run_of_no_time_at_all_is_no_surprise() -> None:
    assert math.isfinite(_learned(0.0).expect_s(1, "mesh", LIMIT_S))


def test_what_was_learned_survives_as_json() -> None:
    forecast = _learned(600.0, 900.0, 1200.0)
    forecast.learn(2, "solve", 7200.0, 100.0)

    again = DurationForecast.from_plain(json.loads(json.dumps(forecast.to_plain())))

    assert again == forecast

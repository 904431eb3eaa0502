import pytest

from scheduler.forecast import duration
from scheduler.forecast.duration import LIMIT_USED_FRAC, NEWEST_WEIGHT, DurationForecast


def test_a_name_never_seen_uses_its_usual_share_of_the_limit() -> None:
    assert DurationForecast().expect_s(1, "mesh", 1000.0) == pytest.approx(1000.0 * LIMIT_USED_FRAC)


def test_the_first_run_is_believed_as_it_is() -> None:
    forecast = DurationForecast()

    forecast.learn(1, "mesh", 120.0)

    assert forecast.expect_s(1, "mesh", 3600.0) == 120.0


def test_the_newest_run_weighs_more_than_those_before() -> None:
    forecast = DurationForecast()
    forecast.learn(1, "mesh", 100.0)

    forecast.learn(1, "mesh", 200.0)

    assert forecast.expect_s(1, "mesh", 3600.0) == pytest.approx(100.0 + NEWEST_WEIGHT * 100.0)


def test_no_job_is_expected_to_outlast_its_limit() -> None:
    forecast = DurationForecast()
    forecast.learn(1, "mesh", 5000.0)

    assert forecast.expect_s(1, "mesh", 60.0) == 60.0


def test_tenants_do_not_learn_from_one_another() -> None:
    forecast = DurationForecast()
    forecast.learn(1, "mesh", 5.0)

    assert forecast.expect_s(2, "mesh", 100.0) == pytest.approx(100.0 * LIMIT_USED_FRAC)


def test_the_names_least_recently_run_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duration, "_MOST_NAMES", 2)
    forecast = DurationForecast()
    for name in ("a", "b", "a", "c"):
        forecast.learn(1, name, 1.0)

    known = [name for name in "abc" if forecast.expect_s(1, name, 100.0) == 1.0]

    assert known == ["a", "c"]

import numpy as np
import pytest

from simulation.weather.drawing import draw_weather
from simulation.weather.forecast import draw_forecasts, issue_forecast
from simulation.weather.forecast_setting import ForecastSetting
from simulation.weather.weather import Weather

EXACT = ForecastSetting(weather_sd_first_k=0.0, weather_sd_last_k=0.0)


def weather(n_hours: int = 24 * 10) -> Weather:
    return draw_weather("H1a", np.random.default_rng(4), start_plant_s=0.0, n_hours=n_hours)


def test_a_forecast_errs_by_one_kelvin_now_and_two_and_a_half_in_two_days() -> None:
    """4000 forecasts: the standard error of a standard deviation is about 1 %."""
    truth = weather()
    rng = np.random.default_rng(1)
    errors = np.array([issue_forecast(truth, 24, rng) for _ in range(4000)])
    errors -= truth.outdoor_temp_c[24:72]

    assert errors[:, 0].std() == pytest.approx(1.0, rel=0.05)
    assert errors[:, 24].std() == pytest.approx(1.75, rel=0.05)
    assert errors[:, 47].std() == pytest.approx(2.5, rel=0.05)
    assert np.abs(errors.mean(axis=0)).max() < 0.2
    assert np.corrcoef(errors[:, 20], errors[:, 21])[0, 1] > 0.9


def test_a_forecast_without_error_is_the_truth() -> None:
    truth = weather()
    forecast = issue_forecast(truth, 30, np.random.default_rng(1), setting=EXACT)

    assert np.array_equal(forecast, truth.outdoor_temp_c[30:78])


def test_a_forecast_ends_where_the_weather_ends() -> None:
    truth = weather(n_hours=60)

    assert len(issue_forecast(truth, 0, np.random.default_rng(1))) == 48
    assert len(issue_forecast(truth, 50, np.random.default_rng(1))) == 10
    assert len(issue_forecast(truth, 60, np.random.default_rng(1))) == 0


def test_a_new_forecast_is_made_every_six_hours_and_is_the_same_for_every_policy() -> None:
    truth = weather(n_hours=48)
    first = draw_forecasts(truth, np.random.default_rng(9), ForecastSetting())
    again = draw_forecasts(truth, np.random.default_rng(9), ForecastSetting())

    assert [len(forecast) for forecast in first] == [48, 42, 36, 30, 24, 18, 12, 6]
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[1], first[0][6:])

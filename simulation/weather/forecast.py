"""What a forecaster says of the air, which is not quite what comes."""

import numpy as np

from simulation.weather.forecast_setting import ForecastSetting
from simulation.weather.memory import remembering_noise
from simulation.weather.weather import Floats, Weather

#: From one hour of a forecast to the next its error is almost the same: it is wrong for half a day
#: on end. Assumed.
_HOURLY_CORRELATION = 0.95


def issue_forecast(
    weather: Weather,
    hour: int,
    rng: np.random.Generator,
    *,
    setting: ForecastSetting | None = None,
) -> Floats:
    """The air expected in hours ``hour``, ``hour + 1``, ... of this weather, (n_leads,) in degC.

    It is the truth plus an autoregressive error whose standard deviation grows linearly with the
    lead: ``sd(l) = first + (last - first) l / horizon``. Where the weather ends before the
    horizon, so does the forecast.
    """
    chosen = setting or ForecastSetting()
    truth = weather.outdoor_temp_c[hour : hour + chosen.horizon_h]
    sd_k = np.linspace(
        chosen.weather_sd_first_k, chosen.weather_sd_last_k, chosen.horizon_h + 1, dtype=np.float64
    )
    error = remembering_noise(rng, chosen.horizon_h, _HOURLY_CORRELATION)[: len(truth)]
    return truth + sd_k[: len(truth)] * error


def draw_forecasts(
    weather: Weather, rng: np.random.Generator, setting: ForecastSetting
) -> tuple[Floats, ...]:
    """Every forecast made during the weather: number ``i`` at hour ``i * setting.every_h``.

    Drawn once, they are the same for every policy that is compared.
    """
    hours = range(0, weather.n_hours, setting.every_h)
    return tuple(issue_forecast(weather, hour, rng, setting=setting) for hour in hours)

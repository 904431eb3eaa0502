"""How good the forecasts of a scenario are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSetting:
    """How good forecasts are."""

    weather_sd_first_k: float = 1.0  #: Of the error of the air's temperature now,
    weather_sd_last_k: float = 2.5  #: and at the last hour of the horizon; linear in between.
    horizon_h: int = 48
    every_h: int = 6  #: A new forecast is made.
    demand_factor: float = 1.0  #: Policies expect this multiple of the demand they learned.

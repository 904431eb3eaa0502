"""What goes wrong, or otherwise than usual, during a simulation."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What happens."""

    SITE_OFFLINE = "site_offline"  #: No network and no server: its jobs are lost.
    SENSOR_STUCK = "sensor_stuck"  #: The water sensor repeats the value it had.
    METER_RESET = "meter_reset"  #: The heat meter's index begins again at zero.
    WEATHER_ANOMALY = "weather_anomaly"  #: Air and sky warmer or colder than drawn.
    FORECAST_BIAS = "forecast_bias"  #: Policies expect a multiple of the demand they learned.


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; days count from the start of the arrivals."""

    kind: FaultKind
    sites: tuple[int, ...] = ()  #: Indexes from 0 in the order of the district; none = every site.
    from_day: float = 0.0
    to_day: float = 0.0  #: Not used by a meter's reset, which is an instant.
    anomaly_k: float = 0.0  #: Of a weather anomaly.
    demand_factor: float = 1.0  #: Of a forecast's bias.

"""A typical year of weather as a file holds it."""

from dataclasses import dataclass
from pathlib import Path

from simulation.number_file import NumberField
from simulation.weather.weather import Floats

YEAR_HOURS = 8760
#: The code of every refusal of a weather file.
CODE = "simulation.weather"

# What the readers accept: what the Earth's weather can be, with a margin.
AIR = NumberField(name="dry_bulb_c", meaning="a temperature in degC", low=-90.0, high=60.0)
SKY = NumberField(name="sky_temp_c", meaning="a temperature in degC", low=-140.0, high=60.0)
WIND = NumberField(name="wind_m_per_s", meaning="a speed in m/s", low=0.0, high=100.0)
MAINS = NumberField(name="mains_temp_c", meaning="a temperature in degC", low=0.0, high=45.0)
SUN_W_PER_M2 = (0.0, 1500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherYear:
    """Hours 0 to 8759 of a year of 365 days; every array is (8760,)."""

    outdoor_temp_c: Floats
    sky_temp_c: Floats
    relative_humidity_frac: Floats
    wind_m_per_s: Floats
    solar_w_per_m2: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherText:
    """The text of a weather file and where it came from."""

    path: Path
    text: str

"""The port to a boiler, whatever protocol it speaks."""

from dataclasses import dataclass
from typing import Protocol


class DeviceError(Exception):
    """The boiler did not answer, or not in its own terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """What is fixed about a boiler while it runs."""

    is_simulated: bool
    time_factor: float
    idle_power_w: float
    max_power_w: float
    storage_wh_per_k: float
    limit_temp_c: float
    heat_meter_serial: str
    electricity_meter_serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the instruments show together; a temperature is NaN where its sensor is broken."""

    water_temp_c: float
    supply_temp_c: float
    inlet_temp_c: float
    power_w: float
    heat_power_w: float
    heat_demand_w: float
    headroom_wh: float
    heat_register_wh: int
    electricity_register_wh: int
    power_limit_frac: float  #: In force now.


class Boiler(Protocol):
    """One boiler. Every method but ``close`` raises `DeviceError` when the boiler is silent."""

    async def nameplate(self) -> Nameplate:
        """Who it is."""
        ...

    async def measure(self) -> Measurement:
        """What it shows now, every value of the same instant."""
        ...

    async def limit_power(self, limit_frac: float, valid_for_s: float) -> None:
        """Allow this share of maximum power, 0 to 1, for a time; below idle power it is off.

        When the time is over and nothing was said again, the boiler falls back to idle power.
        """
        ...

    async def close(self) -> None:
        """Let go of it; the limit runs out by itself."""
        ...

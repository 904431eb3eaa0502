"""A boiler in memory, behind the same port as a real one; held to the same contract suite."""

from dataclasses import replace

from domain.fleet.modbus_map import LONGEST_LIMIT_VALID_S
from node_agent.devices.boiler import DeviceError, Measurement, Nameplate

NAMEPLATE = Nameplate(
    is_simulated=True,
    time_factor=120.0,
    idle_power_w=400.0,
    max_power_w=2000.0,
    storage_wh_per_k=290.75,
    limit_temp_c=50.0,
    heat_meter_serial="SIM-000001-H",
    electricity_meter_serial="SIM-000001-E",
)
MEASUREMENT = Measurement(
    water_temp_c=30.0,
    supply_temp_c=41.0,
    inlet_temp_c=31.0,
    power_w=400,
    heat_power_w=390,
    heat_demand_w=900,
    headroom_wh=5815.0,
    heat_register_wh=1230,
    electricity_register_wh=1260,
    power_limit_frac=0.2,
)


class ScriptedBoiler:
    """Shows what the test says, and remembers what it was told."""

    def __init__(self, nameplate: Nameplate = NAMEPLATE) -> None:
        """Answer, with the default measurement."""
        self.plate = nameplate
        self.shown = replace(
            MEASUREMENT, power_limit_frac=nameplate.idle_power_w / nameplate.max_power_w
        )
        self.is_silent = False
        self.limits: list[tuple[float, float]] = []  #: Every limit and its time, in order.

    async def nameplate(self) -> Nameplate:
        """The nameplate."""
        self._answer()
        return self.plate

    async def measure(self) -> Measurement:
        """What the test put there."""
        self._answer()
        return self.shown

    async def limit_power(self, limit_frac: float, valid_for_s: float) -> None:
        """Take the limit as a boiler takes it: in permille, and within reason."""
        self._answer()
        if not 0 <= limit_frac <= 1 or valid_for_s <= 0:
            raise DeviceError("the limit was refused")
        self.limits.append((limit_frac, min(valid_for_s, LONGEST_LIMIT_VALID_S)))
        self.shown = replace(self.shown, power_limit_frac=round(limit_frac, 3))

    async def close(self) -> None:
        """Nothing to let go of."""

    def _answer(self) -> None:
        if self.is_silent:
            raise DeviceError("the boiler is silent")

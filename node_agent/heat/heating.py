"""One cycle of local control on a real device: measure, decide, set the limit.

The caller owns the clock, the numbering of readings and the jobs; it freezes, thaws or kills
them as the cycle says, and sends the reading on.
"""

import logging
from dataclasses import dataclass, fields, replace

from domain.fleet.reading import Reading, check_reading
from domain.refusal import Refused
from node_agent.devices.boiler import Boiler, DeviceError, Measurement, Nameplate
from node_agent.heat.control import (
    Action,
    Advice,
    Cause,
    ControlMemory,
    ControlSettings,
    ControlState,
    decide,
    reset,
    settings_for,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What came of one cycle."""

    reading: Reading | Refused | None  #: None where the boiler was silent.
    action: Action | None  #: None until the boiler was first heard: nothing is known of it.


class Heating:
    """Local control of one boiler."""

    def __init__(
        self, boiler: Boiler, node_id: int, period_s: float = 1.0, *, is_tripped: bool = False
    ) -> None:
        """Take charge; ``period_s`` is how often the caller asks for a cycle.

        ``is_tripped`` where the latch fell before this process began: a restart releases nothing.
        """
        self._boiler = boiler
        self._node_id = node_id
        self._period_s = period_s
        self._nameplate: Nameplate | None = None
        self._settings: ControlSettings | None = None
        self._memory = ControlMemory()
        if is_tripped:
            self._memory = replace(self._memory, state=ControlState.TRIPPED, cause=Cause.TRIPPED)
        self._is_silent = False

    async def cycle(
        self, *, seq: int, unix_s: float, now_s: float, advice: Advice | None = None
    ) -> Cycle:
        """Measure as reading ``seq``, decide, and tell the boiler.

        ``unix_s`` dates the reading; ``now_s`` is of a clock that never goes back. Raises
        ``ValueError`` where the boiler is too strong for its water at this period.
        """
        reading = None
        try:
            reading = await self._read(seq, unix_s)
        except DeviceError as error:
            self._note_silence(error)
        if self._settings is None:
            return Cycle(reading=reading, action=None)
        self._memory, action = decide(self._memory, reading, now_s, self._settings, advice)
        try:
            await self._boiler.limit_power(action.power_cap_frac, self._settings.limit_valid_for_s)
            self._is_silent = self._is_silent and reading is None
        except DeviceError as error:
            self._note_silence(error)
        if isinstance(reading, Reading):
            reading = replace(reading, control_state=action.state.value)
        return Cycle(reading=reading, action=action)

    def release(self) -> None:
        """Release the latch: a person has looked."""
        self._memory = reset(self._memory)

    async def _read(self, seq: int, unix_s: float) -> Reading | Refused:
        if self._nameplate is None:
            self._nameplate = await self._boiler.nameplate()
            self._settings = _settings_of(self._nameplate, self._period_s)
        measurement = await self._boiler.measure()
        return reading_of(
            self._nameplate, measurement, node_id=self._node_id, seq=seq, taken_at_s=unix_s
        )

    def _note_silence(self, error: DeviceError) -> None:
        if not self._is_silent:
            _log.warning("the boiler of node %d is silent: %s", self._node_id, error)
        self._is_silent = True
        self._nameplate = None  # It may come back as another boiler.


def reading_of(
    nameplate: Nameplate, measurement: Measurement, *, node_id: int, seq: int, taken_at_s: float
) -> Reading | Refused:
    """The measurement as a reading of this node, or why it cannot be believed."""
    shown = {
        item.name: getattr(measurement, item.name)
        for item in fields(Measurement)
        if item.name != "power_limit_frac"
    }
    return check_reading(
        {
            **shown,
            "node_id": node_id,
            "seq": seq,
            "taken_at_s": taken_at_s,
            "time_factor": nameplate.time_factor,
            "simulated": nameplate.is_simulated,
            "heat_meter_serial": nameplate.heat_meter_serial,
            "electricity_meter_serial": nameplate.electricity_meter_serial,
            "control_state": "undecided",
        }
    )


def _settings_of(nameplate: Nameplate, period_s: float) -> ControlSettings:
    settings = settings_for(
        limit_temp_c=nameplate.limit_temp_c,
        idle_power_w=nameplate.idle_power_w,
        max_power_w=nameplate.max_power_w,
        storage_wh_per_k=nameplate.storage_wh_per_k,
        time_factor=nameplate.time_factor,
        period_s=period_s,
    )
    if isinstance(settings, Refused):
        raise ValueError(settings.sentence)  # noqa: TRY004 - the value, not its type, is wrong
    return settings

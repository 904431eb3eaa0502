"""What a node's instruments say at an instant, and which values cannot be believed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from domain.refusal import Refused

_CONTROL_STATES_THAT_RUN = frozenset({"normal", "limited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Temperatures, powers and registers of one node at an instant."""

    node_id: int
    seq: int  #: Counts the node's readings; written to its journal before it is sent.
    taken_at_s: float  #: Unix time by the node's clock.
    water_temp_c: float
    supply_temp_c: float  #: Coolant leaving the servers.
    inlet_temp_c: float  #: Coolant entering the servers.
    power_w: float  #: Electric.
    heat_power_w: float  #: Into the water; positive.
    heat_demand_w: float  #: Draw and losses that the site has now.
    headroom_wh: float  #: Heat the site can still take before its limit.
    heat_register_wh: int
    electricity_register_wh: int
    time_factor: float  #: Seconds of the plant for one second of the clock; 1 = real.
    simulated: bool
    heat_meter_serial: str
    electricity_meter_serial: str
    control_state: str

    @property
    def accepts_work(self) -> bool:
        """Whether local control lets jobs run; on a limited boiler they run, only slower."""
        return self.control_state in _CONTROL_STATES_THAT_RUN


#: (lowest, highest, why) for each number. Outside is an instrument's fault, not a fact.
_RANGES: Mapping[str, tuple[float, float, str]] = {
    "water_temp_c": (-10.0, 110.0, "water in a vented circuit"),
    "supply_temp_c": (-10.0, 130.0, "coolant under pressure"),
    "inlet_temp_c": (-10.0, 130.0, "coolant under pressure"),
    "power_w": (0.0, 1e6, "a node is below a megawatt"),
    "heat_power_w": (-1e6, 1e6, "a node is below a megawatt"),
    "heat_demand_w": (0.0, 1e8, "a site is below 100 MW"),
    "headroom_wh": (0.0, 1e10, "a basin stores less than 10 GWh"),
    "heat_register_wh": (0, 2**62, "a register counts up from zero"),
    "electricity_register_wh": (0, 2**62, "a register counts up from zero"),
    "time_factor": (1e-3, 1e4, "a plant runs at a stated multiple of real time"),
    "taken_at_s": (1.5e9, 1e11, "Unix time in seconds"),
    "seq": (0, 2**62, "readings are counted from zero"),
    "node_id": (0, 2**62, "nodes are numbered from one"),
}
_LONGEST_TEXT = 200
_TOO_LONG_TO_SHOW = 10**100
_TEXTS = ("heat_meter_serial", "electricity_meter_serial", "control_state")
_WHOLE = frozenset({"heat_register_wh", "electricity_register_wh", "seq", "node_id"})


def check_reading(values: Mapping[str, Any]) -> Reading | Refused:
    """The reading, or the first thing in it that cannot be."""
    refused = _check_names(values) or _check_numbers(values) or _check_rest(values)
    return refused or Reading(**dict(values))


def _check_names(values: Mapping[str, Any]) -> Refused | None:
    names = {item.name for item in fields(Reading)}
    missing = sorted(names - set(values))
    if missing:
        return Refused(code="reading.missing", sentence=f"The reading lacks {missing[0]}.")
    unknown = sorted(set(values) - names)
    if unknown:
        shown = repr(unknown[0][:_LONGEST_TEXT])
        return Refused(code="reading.unknown", sentence=f"A reading has no {shown}.")
    return None


def _check_numbers(values: Mapping[str, Any]) -> Refused | None:
    for name, (low, high, why) in _RANGES.items():
        value = values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Refused(code="reading.type", sentence=f"{name} is not a number.")
        if name in _WHOLE and not isinstance(value, int):
            return Refused(code="reading.type", sentence=f"{name} is not a whole number.")
        if isinstance(value, float) and not math.isfinite(value):
            return Refused(code="reading.not_finite", sentence=f"{name} is not finite.")
        if not low <= value <= high:
            return Refused(
                code="reading.range",
                sentence=f"{name} = {_shown(value)} is outside {low:g} to {high:g}: {why}.",
            )
    return None


def _shown(value: float) -> str:
    """The number as text; a whole one may have more digits than any float or reader takes."""
    return f"{value:g}" if abs(value) < _TOO_LONG_TO_SHOW else "a number of over a hundred digits"


def _check_rest(values: Mapping[str, Any]) -> Refused | None:
    for name in _TEXTS:
        value = values[name]
        is_line = isinstance(value, str) and 1 <= len(value) <= _LONGEST_TEXT
        if not is_line or not value.isprintable():
            return Refused(code="reading.type", sentence=f"{name} is not a line of text.")
    if not isinstance(values["simulated"], bool):
        return Refused(code="reading.type", sentence="simulated is not true or false.")
    return None

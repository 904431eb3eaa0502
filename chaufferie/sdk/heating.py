"""What a job does to the water of its site, as far as it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """The water that a job on a node heats now."""

    water_temp_c: float | None  #: None where nobody knows: no reading, or only an old one.
    reading_age_s: float | None  #: None where there never was a reading.


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyUsed:
    """What all attempts of a job used so far: estimates by the node's power model."""

    energy_estimate_wh: float
    heat_estimate_wh: float  #: The part of it that reached the water.
    heat_frac: float | None  #: Which share that is; None where nothing was used.
    is_running: bool  #: An attempt still runs, and is counted as if all its cores were busy.
    is_simulated: bool


def water_of(document: Mapping[str, Any]) -> Water | None:
    """The water under a job; None where it is on no node."""
    found = document.get("water")
    if found is None:
        return None
    return Water(water_temp_c=found["water_temp_c"], reading_age_s=found["reading_age_s"])


def energy_of(document: Mapping[str, Any]) -> EnergyUsed | None:
    """What a job used; None where it never ran, and of an array as a whole."""
    found = document.get("energy")
    if found is None:
        return None
    return EnergyUsed(
        energy_estimate_wh=found["energy_estimate_wh"],
        heat_estimate_wh=found["heat_estimate_wh"],
        heat_frac=found["heat_frac"],
        is_running=found["is_running"],
        is_simulated=found["is_simulated"],
    )

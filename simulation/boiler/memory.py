"""What boilers remember over a restart: water, registers and the plant's time, in one file.

The file is replaced at every step before the step can be read by anyone, so a register that was
read once is never lower again, however the process ends. It is not forced to the disk: after a
power cut of the whole machine the last seconds of a simulated plant may be missing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from domain.refusal import Refused
from simulation.boiler.sites import SimulatedSite
from simulation.plant.fleet import FleetState
from simulation.plant.meter import Meters

_VERSION = 1


def replace_file(path: Path, plain: Mapping[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old text or the new one, nothing between."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(plain), encoding="utf-8")
    fresh.replace(path)


class BoilerMemory:
    """The file, and what it holds of sites that are not served now."""

    def __init__(self, path: Path, sites: Sequence[SimulatedSite]) -> None:
        """Remember these sites in this file."""
        self._path = path
        self._serials = [site.heat_meter_serial for site in sites]
        self._others: dict[str, Any] = {}

    def resume(self, new: FleetState) -> FleetState | Refused:
        """The state as it was left; sites that are not in the file begin as in ``new``.

        The plant's time stood still meanwhile: a gap is not simulated, because nobody knows
        what the servers did in it. Water and registers are as they were.
        """
        try:
            plain = json.loads(self._path.read_text(encoding="utf-8"))
            return self._resumed(new, plain)
        except FileNotFoundError:
            return new
        except (OSError, ValueError, KeyError, TypeError) as error:
            return Refused(
                code="boiler.memory",
                sentence=f"The boilers' memory {self._path} cannot be read ({error}); restore it, "
                "or move it away and give the meters new serial numbers.",
            )

    def _resumed(self, new: FleetState, plain: Mapping[str, Any]) -> FleetState:
        if plain["version"] != _VERSION:
            raise ValueError(f"version {plain['version']} is not {_VERSION}")
        kept = dict(plain["sites"])
        state = replace(new, plant_time_s=float(plain["plant_time_s"]))
        for index, serial in enumerate(self._serials):
            if serial in kept:
                state = _with_site(state, index, kept.pop(serial))
        self._others = kept
        return state

    def keep(self, state: FleetState) -> None:
        """Write the state down."""
        sites = {
            serial: {
                "water_temp_c": float(state.water_temp_c[index]),
                "is_shut_down": bool(state.is_shut_down[index]),
                "heat_wh": int(state.heat.register_wh[index]),
                "heat_carried_j": float(state.heat.carried_j[index]),
                "electricity_wh": int(state.electricity.register_wh[index]),
                "electricity_carried_j": float(state.electricity.carried_j[index]),
            }
            for index, serial in enumerate(self._serials)
        }
        replace_file(
            self._path,
            {
                "version": _VERSION,
                "plant_time_s": state.plant_time_s,
                "sites": {**self._others, **sites},
            },
        )


def _with_site(state: FleetState, index: int, kept: Mapping[str, Any]) -> FleetState:
    water_temp_c = state.water_temp_c.copy()
    water_temp_c[index] = float(kept["water_temp_c"])
    is_shut_down = state.is_shut_down.copy()
    is_shut_down[index] = bool(kept["is_shut_down"])
    if not np.isfinite(water_temp_c[index]):
        raise ValueError("a water temperature is not finite")
    return replace(
        state,
        water_temp_c=water_temp_c,
        is_shut_down=is_shut_down,
        heat=_with_meter(state.heat, index, kept["heat_wh"], kept["heat_carried_j"]),
        electricity=_with_meter(
            state.electricity, index, kept["electricity_wh"], kept["electricity_carried_j"]
        ),
    )


def _with_meter(meters: Meters, index: int, register_wh: int, carried_j: float) -> Meters:
    registers_wh, carried = meters.register_wh.copy(), meters.carried_j.copy()
    registers_wh[index], carried[index] = int(register_wh), float(carried_j)
    return Meters(register_wh=registers_wh, carried_j=carried)

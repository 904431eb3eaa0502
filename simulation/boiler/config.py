"""What the process that simulates boilers is told at its start: a JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.refusal import Refused
from simulation.boiler.sites import START_PLANT_TIME_S, SimulatedSite
from simulation.habits import Habit

#: Unit identifiers of Modbus that may address a device.
_LOWEST_UNIT, _HIGHEST_UNIT = 1, 247
_HIGHEST_TIME_FACTOR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerConfig:
    """One boiler: its site, its address, and where its node says what its jobs used."""

    site: SimulatedSite
    unit: int
    usage_file: Path | None = None  #: Absent: its servers are always idle.


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseConfig:
    """All boilers that one process serves."""

    boilers: tuple[BoilerConfig, ...]
    state_file: Path  #: Water and registers, kept over a restart.
    port_file: Path  #: Written when the port is open: ``{"host":…, "port":…}``.
    host: str = "127.0.0.1"
    port: int = 0  #: 0 = the port of last time if it is free, else any.
    time_factor: float = 120.0  #: Seconds of the plant for one second of the clock.
    step_s: float = 0.5  #: Clock seconds between steps.
    start_plant_time_s: float = START_PLANT_TIME_S


def load_site(plain: dict[str, Any]) -> SimulatedSite:
    """The site of a JSON object; raises ``TypeError`` or ``ValueError`` where it is not one."""
    return SimulatedSite(**{**plain, "habit": Habit(plain["habit"])})


def load_house(path: Path) -> HouseConfig | Refused:
    """The configuration in this file, or what is wrong with it."""
    try:
        house = _house(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        return _refused(f"The boilers' configuration cannot be read: {error}.")
    except (ValueError, KeyError, TypeError) as error:
        return _refused(f"The boilers' configuration {path} is not complete: {error}.")
    problem = _problem(house)
    return house if problem is None else _refused(problem)


def _house(plain: dict[str, Any]) -> HouseConfig:
    values = dict(plain)
    values["boilers"] = tuple(_boiler(item) for item in values["boilers"])
    for name in ("state_file", "port_file"):
        values[name] = Path(values[name])
    return HouseConfig(**values)


def _boiler(plain: dict[str, Any]) -> BoilerConfig:
    usage_file = plain.get("usage_file")
    return BoilerConfig(
        site=load_site(plain["site"]),
        unit=plain["unit"],
        usage_file=None if usage_file is None else Path(usage_file),
    )


def _problem(house: HouseConfig) -> str | None:
    units = [boiler.unit for boiler in house.boilers]
    serials = [boiler.site.heat_meter_serial for boiler in house.boilers]
    if not units:
        return "The configuration has no boiler; name at least one."
    if not all(_LOWEST_UNIT <= unit <= _HIGHEST_UNIT for unit in units):
        return f"A unit lies outside {_LOWEST_UNIT} to {_HIGHEST_UNIT}; use a second process."
    if len(set(units)) < len(units) or len(set(serials)) < len(serials):
        return "Two boilers share a unit or a meter's serial number; give each its own."
    if not 0 < house.time_factor <= _HIGHEST_TIME_FACTOR:
        return f"time_factor lies outside 0 to {_HIGHEST_TIME_FACTOR:g}; choose one within."
    if not 0 < house.step_s <= 1:
        return "step_s lies outside 0 to 1 second; choose one within."
    problems = (boiler.site.problem() for boiler in house.boilers)
    return next((problem for problem in problems if problem is not None), None)


def _refused(sentence: str) -> Refused:
    return Refused(code="boiler.config", sentence=sentence)

"""Scenarios from TOML: those that come with the program by name, a user's own by path."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path

from domain.refusal import Refused
from domain.units import HOUR_S
from simulation.district.setting import FleetSetting
from simulation.scenario.fault import Fault, FaultKind
from simulation.scenario.rules import (
    Rule,
    choice,
    number,
    read_values,
    several,
    shown,
    text,
    whole,
)
from simulation.scenario.scenario import Scenario, Season
from simulation.scenario.toml_source import CODE, Keys, TomlSource, parse_toml, read_toml
from simulation.scenario.workload_rules import read_workload
from simulation.weather.forecast_setting import ForecastSetting
from simulation.weather.zones import ZONES

#: More values than these do not fit the memory of a small machine.
_MOST_SITE_HOURS = 50_000_000
_MOST_SITES = 10_000
_FOLDER = "scenarios"

_COUNT = whole(0, _MOST_SITES)
_FLEET: Mapping[str, Rule] = {
    "indoor_pools": _COUNT,
    "outdoor_pools": _COUNT,
    "dwellings": _COUNT,
    "buildings": _COUNT,
    "storage_factor": number(0.01, 100.0),
    "power_factor_low": number(0.01, 100.0),
    "power_factor_high": number(0.01, 100.0),
    "dump_share": number(0.0, 1.0),
}
_FORECAST: Mapping[str, Rule] = {
    "weather_sd_first_k": number(0.0, 20.0),
    "weather_sd_last_k": number(0.0, 20.0),
    "horizon_h": whole(1, 240),
    "every_h": whole(1, 48),
    "demand_factor": number(0.0, 10.0),
}
_SEASON: Mapping[str, Rule] = {"name": text(30), "start_day_of_year": whole(1, 365)}
_DAY = number(-365.0, 3650.0)
_FAULT: Mapping[str, Rule] = {
    "kind": choice(FaultKind),
    "sites": several(whole(0, _MOST_SITES - 1), most=_MOST_SITES),
    "from_day": _DAY,
    "to_day": _DAY,
    "anomaly_k": number(-40.0, 40.0),
    "demand_factor": number(0.0, 10.0),
}
#: Keys that a fault needs beside its kind; ``sites`` may stand in those that hit a site.
_FAULT_NEEDS: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.SITE_OFFLINE: ("from_day", "to_day"),
    FaultKind.SENSOR_STUCK: ("from_day", "to_day"),
    FaultKind.METER_RESET: ("from_day",),
    FaultKind.WEATHER_ANOMALY: ("from_day", "to_day", "anomaly_k"),
    FaultKind.FORECAST_BIAS: ("from_day", "to_day", "demand_factor"),
}
_HIT_SITES = {FaultKind.SITE_OFFLINE, FaultKind.SENSOR_STUCK, FaultKind.METER_RESET}
_TABLE = Rule(expected="a table", read=lambda value: value if isinstance(value, dict) else None)
_TABLES = Rule(
    expected="one table or several, each under its name in double brackets",
    read=lambda value: value if isinstance(value, list) and value else None,
)
_TOP: Mapping[str, Rule] = {
    "title": text(200),
    "warmup_days": whole(0, 365),
    "arrival_days": whole(1, 3650),
    "drain_days": whole(0, 365),
    "step_s": whole(10, HOUR_S),
    "zones": several(choice(ZONES), most=len(ZONES)),
    "seasons": _TABLES,
    "fleet": _TABLE,
    "workload": _TABLE,
    "forecast": _TABLE,
    "faults": _TABLES,
}


def builtin_names() -> tuple[str, ...]:
    """The scenarios that come with the program."""
    folder = resources.files("simulation") / _FOLDER
    names = (Path(entry.name) for entry in folder.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".toml"))


def load_scenario(which: str | Path) -> Scenario | Refused:
    """The built-in scenario of this name, or else the scenario in the file at this path."""
    if str(which) in builtin_names():
        entry = resources.files("simulation") / _FOLDER / f"{which}.toml"
        source = parse_toml(Path(f"{which}.toml"), entry.read_bytes())
    else:
        path = Path(which)
        if not _is_there(path):
            names = ", ".join(builtin_names())
            sentence = f"No scenario {which}: name a TOML file that exists, or one of {names}."
            return Refused(code=CODE, sentence=sentence)
        source = read_toml(path)
    return source if isinstance(source, Refused) else _scenario(source)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name too long, or a folder that may not be read.
        return False


def _scenario(source: TomlSource) -> Scenario | Refused:
    top = read_values(source, (), source.plain, _TOP)
    if isinstance(top, Refused):
        return top
    for name in ("title", "seasons"):
        if name not in top:
            return source.refused((name,), _TOP[name].expected, None)
    parts = {
        "fleet": _fleet(source, top.get("fleet", {})),
        "workload": read_workload(source, top.get("workload", {})),
        "forecast": _forecast(source, top.get("forecast", {})),
        "seasons": _seasons(source, top["seasons"]),
        "faults": _faults(source, top.get("faults", [])),
    }
    for part in parts.values():
        if isinstance(part, Refused):
            return part
    scenario = Scenario(name=source.path.stem, **{**top, **parts})
    return _problem(source, scenario) or scenario


def _fleet(source: TomlSource, plain: object) -> FleetSetting | Refused:
    values = read_values(source, ("fleet",), plain, _FLEET)
    if isinstance(values, Refused):
        return values
    fleet = FleetSetting(**values)
    if not 1 <= fleet.n_sites <= _MOST_SITES:
        expected = f"1 to {_MOST_SITES} sites in all"
        return source.refused(("fleet",), expected, f"{fleet.n_sites} sites")
    low, high = fleet.power_factor_low, fleet.power_factor_high
    if low > high:
        expected = f"a number not above power_factor_high, {high:g}"
        return source.refused(("fleet", "power_factor_low"), expected, f"{low:g}")
    return fleet


def _forecast(source: TomlSource, plain: object) -> ForecastSetting | Refused:
    values = read_values(source, ("forecast",), plain, _FORECAST)
    return values if isinstance(values, Refused) else ForecastSetting(**values)


def _seasons(source: TomlSource, plain: list[object]) -> tuple[Season, ...] | Refused:
    seasons: list[Season] = []
    for index, table in enumerate(plain):
        keys: Keys = ("seasons", index)
        values = read_values(source, keys, table, _SEASON)
        if isinstance(values, Refused):
            return values
        for field in fields(Season):
            if field.name not in values:
                return source.refused((*keys, field.name), _SEASON[field.name].expected, None)
        if values["name"] in {season.name for season in seasons}:
            expected = "a name that no other season has"
            return source.refused((*keys, "name"), expected, values["name"])
        seasons.append(Season(**values))
    return tuple(seasons)


def _faults(source: TomlSource, plain: list[object]) -> tuple[Fault, ...] | Refused:
    faults: list[Fault] = []
    for index, table in enumerate(plain):
        fault = _fault(source, ("faults", index), table)
        if isinstance(fault, Refused):
            return fault
        faults.append(fault)
    return tuple(faults)


def _fault(source: TomlSource, keys: Keys, table: object) -> Fault | Refused:
    values = read_values(source, keys, table, _FAULT)
    if isinstance(values, Refused):
        return values
    if "kind" not in values:
        return source.refused((*keys, "kind"), _FAULT["kind"].expected, None)
    kind = FaultKind(values["kind"])
    needed = _FAULT_NEEDS[kind]
    usable = {"kind", *needed, *(("sites",) if kind in _HIT_SITES else ())}
    for name in needed:
        if name not in values:
            return source.refused((*keys, name), _FAULT[name].expected, None)
    for name in values:
        if name not in usable:
            expected = f"only keys that a {kind} has ({', '.join(sorted(usable))})"
            return source.refused((*keys, name), expected, name)
    fault = Fault(**{**values, "kind": kind})
    if "to_day" in needed and fault.to_day <= fault.from_day:
        expected = f"a day after from_day, {fault.from_day:g}"
        return source.refused((*keys, "to_day"), expected, f"{fault.to_day:g}")
    return fault


def _problem(source: TomlSource, scenario: Scenario) -> Refused | None:
    """What is wrong between the parts."""
    if HOUR_S % scenario.step_s:
        expected = "a number of seconds that divides an hour"
        return source.refused(("step_s",), expected, f"{scenario.step_s}")
    size = scenario.n_hours * scenario.fleet.n_sites
    if size > _MOST_SITE_HOURS:
        expected = f"at most {_MOST_SITE_HOURS} hours over all sites"
        return source.refused(("arrival_days",), expected, f"{size}")
    for index, fault in enumerate(scenario.faults):
        if any(site >= scenario.fleet.n_sites for site in fault.sites):
            expected = f"numbers of sites from 0 to {scenario.fleet.n_sites - 1}"
            found = shown(list(fault.sites))
            return source.refused(("faults", index, "sites"), expected, found)
    return None

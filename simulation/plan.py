"""From what was asked to the cells that answer it, every input read and judged beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from domain.refusal import Refused
from scheduler.placement.policies.registry import POLICIES, policy_named
from simulation.cell import CellTask
from simulation.options import EVERY_POLICY, STANDARD_OUTPUT, Ask
from simulation.scenario.loading import builtin_names, load_scenario
from simulation.scenario.scenario import Scenario
from simulation.weather.reading import read_weather
from simulation.workload.swf import read_swf


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cells of a sweep, in the order in which they are begun."""

    sources: Mapping[str, str]  #: The TOML of each scenario, by its name, in order.
    tasks: tuple[CellTask, ...]


def plan_of(ask: Ask) -> Plan | Refused:
    """Every cell that was asked for, or what is wrong with one input, in a sentence."""
    loaded = _loaded(ask.scenarios)
    if isinstance(loaded, Refused):
        return loaded
    scenarios = [scenario for scenario, _ in loaded]
    policies = tuple(POLICIES) if ask.policies == (EVERY_POLICY,) else ask.policies
    refused = (
        _wrong_policy(policies)
        or _wrong_season(ask.seasons, scenarios)
        or _wrong_weather(ask.weather, scenarios)
        or _wrong_workload(ask.workload)
        or _wrong_place(ask)
    )
    if refused is not None:
        return refused
    tasks = tuple(
        CellTask(
            scenario=scenario,
            season=season.name,
            seed=seed,
            policies=policies,
            weather=ask.weather,
            workload=ask.workload,
            with_oracle=ask.with_oracle,
            oracle_form=ask.oracle_form,
            # Pictures look into one seed; the series of all of them would fill the memory.
            with_series=ask.report is not None and seed == min(ask.seeds),
        )
        for scenario in scenarios
        for season in scenario.seasons
        if not ask.seasons or season.name in ask.seasons
        for seed in ask.seeds
    )
    return Plan(sources={scenario.name: text for scenario, text in loaded}, tasks=tasks)


def _loaded(names: Sequence[str]) -> list[tuple[Scenario, str]] | Refused:
    """Each scenario with its TOML."""
    found: dict[str, tuple[Scenario, str]] = {}
    for name in names:
        scenario = load_scenario(name)
        if isinstance(scenario, Refused):
            return scenario
        if scenario.name in found:
            return Refused(
                code="scenario.twice",
                sentence=f"Two scenarios are named {scenario.name!r}; give one of them another "
                "name, or leave it out.",
            )
        found[scenario.name] = (scenario, _text(name))
    return list(found.values())


def _text(name: str) -> str:
    if name in builtin_names():
        return (resources.files("simulation") / "scenarios" / f"{name}.toml").read_text("utf-8")
    return Path(name).read_text(encoding="utf-8")


def _wrong_policy(policies: Sequence[str]) -> Refused | None:
    made = (policy_named(name) for name in policies)
    return next((policy for policy in made if isinstance(policy, Refused)), None)


def _wrong_season(seasons: Sequence[str], scenarios: Sequence[Scenario]) -> Refused | None:
    known = list(dict.fromkeys(s.name for scenario in scenarios for s in scenario.seasons))
    unknown = [season for season in seasons if season not in known]
    if not unknown:
        return None
    return Refused(
        code="season.unknown",
        sentence=f"There is no season {unknown[0]!r} in this scenario; there are: "
        f"{', '.join(known)}.",
    )


def _wrong_weather(path: Path | None, scenarios: Sequence[Scenario]) -> Refused | None:
    if path is None:
        return None
    scenario = scenarios[0]
    found = read_weather(
        path,
        zone=scenario.zones[0],
        start_plant_s=scenario.start_plant_s(scenario.seasons[0]),
        n_hours=scenario.n_hours,
    )
    return found if isinstance(found, Refused) else None


def _wrong_workload(path: Path | None) -> Refused | None:
    found = None if path is None else read_swf(path)
    return found if isinstance(found, Refused) else None


def _wrong_place(ask: Ask) -> Refused | None:
    """Whether results cannot be written where they shall go: better said now than hours later."""
    if ask.json is not None and ask.json != STANDARD_OUTPUT:
        if ask.json.is_dir():
            return _unwritable(ask.json, "it is a directory")
        if not ask.json.parent.is_dir():
            return _unwritable(ask.json, f"there is no directory {ask.json.parent}")
    if ask.report is not None:
        try:
            ask.report.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _unwritable(ask.report, error.strerror or str(error))
    return None


def _unwritable(path: Path, reason: str) -> Refused:
    return Refused(
        code="place.unwritable",
        sentence=f"Nothing can be written to {path}: {reason}; choose another place.",
    )

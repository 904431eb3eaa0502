"""One cell: every policy in one scenario, season and seed, against one twin and one bound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from domain.refusal import Refused
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.registry import policy_named
from simulation.clock import VirtualClock
from simulation.oracle.bound import Bound, Form, bound
from simulation.oracle.on_plant import replay
from simulation.oracle.plant_series import series_of
from simulation.results.results import CellResult, SiteLabel
from simulation.run.books import Books
from simulation.run.driver import Simulation
from simulation.run.figures import Yardstick, figures_of
from simulation.run.learning import learn
from simulation.run.scenes import Scene, build_scene
from simulation.run.windows import work_of
from simulation.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTask:
    """What is asked of a cell; plain values, so that it can cross to another process."""

    scenario: Scenario
    season: str
    seed: int
    policies: tuple[str, ...]
    weather: Path | None = None
    workload: Path | None = None
    with_oracle: bool = True
    oracle_form: Form = "envelope"
    with_series: bool = False


def run_cell(
    task: CellTask, on_progress: Callable[[str], None] = lambda _: None
) -> CellResult | Refused:
    """Run every policy of the cell, and the bound; ``on_progress`` hears what is done."""
    policies: list[Policy] = []
    for name in task.policies:
        policy = policy_named(name)
        if isinstance(policy, Refused):
            return policy
        policies.append(policy)
    scene = _scene_of(task)
    if isinstance(scene, Refused):
        return scene
    on_progress("twin")
    yardstick = None
    if task.with_oracle:
        found, replay_frac = bound_of(scene, task.oracle_form)
        yardstick = Yardstick(bound=found, replay_frac=replay_frac)
    on_progress("oracle")
    knowledge = learn(scene)
    runs = []
    for name, policy in zip(task.policies, policies, strict=True):
        books, wall_s = _run(scene, policy, knowledge, with_series=task.with_series)
        runs.append(figures_of(scene, name, books, yardstick, wall_s))
        on_progress(name)
    return CellResult(
        scenario=task.scenario.name,
        season=task.season,
        seed=task.seed,
        runs=tuple(runs),
        sites=_labels(scene),
        oracle_site_power_w=None if yardstick is None else yardstick.bound.site_power_w,
        twin_boiler_w=scene.twin.boiler_wh.T if task.with_series else None,
    )


def bound_of(scene: Scene, form: Form) -> tuple[Bound, float]:
    """The bound of a scene, and the share of it that its own schedule brings on the plant."""
    fleet, first_hour = scene.district.fleet, scene.first_hour
    origin_s = VirtualClock(scene.arrivals_plant_s).now_s
    series = series_of(fleet, scene.twin)
    found = bound(series, work_of(scene.workload.jobs, origin_s), form=form)
    shown = replay(
        fleet,
        scene.arrival_state,
        lambda hour: scene.forcing.at(first_hour + hour),
        found,
        step_s=float(scene.scenario.step_s),
    )
    return found, shown.oracle_replay_frac


def _scene_of(task: CellTask) -> Scene | Refused:
    season = next((item for item in task.scenario.seasons if item.name == task.season), None)
    if season is None:
        known = ", ".join(item.name for item in task.scenario.seasons)
        return Refused(
            code="scenario.season",
            sentence=f"Scenario {task.scenario.name} has no season {task.season!r}; "
            f"there are: {known}.",
        )
    return build_scene(
        task.scenario,
        season,
        task.seed,
        weather_file=task.weather,
        workload_file=task.workload,
    )


def _run(
    scene: Scene, policy: Policy, knowledge: Mapping[str, Any], *, with_series: bool
) -> tuple[Books, float]:
    began_s = perf_counter()
    simulation = Simulation(scene, policy, knowledge, with_series=with_series)
    simulation.run()
    return simulation.books, perf_counter() - began_s


def _labels(scene: Scene) -> tuple[SiteLabel, ...]:
    return tuple(
        SiteLabel(
            name=site.name,
            kind=site.kind.value,
            max_power_w=site.max_power_w,
            set_temp_c=site.set_temp_c,
            limit_temp_c=site.limit_temp_c,
        )
        for site in scene.district.sites
    )

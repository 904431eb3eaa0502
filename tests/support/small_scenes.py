"""Scenes of a few sites and days, and runs that watch themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.events import AttemptEnded
from domain.jobs.job import EndReason
from domain.refusal import Refused
from scheduler.placement.plan.policy import Policy
from scheduler.placement.policies.registry import policy_named
from scheduler.placement.state.invariants import check_invariants
from simulation.district.setting import FleetSetting
from simulation.run.driver import Simulation
from simulation.run.learning import learn
from simulation.run.rack import Ended, work_power_w
from simulation.run.scenes import Scene, build_scene
from simulation.scenario.fault import Fault
from simulation.scenario.scenario import Scenario, Season
from simulation.weather.forecast_setting import ForecastSetting
from simulation.workload.setting import WorkloadSetting

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """What a test may choose of a scenario of four sites, one of each make."""

    seed: int = 1
    start_day_of_year: int = 183
    storage_factor: float = 0.3
    power_factor: float = 1.4
    load_frac: float = 0.5
    median_run_h: float = 3.0
    slack_h: float = 18.0
    dump_share: float = 0.5
    step_s: int = 600
    warmup_days: int = 2
    arrival_days: int = 2
    drain_days: int = 1
    demand_factor: float = 1.0
    faults: tuple[Fault, ...] = ()

    @property
    def scenario(self) -> Scenario:
        return Scenario(
            name="small",
            title="Four sites and a few days",
            seasons=(Season(name="then", start_day_of_year=self.start_day_of_year),),
            fleet=FleetSetting(
                indoor_pools=1,
                outdoor_pools=1,
                dwellings=1,
                buildings=1,
                storage_factor=self.storage_factor,
                power_factor_low=0.7 * self.power_factor,
                power_factor_high=1.3 * self.power_factor,
                dump_share=self.dump_share,
            ),
            workload=WorkloadSetting(
                load_frac=self.load_frac,
                median_run_h=self.median_run_h,
                widths_servers=(4, 8, 16, 32, 64),
                slack_low_h=self.slack_h / 2,
                slack_high_h=self.slack_h,
                n_classes=20,
            ),
            forecast=ForecastSetting(demand_factor=self.demand_factor),
            faults=self.faults,
            zones=("H1a", "H3"),
            warmup_days=self.warmup_days,
            arrival_days=self.arrival_days,
            drain_days=self.drain_days,
            step_s=self.step_s,
        )

    def scene(self) -> Scene:
        return scene_of(self)

    def run(self, policy: str, *, with_series: bool = False) -> "Watched":
        """The whole run of a policy."""
        scene = self.scene()
        found = policy_named(policy)
        assert not isinstance(found, Refused), found
        simulation = Watched(scene, found, learn(scene), with_series=with_series)
        simulation.run()
        return simulation


@cache
def scene_of(small: Small) -> Scene:
    scene = build_scene(small.scenario, small.scenario.seasons[0], small.seed)
    assert not isinstance(scene, Refused), scene
    return scene


class Watched(Simulation):
    """A run that fails as soon as a job is lost, or runs twice at once."""

    def __init__(
        self, scene: Scene, policy: Policy, knowledge: Mapping[str, Any], *, with_series: bool
    ) -> None:
        super().__init__(scene, policy, knowledge, with_series=with_series)
        self.final: dict[int, EndReason] = {}
        self.work_s: dict[int, float] = {}  #: At full speed, over all attempts.
        self.speed_was_full = True  #: No rack was ever held back.

    def work_j(self) -> float:
        """Energy of all work that was done, at full power."""
        ended_j = sum(
            work_power_w(self._by_id[number].cores) * work_s
            for number, work_s in self.work_s.items()
        )
        return ended_j + sum(
            work_power_w(task.job.cores) * rack.work_done_s(task)
            for rack in self.racks
            for task in rack.running()
        )

    def _permit(self, allowed_w: Floats) -> None:
        super()._permit(allowed_w)
        full_w = self.scene.district.fleet.servers.max_power_w
        self.speed_was_full &= bool((allowed_w >= full_w).all()) and not self.scene.scenario.faults

    def _pass_step(self, dt_s: float) -> None:
        super()._pass_step(dt_s)
        check_invariants(self.engine.state)
        running = [task.job.instance_id for rack in self.racks for task in rack.running()]
        arrived = {job.instance_id for job in self._jobs[: self._n_arrived]}
        waiting = {number for number in arrived if number in self.engine.state.queue}
        assert len(running) == len(set(running))
        assert set(running) == set(self.engine.state.occupations)
        assert waiting == arrived - set(running) - set(self.final)
        assert not set(running) & set(self.final)

    def _on_ended(self, row: int, ended: Ended, reason: EndReason | None = None) -> AttemptEnded:
        event = super()._on_ended(row, ended, reason)
        number, said = ended.task.job.instance_id, EndReason(event.reason)
        self.work_s[number] = self.work_s.get(number, 0.0) + ended.work_s
        if said not in {EndReason.PREEMPTED, EndReason.NODE_RESTARTED}:
            assert number not in self.final
            self.final[number] = said
        return event

"""What an engine knows of sites and jobs before the first job of a simulation comes."""

from typing import Any

import numpy as np

from domain.events import ReadingTaken
from domain.jobs.job import SchedulingType
from domain.units import HOUR_S
from scheduler.engine import Engine
from scheduler.placement.policies.only_looking import OnlyLooking
from simulation.clock import VirtualClock
from simulation.run.driver import forecasts_at, node_joined
from simulation.run.scenes import Scene


def learn(scene: Scene) -> dict[str, Any]:
    """What an engine would have learned of the sites and of the jobs before the first arrival.

    The very engine that decides is fed with the days of readings, and with the ends of the jobs
    that ran before; every policy then starts from the same knowledge.
    """
    engine = Engine(OnlyLooking())
    n_sites = len(scene.district.sites)
    clock = VirtualClock(scene.start_plant_s)
    engine.handle([node_joined(scene, row) for row in range(n_sites)], clock.now_s)
    for hour in range(len(scene.demand_w)):
        readings = [
            ReadingTaken(
                node_id=row + 1,
                taken_at_s=clock.now_s + HOUR_S / 2,
                water_temp_c=float(scene.water_temp_c[hour, row]),
                heat_demand_w=float(scene.demand_w[hour, row]),
                headroom_wh=float(scene.headroom_wh[hour, row]),
                time_factor=1.0,
                accepts_work=True,
            )
            for row in range(n_sites)
        ]
        engine.handle([*forecasts_at(scene, hour), *readings], clock.now_s + HOUR_S / 2)
        clock.advance(HOUR_S)
    durations = engine.state.durations
    for job in scene.workload.history:
        durations.learn(job.tenant_id, job.name, job.time_limit_s, job.run_s)
    _learn_urgent(engine, scene)
    return engine.learned()


def _learn_urgent(engine: Engine, scene: Scene) -> None:
    """How much heat the jobs that could not wait brought in each hour before."""
    start_s = VirtualClock(scene.arrivals_plant_s).now_s
    n_hours = round(scene.scenario.workload.history_days * 24)
    edges_s = start_s - HOUR_S * np.arange(n_hours, -1, -1)
    heat_wh = np.zeros(n_hours)
    core_heat_w = float(engine.state.fleet.nodes.core_heat_w.mean())
    for job in scene.workload.history:
        if job.scheduling_type is not SchedulingType.FLEX:
            began_s = job.ended_at_s - job.run_s
            span_s = np.minimum(edges_s[1:], job.ended_at_s) - np.maximum(edges_s[:-1], began_s)
            heat_wh += job.cores * core_heat_w * np.maximum(span_s, 0.0) / HOUR_S
    for at_s, hour_wh in zip(edges_s[:-1], heat_wh.tolist(), strict=True):
        engine.state.urgent.learn(0, engine.state.plant_time_s(float(at_s)), hour_wh)

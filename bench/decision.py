"""The time of one decision of the production engine: sites x queued jobs, by our own policy.

Goal: 10k sites x 100k jobs <= 0.2 s and 10k x 1M <= 0.5 s on one core, growth near linear.

The cluster is loaded through the engine's own events, which is not timed: nodes, what earlier runs
learned, a weather forecast, jobs that run on most servers, and the queue. The first decision fills
what is free. Then ten minutes pass again and again: jobs end, as many queue, every site is read,
and the engine looks at all water anew (``seconds``). In between, one job ends and one queues
(``seconds_event``), which is what the engine is asked far more often.
"""

import argparse
import gc
import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from cluster import machine, raw_spawns_per_s, spread

from domain.commands import AssignAttempt, Command
from domain.events import (
    AttemptClaimed,
    AttemptEnded,
    Event,
    JobQueued,
    KnowledgeRestored,
    NodeJoined,
    ReadingTaken,
    TimePassed,
    WeatherForecast,
)
from domain.jobs.job import EndReason, SchedulingType
from domain.refusal import Refused
from scheduler.engine import REFRESH_S, Engine
from scheduler.placement.policies.registry import policy_named

SITES, QUEUED = (1_000, 3_000, 10_000), (10_000, 30_000, 100_000)
LARGEST = (10_000, 1_000_000)
_QUICK = ((50, 500), (100, 1_000))
_BEGIN_S = 1_790_000_000.0
_CORES, _SERVER_W, _STANDBY_W = 16, 500.0, 10.0
_WIDTHS, _WIDTH_SHARES = (1, 2, 4, 8, 12), (0.5, 0.2, 0.15, 0.1, 0.05)
_CLASSES, _MEDIAN_H, _SPREAD = 150, 2.0, 0.7
_BUSY_FRAC = 0.6
#: Those that cannot wait start when they come; a queue as long as this is of patient jobs.
_URGENT_WAITING_FRAC = 0.01
#: Mean demand as a share of a site's power: more than runs at first, so that jobs do start.
_DEMAND_FRAC = 0.75
#: The first single events after many at once still work out what those changed.
_EVENTS = 3
_FEWEST, _MOST = 4, 24
_PHASES = 6
_WEEK_H, _DAY_H, _FORECAST_H = 168, 24, 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Jobs of one name: how wide and how long they are, and whether they may wait."""

    name: str
    tenant_id: int
    cores: int
    length_s: float
    limit_s: int
    is_patient: bool


class Cluster:
    """A world that the engine hears of only through events."""

    def __init__(self, n_sites: int, n_queued: int, rng: np.random.Generator) -> None:
        """Draw sites and applications; nothing is told yet."""
        self._rng = rng
        self.n_sites, self.n_queued = n_sites, n_queued
        self.now_s = _BEGIN_S
        self.servers = rng.integers(_FEWEST, _MOST + 1, n_sites)
        self._charge_frac = rng.random(n_sites)
        self.applications = [self._application(number) for number in range(_CLASSES)]
        self._jobs: dict[int, tuple[JobQueued, float]] = {}
        self._running: dict[int, tuple[int, int, float]] = {}  # attempt, node, end
        self._n_jobs = 0

    def _application(self, number: int) -> Application:
        length_s = _MEDIAN_H * 3600.0 * float(np.exp(self._rng.normal(0.0, _SPREAD)))
        return Application(
            name=f"application-{number}",
            tenant_id=number % 20 + 1,
            cores=_CORES * int(self._rng.choice(_WIDTHS, p=_WIDTH_SHARES)),
            length_s=length_s,
            limit_s=int(3.0 * length_s),
            is_patient=number % 2 == 0,
        )

    def job(self, since_s: float, *, is_waiting: bool = False) -> JobQueued:
        """A new job, queued up to this long ago; of those that wait most are patient."""
        self._n_jobs += 1
        rng = self._rng
        number = int(rng.integers(_CLASSES))
        if is_waiting and rng.random() > _URGENT_WAITING_FRAC:
            number -= number % 2
        kind = self.applications[number]
        queued_at_s = self.now_s - float(rng.random()) * since_s
        slack_s = float(rng.uniform(12.0, 72.0)) * 3600.0 + since_s
        fact = JobQueued(
            instance_id=self._n_jobs,
            name=kind.name,
            tenant_id=kind.tenant_id,
            cores=kind.cores,
            mem_mib=None,
            whole_node=False,
            scheduling_type=(
                SchedulingType.FLEX if kind.is_patient else SchedulingType.ON_DEMAND
            ).value,
            time_limit_s=kind.limit_s,
            queued_at_s=queued_at_s,
            start_before_s=queued_at_s + slack_s if kind.is_patient else None,
            end_before_s=None,
            not_before_s=None,
            last_attempt=0,
            avoid_node_id=None,
            is_preemptible=kind.is_patient,
            can_resume=self._n_jobs % 2 == 0,
        )
        self._jobs[fact.instance_id] = (
            fact,
            min(kind.length_s * float(np.exp(rng.normal(0.0, _SPREAD))), float(kind.limit_s)),
        )
        return fact

    def load(self, engine: Engine) -> None:
        """Tell of everything, of the water that it takes no heat: so nothing is started yet."""
        engine.handle([self._knowledge()], self.now_s)
        engine.handle([self._node(site) for site in range(self.n_sites)], self.now_s)
        engine.handle(list(self._weather()), self.now_s)
        engine.handle(list(self._busy()), self.now_s)
        engine.handle(self.readings(accepts_work=False), self.now_s)
        self.now_s += REFRESH_S
        for _ in range(0, self.n_queued, 10_000):
            n_more = min(10_000, self.n_queued - len(engine.state.queue))
            engine.handle([self.job(3_600.0, is_waiting=True) for _ in range(n_more)], self.now_s)

    def _node(self, site: int) -> NodeJoined:
        servers = int(self.servers[site])
        is_preheat = site % 3 == 0
        return NodeJoined(
            node_id=site + 1,
            site_id=site + 1,
            site_name=f"site-{site}",
            name=f"node-{site}",
            cores=_CORES * servers,
            mem_mib=65_536 * servers,
            idle_power_w=_STANDBY_W * servers,
            max_power_w=_SERVER_W * servers,
            capture_frac=0.95,
            storage_wh_per_k=float(servers * self._rng.uniform(50.0, 800.0)),
            limit_temp_c=58.0 if is_preheat else 29.0,
            floor_temp_c=14.0 if is_preheat else 28.0,
            is_preheat=is_preheat,
        )

    def _knowledge(self) -> KnowledgeRestored:
        """Demand by hour of the week and run times by name; many sites share one week."""
        rng = self._rng
        hours = np.arange(_WEEK_H)
        weeks = {
            (servers, phase): {
                "usual_w": (
                    servers
                    * _SERVER_W
                    * (
                        _DEMAND_FRAC
                        + 0.3 * np.cos((hours / _DAY_H - phase / _PHASES) * 2.0 * np.pi)
                    )
                    + rng.normal(0.0, 100.0, _WEEK_H)
                ).tolist(),
                "usual_air_c": (8.0 + 4.0 * np.cos(hours / _DAY_H * 2.0 * np.pi)).tolist(),
                "weight": [1.6] * _WEEK_H,
                "sum_xx": [300.0] * 16,
                "sum_xy": [-20_000.0] * 16,
            }
            for servers in range(_FEWEST, _MOST + 1)
            for phase in range(_PHASES)
        }
        demand = [
            {"site_id": site + 1, **weeks[int(servers), site % _PHASES]}
            for site, servers in enumerate(self.servers)
        ]
        names = [
            [kind.tenant_id, kind.name, float(np.log(kind.length_s)), 10]
            for kind in self.applications
        ]
        durations = {"ln_used": -1.1, "variance": _SPREAD**2, "names": names}
        knowledge: dict[str, Any] = {
            "demand": demand,
            "floor_temp_c": [],
            "urgent": [],
            "durations": durations,
        }
        return KnowledgeRestored(knowledge=knowledge)

    def _weather(self) -> Iterator[Event]:
        """One forecast for each of eight zones."""
        for zone in range(8):
            site_ids = tuple(range(zone + 1, self.n_sites + 1, 8))
            air_c = self._rng.normal(6.0, 3.0, _FORECAST_H)
            yield WeatherForecast(
                site_ids=site_ids, first_hour_s=self.now_s, outdoor_temp_c=tuple(air_c.tolist())
            )

    def _busy(self) -> Iterator[Event]:
        """Jobs that run already, on most servers of every site."""
        for site in range(self.n_sites):
            free = int(_CORES * self.servers[site] * _BUSY_FRAC)
            while free >= _CORES:
                fact = self.job(3_600.0)
                if fact.cores > free:
                    continue
                free -= fact.cores
                yield fact
                yield self._claim(fact.instance_id, 1, site + 1, self._rng.random())

    def _claim(self, instance_id: int, attempt: int, node_id: int, left: float) -> Event:
        end_s = self.now_s + left * self._jobs[instance_id][1]
        self._running[instance_id] = attempt, node_id, end_s
        return AttemptClaimed(instance_id=instance_id, attempt=attempt, node_id=node_id)

    def readings(self, *, accepts_work: bool = True) -> list[Event]:
        """What every node's instruments say now."""
        rng = self._rng
        self._charge_frac = np.clip(self._charge_frac + rng.normal(0.0, 0.03, self.n_sites), 0, 1)
        demand = rng.uniform(0.5, 1.5, self.n_sites).tolist()
        return [
            self._reading(site, charge_frac, demand[site], accepts_work=accepts_work)
            for site, charge_frac in enumerate(self._charge_frac.tolist())
        ]

    def _reading(
        self, site: int, charge_frac: float, demand: float, *, accepts_work: bool
    ) -> Event:
        is_preheat = site % 3 == 0
        span_k, floor_c = (44.0, 14.0) if is_preheat else (1.0, 28.0)
        storage_wh_per_k = 100.0 * float(self.servers[site])
        return ReadingTaken(
            node_id=site + 1,
            taken_at_s=self.now_s,
            water_temp_c=floor_c + span_k * charge_frac,
            heat_demand_w=_SERVER_W * _DEMAND_FRAC * demand * float(self.servers[site]),
            headroom_wh=storage_wh_per_k * span_k * (1.0 - charge_frac),
            time_factor=1.0,
            accepts_work=accepts_work,
        )

    def answer(self, commands: list[Command]) -> list[Event]:
        """Nodes take what is offered to them."""
        return [
            self._claim(order.instance_id, order.attempt, order.node_id, 1.0)
            for order in commands
            if isinstance(order, AssignAttempt)
        ]

    def end_one(self) -> Event:
        """Some running job ends."""
        return self._end(next(iter(self._running)))

    def pass_time(self, seconds_s: float) -> list[Event]:
        """What happens meanwhile: jobs end, and as many queue."""
        self.now_s += seconds_s
        over = [number for number, item in self._running.items() if item[2] <= self.now_s]
        facts: list[Event] = [self._end(number) for number in over]
        return facts + [self.job(seconds_s) for _ in over]

    def _end(self, instance_id: int) -> Event:
        attempt, node_id, _ = self._running.pop(instance_id)
        _, run_s = self._jobs.pop(instance_id)
        return AttemptEnded(
            instance_id=instance_id,
            attempt=attempt,
            node_id=node_id,
            reason=EndReason.COMPLETED.value,
            wall_s=run_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one call of the engine took: by the clock, and of this core [s]."""

    wall_s: float
    cpu_s: float
    n_starts: int


def _timed(engine: Engine, facts: list[Event], now_s: float) -> tuple[Took, list[Command]]:
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    commands = engine.handle(facts, now_s)
    took = Took(
        wall_s=time.perf_counter() - begin_s,
        cpu_s=time.process_time() - begin_cpu_s,
        n_starts=sum(isinstance(order, AssignAttempt) for order in commands),
    )
    return took, commands


def measure(n_sites: int, n_queued: int, repeats: int, policy_text: str) -> dict[str, object]:
    """One size: the first decision, then a look at all water and a single event, repeatedly."""
    policy = policy_named(policy_text)
    if isinstance(policy, Refused):
        raise SystemExit(policy.sentence)
    engine = Engine(policy)
    cluster = Cluster(n_sites, n_queued, np.random.default_rng(1))
    cluster.load(engine)
    n_running = len(engine.state.occupations)
    gc.collect()
    gc.freeze()
    first, commands = _timed(engine, cluster.readings(), cluster.now_s)
    looks, events = [], []
    for _ in range(repeats):
        engine.handle(cluster.answer(commands), cluster.now_s)
        ends_and_arrivals = cluster.pass_time(REFRESH_S - 1.0)
        commands = engine.handle([*cluster.readings(), *ends_and_arrivals], cluster.now_s)
        engine.handle(cluster.answer(commands), cluster.now_s)
        for _ in range(_EVENTS):
            took, commands = _timed(engine, [cluster.end_one(), cluster.job(0.0)], cluster.now_s)
            engine.handle(cluster.answer(commands), cluster.now_s)
        events.append(took)
        cluster.now_s += 1.0
        took, commands = _timed(engine, [TimePassed()], cluster.now_s)
        looks.append(took)
    return {
        "bench": "decision",
        "policy": policy.name,
        "sites": n_sites,
        "queued": n_queued,
        "running": n_running,
        "seconds": spread([took.wall_s for took in looks]),
        "cpu_seconds": spread([took.cpu_s for took in looks]),
        "starts": spread([took.n_starts for took in looks]),
        "seconds_event": spread([took.wall_s for took in events]),
        "seconds_first": round(first.wall_s, 3),
        "cpu_seconds_first": round(first.cpu_s, 3),
        "starts_first": first.n_starts,
    }


def _in_a_child(size: tuple[int, int], repeats: int, policy_text: str) -> None:
    """One size in a process of its own, so that its memory is its own."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(f"the size {size[0]} x {size[1]} failed")
        return
    code = 1
    try:
        raw_before = raw_spawns_per_s()
        result = measure(*size, repeats, policy_text)
        raw = (raw_before + raw_spawns_per_s()) / 2
        rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result["rss_mib"] = round(rss_kib / 1024)
        result["raw_spawns_per_s"] = round(raw)
        result["machine"] = machine()
        print(json.dumps(result), flush=True)
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """Print one JSON object for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", default="chaufferie")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two small sizes only")
    parser.add_argument("--size", help="one size only, as 10000x100000")
    options = parser.parse_args()
    sizes = [(sites, queued) for sites in SITES for queued in QUEUED] + [LARGEST]
    if options.size:
        sites, _, queued = options.size.partition("x")
        sizes = [(int(sites), int(queued))]
    elif options.quick:
        sizes = list(_QUICK)
    for size in sizes:
        _in_a_child(size, options.repeats, options.policy)


if __name__ == "__main__":
    main()

"""``python -m simulation run``: one policy, one seed, some days; a table or JSON."""

import argparse
import json
import sys

import numpy as np

from domain.refusal import Refused
from scheduler.placement.registry import policy_named
from simulation.clock import DAY_S, VirtualClock, month_start_s
from simulation.driver import Simulation, World
from simulation.report import Setting, Summary, as_text, summarise, to_plain
from simulation.sites import default_sites
from simulation.workload import draw_jobs

#: Beyond these a run would take hours or more memory than a machine has.
_MOST_DAYS, _MOST_LOAD_FRAC, _MOST_SITES, _MOST_CORES = 366, 10, 10_000, 4096


def run(options: argparse.Namespace) -> int:
    """Simulate and print; the exit code."""
    setting = Setting(
        policy=options.policy,
        seed=options.seed,
        days=options.days,
        month=options.month,
        sites=options.sites,
        node_cores=options.cores,
        load_frac=options.load,
    )
    summary = simulate(setting)
    if isinstance(summary, Refused):
        sys.stderr.write(summary.sentence + "\n")
        return 2
    if options.json:
        sys.stdout.write(json.dumps(to_plain(setting, summary)) + "\n")
    else:
        sys.stdout.write(as_text(setting, summary) + "\n")
    return 0


def simulate(setting: Setting) -> Summary | Refused:
    """The figures of one run; the same setting gives the same figures, to the last digit."""
    policy = policy_named(setting.policy)
    if isinstance(policy, Refused):
        return policy
    impossible = _impossible(setting)
    if impossible is not None:
        return impossible
    clock = VirtualClock(month_start_s(setting.month))
    jobs = draw_jobs(
        np.random.default_rng(setting.seed),
        start_s=clock.now_s,
        span_s=setting.days * DAY_S,
        fleet_cores=setting.sites * setting.node_cores,
        widest_node_cores=setting.node_cores,
        load_frac=setting.load_frac,
    )
    world = World(sites=tuple(default_sites(setting.sites)), node_cores=setting.node_cores)
    simulation = Simulation(world=world, jobs=jobs, policy=policy, clock=clock)
    simulation.run(setting.days * DAY_S)
    return summarise(simulation)


def _impossible(setting: Setting) -> Refused | None:
    is_in_bounds = (
        0 < setting.days <= _MOST_DAYS
        and 0 < setting.load_frac <= _MOST_LOAD_FRAC
        and 1 <= setting.sites <= _MOST_SITES
        and 1 <= setting.node_cores <= _MOST_CORES
        and setting.seed >= 0
    )
    if is_in_bounds:
        return None
    return Refused(
        code="simulation.setting",
        sentence=(
            f"Days must lie in 0 to {_MOST_DAYS}, load in 0 to {_MOST_LOAD_FRAC}, sites in 1 to "
            f"{_MOST_SITES}, cores in 1 to {_MOST_CORES}, and the seed not below 0; "
            "correct the options."
        ),
    )

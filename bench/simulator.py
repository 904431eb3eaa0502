"""The time that one policy takes for a year of fifty sites: 10-minute steps, 100 000 jobs.

Goal: <= 60 s. Drawing the year, its twin and what the scheduler learns beforehand are paid once
for every policy of a cell, and are told apart (in ``cpu_seconds`` the learning, less than a second,
is with the first policy).
"""

import argparse
import json
import resource
import sys
import time

from cluster import machine, raw_spawns_per_s

from domain.refusal import Refused
from simulation.cell import CellTask, run_cell
from simulation.scenario.loading import load_scenario


def main() -> int:
    """Print one JSON object for each policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="year")
    parser.add_argument("--policy", default="coldest,chaufferie")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    scenario = load_scenario(options.scenario)
    if isinstance(scenario, Refused):
        sys.stderr.write(scenario.sentence + "\n")
        return 2
    raw_before = raw_spawns_per_s()
    cpu_s: dict[str, float] = {}  # of this process when a part was done
    began = time.perf_counter()
    task = CellTask(
        scenario=scenario,
        season=scenario.seasons[0].name,
        seed=options.seed,
        policies=tuple(options.policy.split(",")),
        with_oracle=False,
    )
    cell = run_cell(task, lambda part: cpu_s.update({part: time.process_time()}))
    if isinstance(cell, Refused):
        sys.stderr.write(cell.sentence + "\n")
        return 2
    whole_s = time.perf_counter() - began
    raw = (raw_before + raw_spawns_per_s()) / 2
    shared_s = whole_s - sum(run.wall_s for run in cell.runs)
    rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for run, before in zip(cell.runs, ["oracle", *task.policies], strict=False):
        result = {
            "bench": "simulator",
            "policy": run.policy,
            "seconds": round(run.wall_s, 1),
            "cpu_seconds": round(cpu_s[run.policy] - cpu_s[before], 1),
            "seconds_deciding": round(run.decision_s_total, 1),
            "seconds_shared": round(shared_s, 1),
            "seconds_in_raw_spawns": round(run.wall_s * raw),
            "sites": len(cell.sites),
            "hours": scenario.n_hours,
            "step_s": scenario.step_s,
            "jobs": run.jobs_submitted,
            "rss_mib": round(rss_kib / 1024),
            "raw_spawns_per_s": round(raw),
            "machine": machine(),
        }
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

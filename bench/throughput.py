"""Jobs a second end to end, each a real process with a durable record.

Given as a share of the raw ``/bin/true`` spawns of the same machine in the same run, which takes
out most of what else the machine is doing. Floor 0.15; goal above 0.37 (HyperQueue 0.32, bare
Celery 0.37, neither with a durable record; Slurm 0.05).
"""

import argparse
import json
import time

from cluster import finish, machine, raw_spawns_per_s, running_cluster, spread, submit


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000, help="jobs in each repetition")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--sites", type=int, default=2)
    options = parser.parse_args()
    rates, shares, raws = [], [], []
    with running_cluster(options.sites) as client:
        finish(client, submit(client, 300))
        for _ in range(options.reps):
            time.sleep(1)
            raw_before = raw_spawns_per_s()
            begin = time.perf_counter()
            ended = finish(client, submit(client, options.n))
            seconds = time.perf_counter() - begin
            time.sleep(1)
            raw = (raw_before + raw_spawns_per_s()) / 2
            if ended["succeeded"] != options.n:
                raise SystemExit(f"not every job succeeded: {ended}")
            rates.append(options.n / seconds)
            shares.append(options.n / seconds / raw)
            raws.append(raw)
    result = {
        "bench": "throughput",
        "jobs_per_s": spread(rates)["median"],
        "share_of_raw": spread(shares)["median"],
        "jobs_per_s_spread": spread(rates),
        "share_of_raw_spread": spread(shares),
        "raw_spawns_per_s": spread(raws),
        "n": options.n,
        "sites": options.sites,
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

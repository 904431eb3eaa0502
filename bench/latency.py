"""The time from submitting ``/bin/true`` to seeing that it has finished, on an idle system.

Goal: p50 <= 20 ms, p99 <= 50 ms (Slurm 1.0-3.0 s, HyperQueue 62 ms, bare Celery 3.6 ms).
"""

import argparse
import json
import time

import httpx2
from cluster import machine, percentile, raw_spawns_per_s, running_cluster


def trip_ms(client: httpx2.Client) -> float:
    """One job, from the request to the answer that says it has succeeded."""
    begin = time.perf_counter()
    answer = client.post("/v1/jobs", json={"command": ["/bin/true"]}).raise_for_status().json()
    found = client.get(f"/v1/jobs/{answer['job_id']}", params={"wait_s": 30}).json()
    if found["state"] != "succeeded":
        raise SystemExit(f"job {answer['job_id']} ended as {found['state']}")
    return (time.perf_counter() - begin) * 1e3


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trips", type=int, default=200)
    parser.add_argument("--sites", type=int, default=2)
    options = parser.parse_args()
    with running_cluster(options.sites) as client:
        for _ in range(20):
            trip_ms(client)
        raw_before = raw_spawns_per_s()
        trips = [trip_ms(client) for _ in range(options.trips)]
        raw = (raw_before + raw_spawns_per_s()) / 2
    p50 = percentile(trips, 50)
    result = {
        "bench": "latency",
        "p50_ms": round(p50, 2),
        "p99_ms": round(percentile(trips, 99), 2),
        "raw_spawns_per_s": round(raw),
        "p50_in_raw_spawns": round(p50 / 1e3 * raw, 1),
        "trips": options.trips,
        "sites": options.sites,
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

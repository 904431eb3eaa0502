"""Submitting: single jobs, an array of 100 000, and a page of the list with a million ended jobs.

The scheduler has taken an array in when the events that brought it are consumed.
"""

import argparse
import json
import sqlite3
import tempfile
import time
from pathlib import Path

import httpx2
from cluster import cluster_in, machine, percentile

_HELD = {"command": ["/bin/true"], "options": ["--hold"]}
_PIECE = 50_000
_MORE_JOBS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)
INSERT INTO job (id, tenant_id, spec_hash, name, spec, submitted_at_s)
SELECT :first + i, tenant_id, spec_hash, name, spec, submitted_at_s
FROM n, (SELECT * FROM job ORDER BY id LIMIT 1)
"""
_MORE_INSTANCES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)
INSERT INTO instance (id, job_id, tenant_id, state, attempt, failures, cores, lease_ttl_s,
    queued_at_s, started_at_s, finished_at_s, reason, exit_code)
SELECT :first + i, :first + i, tenant_id, 'succeeded', 0, 0, 1, 900,
    queued_at_s, queued_at_s, queued_at_s, 'completed', 0
FROM n, (SELECT * FROM instance ORDER BY id LIMIT 1)
"""


def submit_ms(client: httpx2.Client, n: int) -> list[float]:
    """Held jobs one by one, so that nothing but submitting is timed."""
    times = []
    for _ in range(n):
        begin = time.perf_counter()
        client.post("/v1/jobs", json=_HELD).raise_for_status()
        times.append((time.perf_counter() - begin) * 1e3)
    return times


def rss_mib(data: Path, program: str) -> float:
    """Largest memory so far of the program of this cluster, from the kernel's own count."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_ours = str(data).encode() in (folder / "environ").read_bytes()
            status = (folder / "status").read_text(encoding="utf-8")
        except OSError:
            continue
        if is_ours and program.encode() in words:
            line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def array(client: httpx2.Client, data: Path, count: int) -> dict[str, float]:
    """Seconds until an array is stored, and until the scheduler has taken it in; memory."""
    before = {name: rss_mib(data, name) for name in ("api", "scheduler")}
    body = {"command": ["/bin/true"], "options": [f"--array=0-{count - 1}%200", "--begin=+1day"]}
    begin = time.perf_counter()
    job_id = client.post("/v1/jobs", json=body).raise_for_status().json()["job_id"]
    stored_s = time.perf_counter() - begin
    with sqlite3.connect(f"file:{database(data)}?mode=ro", uri=True) as look:
        waiting = "SELECT 1 FROM event WHERE batch IS NULL AND kind = 'JobArrayQueued'"
        while look.execute(waiting).fetchone():
            time.sleep(0.005)
    taken_in_s = time.perf_counter() - begin
    begin = time.perf_counter()
    client.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    return {
        "instances": count,
        "seconds": round(stored_s, 3),
        "until_taken_in_s": round(taken_in_s, 3),
        "cancel_s": round(time.perf_counter() - begin, 3),
        **{f"{name}_rss_mib_before": value for name, value in before.items()},
        **{f"{name}_rss_mib_after": rss_mib(data, name) for name in before},
    }


def fill(data: Path, count: int) -> None:
    """So many ended jobs, straight into the store, in pieces that let others write between."""
    with sqlite3.connect(database(data), timeout=60, isolation_level=None) as store:
        for start in range(0, count, _PIECE):
            size = min(_PIECE, count - start)
            store.execute("BEGIN IMMEDIATE")
            (first,) = store.execute("SELECT next_id FROM id_counter WHERE name = 'job'").fetchone()
            given = {"first": first, "count": size}
            store.execute(_MORE_JOBS, given)
            store.execute(_MORE_INSTANCES, given)
            store.execute("UPDATE id_counter SET next_id = next_id + ? WHERE name = 'job'", (size,))
            store.execute("COMMIT")


def database(data: Path) -> Path:
    """The cluster's SQLite file."""
    return next(data.rglob("chaufferie.sqlite"))


def page_ms(client: httpx2.Client, n: int) -> list[float]:
    """Pages of 50 jobs, each from where the one before ended, as a reader turns them."""
    times, before_id = [], None
    for turn in range(n):
        params: dict[str, str | int] = {"limit": 50}
        if before_id is not None and turn % 10:
            params["before_id"] = before_id
        begin = time.perf_counter()
        answer = client.get("/v1/jobs", params=params).raise_for_status().json()
        times.append((time.perf_counter() - begin) * 1e3)
        before_id = answer["next_before_id"]
    return times


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500, help="single submits")
    parser.add_argument("--array", type=int, default=100_000, help="instances of the array")
    parser.add_argument("--ended", type=int, default=1_000_000, help="ended jobs in the store")
    parser.add_argument("--pages", type=int, default=300)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="chaufferie-bench-") as folder,
        cluster_in(Path(folder), 2) as client,
    ):
        data = Path(folder)
        submit_ms(client, 20)
        singles = submit_ms(client, options.n)
        large = array(client, data, options.array)
        fill(data, options.ended)
        pages = page_ms(client, options.pages)
    result = {
        "bench": "submit",
        "submits_per_s": round(len(singles) / sum(singles) * 1e3, 1),
        "p50_ms": round(percentile(singles, 50), 2),
        "p99_ms": round(percentile(singles, 99), 2),
        "array": large,
        "ended_jobs": options.ended,
        "page_p50_ms": round(percentile(pages, 50), 2),
        "page_p99_ms": round(percentile(pages, 99), 2),
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

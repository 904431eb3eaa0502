"""A real ``chaufferie up`` on a directory of its own, for the benchmarks; and what they share."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

_PATIENCE_S = 60.0


def percentile(values: Sequence[float], q: float) -> float:
    """The value below which ``q`` percent of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q / 100 * (len(ordered) - 1)))]


def raw_spawns_per_s(n: int = 500) -> float:
    """How many ``/bin/true`` this machine starts and reaps a second now, one after another."""
    begin = time.perf_counter()
    for _ in range(n):
        os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
    return n / (time.perf_counter() - begin)


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model,
        "load_1min": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d"),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


@contextmanager
def running_cluster(sites: int) -> Iterator[httpx2.Client]:
    """A client of a fresh cluster, which is stopped afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="chaufferie-bench-") as folder,
        cluster_in(Path(folder), sites) as client,
    ):
        yield client


@contextmanager
def cluster_in(data: Path, sites: int) -> Iterator[httpx2.Client]:
    """The same, in a folder that the caller may look into."""
    chaufferie = Path(sys.executable).with_name("chaufferie")
    command = [str(chaufferie), "up", "--data", str(data)]
    with (data / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", "0", "--sites", str(sites)], stdout=log, stderr=log
        )
    try:
        client = _client_of(data, process)
        yield client
        client.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE_S)


def _client_of(data: Path, process: "subprocess.Popen[bytes]") -> httpx2.Client:
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            found = json.loads((data / "client.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            time.sleep(0.05)
            continue
        headers = {"Authorization": f"Bearer {found['token']}"}
        client = httpx2.Client(base_url=found["url"], headers=headers, timeout=120.0)
        _wait_for_nodes(client, deadline_s)
        return client
    raise SystemExit((data / "up.log").read_text(encoding="utf-8"))


def _wait_for_nodes(client: httpx2.Client, deadline_s: float) -> None:
    """A first job that succeeds says that everything is up."""
    while time.monotonic() < deadline_s:
        try:
            if finish(client, submit(client, 1))["succeeded"] == 1:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise SystemExit("the cluster ran no job in time")


def submit(client: httpx2.Client, n: int) -> list[int]:
    """Submit this many ``/bin/true`` in one request."""
    body = {"jobs": [{"command": ["/bin/true"]}] * n}
    answer = client.post("/v1/jobs/batch", json=body).raise_for_status().json()
    return [item["job_id"] for item in answer["jobs"]]


def finish(client: httpx2.Client, job_ids: Sequence[int]) -> dict[str, int]:
    """Wait until all have ended; how many in each state."""
    while True:
        body = {"job_ids": list(job_ids), "wait_s": 30}
        states = client.post("/v1/jobs/wait", json=body).raise_for_status().json()["states"]
        ended = [state for state in states.values() if state in {"succeeded", "failed"}]
        if len(ended) == len(job_ids):
            return {state: ended.count(state) for state in ("succeeded", "failed")}

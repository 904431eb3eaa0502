"""From nothing to a first job's result, again with everything warm, and what it all weighs.

Starts `chaufferie up` with four sites on a directory of its own and sends `/bin/true`. Prints one
JSON object: `seconds` from an empty directory, `warm_seconds` from one that was used before,
`pss_mib` of every process together, `raw_spawns_per_s` of `/bin/true` without us, and `ratio`,
which is how many raw spawns fit into the warm start.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chaufferie import Client

SITES = 4
COMMAND = Path(sys.executable).with_name("chaufferie")
_START_LIMIT_S = 60.0
_SETTLE_S = 5.0
_RAW_SPAWNS = 300


def start_to_result(data: Path) -> tuple[float, float]:
    """Seconds from the start to the first result; PSS of all processes [MiB] a little later."""
    client_file = data / "client.json"
    client_file.unlink(missing_ok=True)
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [COMMAND, "up", "--data", data, "--port", "0", "--sites", str(SITES)],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not client_file.exists():
            if process.poll() is not None or time.perf_counter() - began_s > _START_LIMIT_S:
                raise SystemExit("first_job: `chaufferie up` does not start; run it to see why.")
            time.sleep(0.005)
        with Client(data_dir=data) as client:
            client.submit(command=["/bin/true"]).result(timeout_s=_START_LIMIT_S)
        seconds = time.perf_counter() - began_s
        time.sleep(_SETTLE_S)
        return seconds, pss_mib(data, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def pss_mib(data: Path, supervisor_pid: int) -> float:
    """Proportional set size of the supervisor and of everything it started."""
    mark = f"CHAUFFERIE_UP={data.resolve()}".encode()
    total_kib = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            marks = Path(entry.path, "environ").read_bytes().split(b"\0")
            if mark in marks or int(entry.name) == supervisor_pid:
                total_kib += _pss_kib(Path(entry.path, "smaps_rollup"))
        except OSError:
            continue
    return total_kib / 1024


def _pss_kib(rollup: Path) -> int:
    line = next(line for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1])


def raw_spawns_per_s() -> float:
    """How fast this machine starts and reaps `/bin/true`."""
    began_s = time.perf_counter()
    for _ in range(_RAW_SPAWNS):
        os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
    return _RAW_SPAWNS / (time.perf_counter() - began_s)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        seconds, _ = start_to_result(data)
        warm_seconds, weight_mib = start_to_result(data)
    raw = raw_spawns_per_s()
    figures = {
        "seconds": round(seconds, 2),
        "warm_seconds": round(warm_seconds, 2),
        "pss_mib": round(weight_mib, 1),
        "raw_spawns_per_s": round(raw, 1),
        "ratio": round(warm_seconds * raw, 1),
        "load_1_min": round(os.getloadavg()[0], 2),
        "sites": SITES,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

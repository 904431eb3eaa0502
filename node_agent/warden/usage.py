"""What running jobs use: memory for their limits, CPU for the node's power meter."""

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from node_agent.warden.processes import all_processes, kill_quietly, variable_of
from node_agent.warden.protocol import ATTEMPT_VARIABLE, USAGE_NAME, boot_now_s
from node_agent.warden.running import Running


class UsageMeter:
    """Counts CPU of all jobs since the warden's start, and looks at what they hold."""

    def __init__(self, directory: Path, cores: int) -> None:
        """Write into this directory."""
        self._path = directory / USAGE_NAME
        self._cores = cores
        self._ended_cpu_s = 0.0
        self._reported_cpu_s = 0.0

    def count_ended(self, cpu_s: float) -> None:
        """An attempt ended and had used this much CPU."""
        self._ended_cpu_s += cpu_s

    def has_news(self, running: Mapping[int, Running]) -> bool:
        """Whether more CPU was used than the file says."""
        return self._total_cpu_s(running) > self._reported_cpu_s

    def sample(self, running: Mapping[int, Running], now_boot_s: float) -> None:
        """Memory and CPU by session; processes that outlived their job are killed."""
        rss_bytes = dict.fromkeys(running, 0)
        cpu_s = dict.fromkeys(running, 0.0)
        own_pid = os.getpid()
        for item in all_processes():
            if item.session in rss_bytes:
                rss_bytes[item.session] += item.rss_bytes
                cpu_s[item.session] += item.cpu_s
            elif item.parent_pid == own_pid and item.pid not in running:
                _kill_if_orphan(item.pid, running)
        for pid, attempt in running.items():
            attempt.live_cpu_s = max(attempt.live_cpu_s, cpu_s[pid])
            attempt.check_memory(rss_bytes[pid], now_boot_s)
        self.write(running)

    def write(self, running: Mapping[int, Running]) -> None:
        """Tell the node's power meter, where it is a simulated one, what its cores did."""
        self._reported_cpu_s = self._total_cpu_s(running)
        usage = {"cpu_s": self._reported_cpu_s, "cores": self._cores, "at_s": boot_now_s()}
        fresh = f"{self._path}.new"
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(usage, file)
        os.replace(fresh, self._path)

    def _total_cpu_s(self, running: Mapping[int, Running]) -> float:
        live_s = sum(item.live_cpu_s for item in running.values())
        return max(self._reported_cpu_s, self._ended_cpu_s + live_s)


def _kill_if_orphan(pid: int, running: Mapping[int, Running]) -> None:
    owner = variable_of(pid, ATTEMPT_VARIABLE)
    alive = {f"{item.order.key[0]}.{item.order.key[1]}" for item in running.values()}
    if owner is not None and owner not in alive:
        kill_quietly(pid, signal.SIGKILL)

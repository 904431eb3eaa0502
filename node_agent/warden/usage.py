"""What running jobs use: memory and room for their limits, CPU for the node's power meter."""

import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path

from domain.fleet.cpu_count import CPU_COUNT_FILE, CpuCount, write_cpu_count
from node_agent.warden.disk import DiskWatch
from node_agent.warden.members import owners
from node_agent.warden.outputs import printed_bytes
from node_agent.warden.processes import (
    ProcessStat,
    all_processes,
    kill_quietly,
    proportional_bytes,
    variable_of,
)
from node_agent.warden.protocol import ATTEMPT_VARIABLE, boot_now_s
from node_agent.warden.running import Running

#: Directory entries looked at in one sample, of all attempts together: some 10 ms.
_ENTRIES_PER_SAMPLE = 4000
_FEWEST_ENTRIES = 20
_DISK_EVERY_S = 2.0


class UsageMeter:
    """Counts CPU of all jobs since the warden's start, and looks at what they hold."""

    def __init__(self, directory: Path, cores: int) -> None:
        """Write into this directory."""
        self._path = directory / CPU_COUNT_FILE
        self._cores = cores
        self._ended_cpu_s = 0.0
        self._reported_cpu_s = 0.0
        self._disks: dict[int, DiskWatch] = {}

    def count_ended(self, cpu_s: float) -> None:
        """An attempt ended and had used this much CPU."""
        self._ended_cpu_s += cpu_s

    def has_news(self, running: Mapping[int, Running]) -> bool:
        """Whether more CPU was used than the file says."""
        return self._total_cpu_s(running) > self._reported_cpu_s

    def sample(self, running: Mapping[int, Running], now_boot_s: float) -> None:
        """Memory, room and CPU by attempt; processes that outlived their job are killed."""
        members = _members(running)
        for pid, attempt in running.items():
            own = members.get(pid, ())
            attempt.live_cpu_s = max(attempt.live_cpu_s, sum(item.cpu_s for item in own))
            attempt.check_memory(_used_bytes(own, attempt.order.mem_limit_bytes), now_boot_s)
        self._look_at_files(running, now_boot_s)
        self.write(running)

    def warn(self, attempt: Running, running: Mapping[int, Running]) -> None:
        """Send an attempt the signal it asked for, to those of its processes that it named."""
        attempt.is_warned = True
        number = attempt.order.warning_signal
        if number is None:
            return
        if attempt.order.warns_leader:
            kill_quietly(attempt.pid, number)
        if attempt.order.warns_others:
            for item in _members(running).get(attempt.pid, ()):
                if item.pid != attempt.pid:
                    kill_quietly(item.pid, number)

    def write(self, running: Mapping[int, Running]) -> None:
        """Tell the node's power meter, where it is a simulated one, what its cores did."""
        self._reported_cpu_s = self._total_cpu_s(running)
        count = CpuCount(cpu_s=self._reported_cpu_s, cores=self._cores, at_s=boot_now_s())
        fresh = f"{self._path}.new"
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(write_cpu_count(count))
        os.replace(fresh, self._path)

    def _look_at_files(self, running: Mapping[int, Running], now_boot_s: float) -> None:
        for pid in self._disks.keys() - running.keys():
            del self._disks[pid]
        most = max(_FEWEST_ENTRIES, _ENTRIES_PER_SAMPLE // max(1, len(running)))
        for pid, attempt in running.items():
            disk = self._disks.get(pid)
            if disk is None:
                disk = self._disks[pid] = DiskWatch(attempt.order.folders)
            attempt.check_files(
                printed_bytes(attempt.order), disk.step(most, now_boot_s, _DISK_EVERY_S), now_boot_s
            )

    def _total_cpu_s(self, running: Mapping[int, Running]) -> float:
        live_s = sum(item.live_cpu_s for item in running.values())
        return max(self._reported_cpu_s, self._ended_cpu_s + live_s)


def _members(running: Mapping[int, Running]) -> dict[int, list[ProcessStat]]:
    """The processes of each attempt, by the process that was started for it."""
    processes = list(all_processes())
    leaders = {f"{item.order.key[0]}.{item.order.key[1]}": pid for pid, item in running.items()}
    own_pid = os.getpid()

    def leader_of_orphan(pid: int) -> int | None:
        mark = variable_of(pid, ATTEMPT_VARIABLE)
        if mark is not None and mark not in leaders:
            kill_quietly(pid, signal.SIGKILL)
        return None if mark is None else leaders.get(mark)

    owner_of = owners(processes, running.keys(), own_pid=own_pid, leader_of_orphan=leader_of_orphan)
    found: dict[int, list[ProcessStat]] = {}
    for item in processes:
        if item.pid in owner_of:
            found.setdefault(owner_of[item.pid], []).append(item)
    return found


def _used_bytes(processes: Iterable[ProcessStat], limit_bytes: int) -> int:
    """Memory that processes hold together.

    Resident memory counts what they share once for each. Only where that looks like too much is
    each asked for its share, which costs the kernel a walk through its pages.
    """
    resident = {item.pid: item.rss_bytes for item in processes}
    used_bytes = sum(resident.values())
    if used_bytes <= limit_bytes or len(resident) <= 1:
        return used_bytes
    # One that hides what it shares is taken for holding all of it alone.
    shares = {pid: proportional_bytes(pid) for pid in resident}
    return sum(
        resident[pid] if share_bytes is None else share_bytes for pid, share_bytes in shares.items()
    )

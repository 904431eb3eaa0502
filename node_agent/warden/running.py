"""One running attempt: its process, its deadlines, what it used, and how it is stopped."""

import contextlib
import os
import resource
import signal
from dataclasses import dataclass

from domain.job import EndReason
from node_agent.warden.processes import kill_group_quietly
from node_agent.warden.protocol import EndRecord, StartOrder

_OUTPUT_MODE = 0o644


@dataclass(slots=True)
class Running:
    """A started attempt."""

    order: StartOrder
    pid: int
    started_boot_s: float
    peak_rss_bytes: int = 0
    live_cpu_s: float = 0.0
    stop_reason: EndReason | None = None
    kill_at_boot_s: float | None = None
    is_killed: bool = False

    def next_deadline_boot_s(self) -> float:
        """When the warden must look at it again at the latest."""
        if self.kill_at_boot_s is not None:
            return self.kill_at_boot_s
        wall_end_s = self.started_boot_s + self.order.wall_limit_s
        return min(wall_end_s, self.order.lease_until_boot_s)

    def check(self, now_boot_s: float) -> None:
        """Stop it where a deadline has passed."""
        if self.stop_reason is None:
            if now_boot_s >= self.order.lease_until_boot_s:
                self.stop(EndReason.LEASE_ENDED, now_boot_s, grace_s=0.0)
            elif now_boot_s >= self.started_boot_s + self.order.wall_limit_s:
                self.stop(EndReason.TIME_LIMIT, now_boot_s)
        if self.kill_at_boot_s is not None and now_boot_s >= self.kill_at_boot_s:
            kill_group_quietly(self.pid, signal.SIGKILL)
            self.is_killed = True
            self.kill_at_boot_s = now_boot_s + 1.0

    def stop(self, reason: EndReason, now_boot_s: float, *, grace_s: float | None = None) -> None:
        """Ask it to end; after the grace it is killed. The first reason stays."""
        if self.stop_reason is not None:
            return
        grace_s = self.order.grace_s if grace_s is None else grace_s
        self.stop_reason = reason
        self.kill_at_boot_s = now_boot_s + grace_s
        # A frozen process must run to hear TERM.
        kill_group_quietly(self.pid, signal.SIGCONT)
        kill_group_quietly(self.pid, signal.SIGTERM)

    def check_memory(self, rss_bytes: int, now_boot_s: float) -> None:
        """Note what its processes hold; over the limit it is killed at once."""
        self.peak_rss_bytes = max(self.peak_rss_bytes, rss_bytes)
        if rss_bytes > self.order.mem_limit_bytes:
            self.stop(EndReason.MEMORY_LIMIT, now_boot_s, grace_s=0.0)
            self.check(now_boot_s)

    def ended(self, status: int, usage: resource.struct_rusage, now_boot_s: float) -> EndRecord:
        """How it ended, from what the kernel says."""
        code = os.waitstatus_to_exitcode(status)
        peak = max(self.peak_rss_bytes, usage.ru_maxrss * 1024)
        reason = self.stop_reason or (
            EndReason.COMPLETED if code == 0 else EndReason.PROGRAM_FAILED
        )
        return EndRecord(
            key=self.order.key,
            reason=reason.value,
            exit_code=code if code >= 0 else 128 - code,
            detail=self._detail(reason, code, peak),
            wall_s=now_boot_s - self.started_boot_s,
            cpu_s=max(usage.ru_utime + usage.ru_stime, self.live_cpu_s),
            max_rss_bytes=peak,
        )

    def _detail(self, reason: EndReason, code: int, peak_bytes: int) -> str | None:
        if reason is EndReason.TIME_LIMIT:
            return f"It ran longer than its limit of {self.order.wall_limit_s:.0f} s."
        if reason is EndReason.MEMORY_LIMIT:
            limit_mib = self.order.mem_limit_bytes / 2**20
            return f"It used {peak_bytes / 2**20:.0f} MiB; its limit is {limit_mib:.0f} MiB."
        if reason is EndReason.PROGRAM_FAILED and code < 0:
            return f"It was ended by signal {signal.Signals(-code).name}."
        return None


def spawn(order: StartOrder, own_cpus: set[int]) -> int:
    """Start the order's program in a session of its own; the process id.

    Directory and limits are set on this process for the moment of the spawn, so that the child has
    them before its first instruction and no code runs between fork and exec. Its cores are set
    right after: set on this process they would move it to another core and back for every job,
    which costs as much as the spawn.
    Raises ``OSError`` where the program cannot be started.
    """
    out_flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if order.append else os.O_TRUNC)
    actions: list[tuple[object, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, order.stdout, out_flags | os.O_APPEND, _OUTPUT_MODE),
    ]
    if order.stderr is None:
        actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
    else:
        actions.append(
            (os.POSIX_SPAWN_OPEN, 2, order.stderr, out_flags | os.O_APPEND, _OUTPUT_MODE)
        )
    own_file_limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    os.chdir(order.cwd)
    try:
        if order.file_limit_bytes is not None:
            soft_limit = (order.file_limit_bytes, own_file_limits[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, soft_limit)
        pid = os.posix_spawnp(
            order.argv[0],
            order.argv,
            order.env,
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD],
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, own_file_limits)
        os.chdir("/")
    if order.cpus and set(order.cpus) != own_cpus:
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(pid, order.cpus)
    if order.file_limit_bytes is not None:
        limits = (order.file_limit_bytes, order.file_limit_bytes)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    return pid

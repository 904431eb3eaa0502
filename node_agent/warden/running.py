"""One running attempt: its process, its deadlines, what it used, and how it is stopped."""

import os
import resource
import signal
from dataclasses import dataclass

from domain.jobs.job import EndReason
from domain.units import BYTES_PER_MIB
from node_agent.warden.outputs import printed_bytes
from node_agent.warden.processes import kill_group_quietly
from node_agent.warden.protocol import EndRecord, StartOrder

#: A shell passes on that its program was ended by this signal as 128 and its number.
_TOO_LARGE_CODES = frozenset({-signal.SIGXFSZ, 128 + signal.SIGXFSZ})


@dataclass(slots=True)
class Running:
    """A started attempt."""

    order: StartOrder
    pid: int
    started_boot_s: float
    peak_rss_bytes: int = 0
    live_cpu_s: float = 0.0
    output_bytes: int = 0
    disk_bytes: int = 0
    is_warned: bool = False
    stop_reason: EndReason | None = None
    term_at_boot_s: float | None = None  #: Told to stop, and not sent TERM yet.
    kill_at_boot_s: float | None = None
    is_killed: bool = False
    exit: tuple[int, resource.struct_rusage] | None = None  #: Of its leader, once that is gone.

    @property
    def is_in_grace(self) -> bool:
        """Whether it was told to stop and may still do so by itself."""
        return self.stop_reason is not None and not self.is_killed

    @property
    def wall_end_boot_s(self) -> float:
        """When its time limit is over."""
        return self.started_boot_s + self.order.wall_limit_s

    @property
    def warn_at_boot_s(self) -> float | None:
        """When it must be told that its time limit is near; None = never, or it was told."""
        if self.is_warned or self.order.warning_signal is None:
            return None
        return self.wall_end_boot_s - self.order.warning_lead_s

    def next_deadline_boot_s(self) -> float:
        """When the warden must look at it again at the latest."""
        if self.is_killed:
            times = [self.kill_at_boot_s]
        elif self.stop_reason is not None:
            times = [self.order.lease_until_boot_s, self.term_at_boot_s, self.kill_at_boot_s]
        else:
            times = [self.order.lease_until_boot_s, self.wall_end_boot_s, self.warn_at_boot_s]
        return min(at_s for at_s in times if at_s is not None)

    def must_be_warned(self, now_boot_s: float) -> bool:
        """Whether the warning before its time limit is due."""
        at_s = self.warn_at_boot_s
        return at_s is not None and self.stop_reason is None and now_boot_s >= at_s

    def check(self, now_boot_s: float) -> None:
        """Stop it where a deadline has passed."""
        if now_boot_s >= self.order.lease_until_boot_s and not self.is_killed:
            # Its next attempt may start elsewhere soon after: no grace reaches beyond the lease.
            self.stop(EndReason.LEASE_ENDED, now_boot_s, grace_s=0.0)
        elif self.stop_reason is None and now_boot_s >= self.wall_end_boot_s:
            self.stop(EndReason.TIME_LIMIT, now_boot_s)
        if self.term_at_boot_s is not None and now_boot_s >= self.term_at_boot_s:
            self.term_at_boot_s = None
            # A frozen process must run to hear TERM.
            kill_group_quietly(self.pid, signal.SIGCONT)
            kill_group_quietly(self.pid, signal.SIGTERM)
        if self.kill_at_boot_s is not None and now_boot_s >= self.kill_at_boot_s:
            kill_group_quietly(self.pid, signal.SIGKILL)
            self.is_killed = True
            self.kill_at_boot_s = now_boot_s + 1.0

    def stop(
        self,
        reason: EndReason,
        now_boot_s: float,
        *,
        lead_s: float = 0.0,
        grace_s: float | None = None,
    ) -> None:
        """Ask it to end, after ``lead_s``; killed when the grace is over as well.

        The first reason stays. A later one can only make the end come sooner.
        """
        term_at_s = now_boot_s + lead_s
        kill_at_s = term_at_s + (self.order.grace_s if grace_s is None else grace_s)
        if self.stop_reason is None:
            self.stop_reason = reason
            self.term_at_boot_s, self.kill_at_boot_s = term_at_s, kill_at_s
            return
        if self.term_at_boot_s is not None:
            self.term_at_boot_s = min(self.term_at_boot_s, term_at_s)
        if self.kill_at_boot_s is not None:
            self.kill_at_boot_s = min(self.kill_at_boot_s, kill_at_s)

    def check_memory(self, used_bytes: int, now_boot_s: float) -> None:
        """Note what its processes hold; over the limit it is killed at once."""
        self.peak_rss_bytes = max(self.peak_rss_bytes, used_bytes)
        if used_bytes > self.order.mem_limit_bytes:
            self._kill(EndReason.MEMORY_LIMIT, now_boot_s)

    def check_files(self, output_bytes: int, disk_bytes: int, now_boot_s: float) -> None:
        """Note what it wrote; over a limit it is killed at once."""
        self.output_bytes = max(self.output_bytes, output_bytes)
        self.disk_bytes = max(self.disk_bytes, disk_bytes)
        order = self.order
        if order.output_limit_bytes is not None and output_bytes > order.output_limit_bytes:
            self._kill(EndReason.OUTPUT_LIMIT, now_boot_s)
        elif order.disk_limit_bytes is not None and disk_bytes > order.disk_limit_bytes:
            self._kill(EndReason.DISK_LIMIT, now_boot_s)

    def _kill(self, reason: EndReason, now_boot_s: float) -> None:
        self.stop(reason, now_boot_s, grace_s=0.0)
        self.check(now_boot_s)

    def ended(self, status: int, usage: resource.struct_rusage, now_boot_s: float) -> EndRecord:
        """How it ended, from what the kernel says."""
        code = os.waitstatus_to_exitcode(status)
        peak = max(self.peak_rss_bytes, usage.ru_maxrss * 1024)
        reason = self.stop_reason or self._own_end(code)
        return EndRecord(
            key=self.order.key,
            reason=reason.value,
            exit_code=code if code >= 0 else 128 - code,
            detail=self._detail(reason, code, peak),
            wall_s=now_boot_s - self.started_boot_s,
            cpu_s=max(usage.ru_utime + usage.ru_stime, self.live_cpu_s),
            max_rss_bytes=peak,
        )

    def _own_end(self, code: int) -> EndReason:
        if code == 0:
            return EndReason.COMPLETED
        if code in _TOO_LARGE_CODES and self.order.disk_limit_bytes is not None:
            self.output_bytes = printed_bytes(self.order)
            limit_bytes = self.order.output_limit_bytes
            is_output = limit_bytes is not None and self.output_bytes > limit_bytes
            return EndReason.OUTPUT_LIMIT if is_output else EndReason.DISK_LIMIT
        return EndReason.PROGRAM_FAILED

    def _detail(self, reason: EndReason, code: int, peak_bytes: int) -> str | None:
        order = self.order
        if reason is EndReason.TIME_LIMIT:
            return f"It ran longer than its limit of {order.wall_limit_s:.0f} s."
        if reason is EndReason.MEMORY_LIMIT:
            return _over("It used", peak_bytes, order.mem_limit_bytes)
        if reason is EndReason.OUTPUT_LIMIT:
            return _over("It printed", self.output_bytes, order.output_limit_bytes or 0)
        if reason is EndReason.DISK_LIMIT:
            limit_bytes = order.disk_limit_bytes or 0
            return _over("Its files took", max(self.disk_bytes, limit_bytes), limit_bytes)
        if reason is EndReason.PROGRAM_FAILED and code < 0:
            return f"It was ended by signal {_signal_name(-code)}."
        return None


def _over(what: str, used_bytes: int, limit_bytes: int) -> str:
    used_mib, limit_mib = used_bytes / BYTES_PER_MIB, limit_bytes / BYTES_PER_MIB
    return f"{what} {used_mib:.0f} MiB; its limit is {limit_mib:.0f} MiB."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)  # A real-time signal has no name.

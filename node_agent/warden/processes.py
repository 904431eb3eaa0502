"""What /proc says of the processes that jobs leave behind or use."""

import contextlib
import ctypes
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: linux/prctl.h: orphans of our jobs become our children, not init's.
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStat:
    """One line of /proc/PID/stat, in our words."""

    pid: int
    parent_pid: int
    session: int
    cpu_s: float  #: Its own and that of children it has waited for.
    rss_bytes: int


def all_processes() -> Iterator[ProcessStat]:
    """Every process that can be seen now."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = process_stat(int(name))
            if found is not None:
                yield found


def process_stat(pid: int) -> ProcessStat | None:
    """One process, or None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The command may hold blanks and brackets; fields count from the last bracket (proc(5)).
    fields = text[text.rindex(b")") + 2 :].split()
    ticks = sum(int(field) for field in fields[11:15])
    return ProcessStat(
        pid=pid,
        parent_pid=int(fields[1]),
        session=int(fields[3]),
        cpu_s=ticks / _TICKS_PER_S,
        rss_bytes=int(fields[21]) * _PAGE_BYTES,
    )


def proportional_bytes(pid: int) -> int | None:
    """Memory of a process with what it shares divided among its sharers; None where unknown."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None


def variable_of(pid: int, name: str) -> str | None:
    """One environment variable a process was started with, or None."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return None
    prefix = name.encode() + b"="
    for entry in entries:
        if entry.startswith(prefix):
            return entry[len(prefix) :].decode(errors="replace")
    return None


def kill_quietly(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group_quietly(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def is_group_alive(group: int) -> bool:
    """Whether any process of this group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def pin(pid: int, cpus: Collection[int]) -> None:
    """Keep a process to these cores, and all that it has started by now.

    What is started from here on inherits them. A process that is gone has nothing to keep.
    """
    children: list[bytes] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                os.sched_setaffinity(int(task), cpus)
                with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                    children += file.read().split()
    for child in children:
        pin(int(child), cpus)


def adopt_orphans() -> None:
    """Become the parent of whatever our jobs' processes leave without one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")

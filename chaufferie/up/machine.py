"""What this machine can offer to the nodes that stand on it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.units import BYTES_PER_MIB

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Cores and memory that jobs may use."""

    cores: int
    mem_mib: int


def this_machine() -> Machine:
    """The cores this process may run on, and the memory it may fill."""
    mem_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # No such file, or the word "max".
        mem_bytes = min(mem_bytes, int(_CGROUP_LIMIT.read_text(encoding="ascii")))
    return Machine(cores=len(os.sched_getaffinity(0)), mem_mib=max(1, mem_bytes // BYTES_PER_MIB))

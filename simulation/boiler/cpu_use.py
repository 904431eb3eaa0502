"""How busy a node's processors are, from the CPU seconds that its real jobs have used."""

import math
from pathlib import Path

from domain.fleet.cpu_count import CpuCount, read_cpu_count

#: CPU seconds are let out with this time constant [s], so that work reported every half second
#: shows as a steady power and not as a comb.
SMOOTHING_S = 0.5
#: No more than this much full load waits to be let out [s]: heat follows the work, not the past.
LONGEST_BACKLOG_S = 2.0


class CpuUse:
    """Turns a growing count of CPU seconds into the share of processors in use.

    Every CPU second becomes power exactly once: what a step cannot show is carried to the next.
    """

    def __init__(self, cores: float) -> None:
        """Begin without a count: the first one seen is where counting starts."""
        self._cores = cores
        self._seen_cpu_s: float | None = None
        self._waiting_cpu_s = 0.0

    def step(self, cpu_s: float | None, cores: float | None, dt_s: float) -> float:
        """Share of the processors in use over the step, 0 to 1, from the count at its end.

        No count means idle, and that the first one to come is counted from zero: its warden was
        not there yet. A count that went back was begun anew by a restarted warden.
        """
        self._cores = cores or self._cores
        if cpu_s is None:
            self._seen_cpu_s = self._seen_cpu_s or 0.0
        else:
            before_s = self._seen_cpu_s
            if before_s is not None:
                self._waiting_cpu_s += cpu_s - before_s if cpu_s >= before_s else cpu_s
            self._seen_cpu_s = cpu_s
        full_cpu_s = self._cores * dt_s
        shown_cpu_s = min(full_cpu_s, self._waiting_cpu_s * -math.expm1(-dt_s / SMOOTHING_S))
        self._waiting_cpu_s = min(
            self._waiting_cpu_s - shown_cpu_s, self._cores * LONGEST_BACKLOG_S
        )
        return shown_cpu_s / full_cpu_s


def read_count(path: Path) -> CpuCount | None:
    """What a warden counted so far, from the file that it keeps.

    A file that is absent or not what it should be says nothing, which is taken as idle: the
    power meter of a boiler must not depend on the health of its node's software.
    """
    try:
        return read_cpu_count(path.read_bytes())
    except OSError:
        return None

"""What a node's jobs have used of its processors, as its warden tells whoever models its power.

A file in the node's directory carries it: the power meter of a simulated boiler must go on
whatever becomes of the software of its node, and so reads no more than that.
"""

import json
import math
from dataclasses import dataclass

#: In the directory of the node.
CPU_COUNT_FILE = "usage.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuCount:
    """CPU seconds used since the warden's start, and the cores that the node advertises."""

    cpu_s: float
    cores: float
    at_s: float  #: Since the machine's start.


def write_cpu_count(count: CpuCount) -> str:
    """The text of the file."""
    return json.dumps({"cpu_s": count.cpu_s, "cores": count.cores, "at_s": count.at_s})


def read_cpu_count(text: str | bytes) -> CpuCount | None:
    """What the text says; None where it is none of these."""
    try:
        plain = json.loads(text)
        found = CpuCount(**{name: float(plain[name]) for name in CpuCount.__slots__})
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    is_one = all(math.isfinite(getattr(found, name)) for name in CpuCount.__slots__)
    return found if is_one and found.cpu_s >= 0 and found.cores > 0 else None

"""A scenario that is simulated in a second: three sites, one day of jobs."""

from pathlib import Path

TINY = """\
title = "Tiny: three sites, one day"
warmup_days = 2
arrival_days = 1
drain_days = 1
step_s = 1800

[fleet]
indoor_pools = 1
outdoor_pools = 0
dwellings = 1
buildings = 1

[workload]
kind = "mix"
load_frac = 0.3
median_run_h = 2.0

[[seasons]]
name = "winter"
start_day_of_year = 14

[[seasons]]
name = "summer"
start_day_of_year = 183
"""


def write_tiny(directory: Path, name: str = "tiny") -> Path:
    """The scenario as a file."""
    path = directory / f"{name}.toml"
    path.write_text(TINY, encoding="utf-8")
    return path

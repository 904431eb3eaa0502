"""What comes back from a job, and when: options of our own."""

import re
from dataclasses import dataclass

from domain.files.globs import parse_patterns
from domain.sbatch.durations import parse_time_limit_s
from domain.sbatch.settings import Settings
from domain.units import DAY_S

SHORTEST_INTERVAL_S = 5
LONGEST_INTERVAL_S = 7 * DAY_S
#: A checkpoint is copied so often where nothing else is said [s].
DEFAULT_CHECKPOINT_S = 300
_PATTERNS = "patterns of names inside the working directory, such as 'out/*.dat,*.log'"
_AN_INTERVAL = f"a time from {SHORTEST_INTERVAL_S} s to 7 days such as 10min, 30s or 1h"
_UNITS_S = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600}
_WITH_UNIT = re.compile(r"(\d{1,9})(s|sec|min|m|h)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Which files come back, and how often while the job runs."""

    results: tuple[str, ...] = ()
    excluded_results: tuple[str, ...] = ()
    copy_results_every_s: int | None = None
    checkpoint_every_s: int | None = None  #: None = the job starts from the beginning each time.


def read_returns(settings: Settings) -> Returns:
    """What the options say of the files that a job leaves."""
    return Returns(
        results=settings.read("results", parse_patterns, _PATTERNS) or (),
        excluded_results=settings.read("exclude-results", parse_patterns, _PATTERNS) or (),
        copy_results_every_s=settings.read("copy-results-every", parse_interval_s, _AN_INTERVAL),
        checkpoint_every_s=_checkpoint_every_s(settings),
    )


def _checkpoint_every_s(settings: Settings) -> int | None:
    if not settings.has("checkpoint"):
        return None
    return settings.read("checkpoint", parse_interval_s, _AN_INTERVAL) or DEFAULT_CHECKPOINT_S


def parse_interval_s(text: str) -> int | None:
    """Seconds between two copies: ``10min``, ``30s``, ``1h``, or as a time limit is written."""
    found = _WITH_UNIT.fullmatch(text.strip())
    interval_s = (
        int(found[1]) * _UNITS_S[found[2]] if found is not None else parse_time_limit_s(text)
    )
    if interval_s is None or not SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S:
        return None
    return interval_s

"""A log of jobs that a real machine ran."""

from dataclasses import dataclass

from simulation.workload.requests import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Jobs in order of submission; every array is (n_jobs,)."""

    name: str
    submitted_s: Floats  #: Since the first instant of the log.
    first_week_s: float  #: That instant, since midnight of a Monday there; 0 where unknown.
    run_s: Floats
    processors: Integers
    time_limit_s: Floats  #: NaN where the log has none.
    user: Integers  #: -1 where the log has none; likewise the program.
    program: Integers
    n_incomplete: int  #: Rows without a run time or processors: cancelled before they ran.

    def __len__(self) -> int:
        return len(self.run_s)

"""What a person may say of the jobs of a scenario."""

from dataclasses import dataclass
from enum import StrEnum

#: Of one server of 500 W; a job that asks for servers holds all of their cores.
SERVER_CORES = 16


class WorkloadKind(StrEnum):
    """Which model the jobs are drawn from."""

    MIX = "mix"  #: Users who run the same applications again and again.
    RENDER = "render"  #: Films: thousands of single-server frames of 5 to 60 min.
    LUBLIN = "lublin"  #: Lublin and Feitelson's model of logs of parallel machines.
    SIMULATION = "simulation"  #: Campaigns of wide jobs, 2 to 64 servers for 2 to 48 h.


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSetting:
    """How much work arrives, of what make, and how long its Flex part may wait.

    The load is the server-time that jobs take at full speed, divided by what all servers of the
    fleet offer over the days of arrivals.
    """

    kind: WorkloadKind = WorkloadKind.MIX
    load_frac: float = 0.4
    n_jobs: int | None = None  #: When given, as many jobs whatever the load that they make.
    flex_share_frac: float = 0.5  #: Of the classes of jobs, by their popularity.
    slack_low_h: float = 12.0  #: A Flex job may wait between these two, drawn uniformly.
    slack_high_h: float = 72.0
    resume_share_frac: float = 0.5  #: Of the classes: they keep their progress when stopped.
    history_days: float = 14.0  #: Jobs that ended before the start, for the forecast to learn.
    day_factor: float = 3.7  #: Arrivals of a weekday from 8 to 19 h against any other hour.
    cores_per_processor: int = SERVER_CORES  #: Of a log: 1 where it counts cores, not machines.
    # Of the mix only.
    n_classes: int = 150  #: Pairs of a user and an application.
    median_run_h: float = 8.0  #: Around which the medians of the classes lie.
    widths_servers: tuple[int, ...] = (1, 2, 4, 8, 12)
    width_shares_frac: tuple[float, ...] = (0.35, 0.25, 0.20, 0.12, 0.08)
    shortest_run_h: float = 0.25
    longest_run_h: float = 48.0
    early_failure_frac: float = 0.05  #: Jobs that end after 3 to 20 % of their time.
    tail_share_frac: float = 0.0  #: Jobs whose run time is drawn from a Pareto tail instead.
    tail_exponent: float = 1.1  #: Of that tail; at 1 or below its mean is infinite.

"""What one policy brought in one cell, and what a cell brought: the figures that are compared.

A *cell* is one scenario, in one season, under one seed: the same weather, draws and jobs for
every policy that runs in it, and one twin with its servers off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long jobs of one scheduling type waited for their first start [s]."""

    count: int  #: Jobs that started.
    mean_s: float
    p50_s: float
    p95_s: float

    @classmethod
    def of(cls, waits_s: NDArray[np.float64]) -> "Wait":
        """The figures of waits of shape (n_started,); zeros where nothing started."""
        if waits_s.size == 0:
            return cls(count=0, mean_s=0.0, p50_s=0.0, p95_s=0.0)
        p50_s, p95_s = np.percentile(waits_s, (50, 95))
        return cls(
            count=int(waits_s.size),
            mean_s=float(np.mean(waits_s)),
            p50_s=float(p50_s),
            p95_s=float(p95_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourlySeries:
    """A run hour by hour and site by site, for pictures; every array is (n_hours, n_sites)."""

    water_temp_c: NDArray[np.float64]  #: At the end of the hour; of stratified tanks, the mean.
    heat_w: NDArray[np.float64]  #: From the servers into the water.
    power_w: NDArray[np.float64]  #: Electricity of the servers.
    demand_w: NDArray[np.float64]  #: What the site asks for with its store at the set-point.
    dumped_w: NDArray[np.float64]
    backup_w: NDArray[np.float64]
    busy_frac: NDArray[np.float64]  #: Cores running a job, over all cores of the site.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One policy in one cell. Energies are of the whole fleet, over the whole cell."""

    scenario: str
    policy: str
    season: str
    seed: int

    useful_kwh: float  #: Heat that replaced the backup boiler, against the twin.
    boiler_kwh_avoided: float  #: The same figure: what the paired run with servers off burnt more.
    metered_kwh: float  #: By the heat meters' registers.
    dumped_kwh: float  #: Heat that dump coolers threw away.
    electricity_kwh: float  #: Of servers and dump coolers.
    boiler_kwh: float  #: What the backup boilers still added.
    demand_kwh: float
    overhead_kwh: float  #: Of boots, restarts, lost work, and work outside its window.
    oracle_kwh: float | None  #: The bound; None where it was not asked for.
    oracle_frac: float | None  #: (useful - overhead) / bound.
    oracle_replay_frac: float | None  #: The bound's own schedule on the full plant / bound.
    coverage_frac: float | None  #: Useful heat over demand.
    erf: float | None  #: Energy reuse factor, ISO/IEC 30134-6.
    ere: float | None  #: Energy reuse effectiveness.
    pue: float | None  #: Power usage effectiveness, ISO/IEC 30134-2.

    waits: Mapping[str, Wait]  #: By scheduling type, as the domain spells it.
    bounded_slowdown_mean: float
    bounded_slowdown_p95: float
    flex_jobs: int
    flex_deadline_misses: int
    preemptions: int
    lost_work_kwh: float
    starts_per_node: tuple[int, ...]

    jobs_submitted: int
    jobs_done: int
    jobs_over_limit: int
    jobs_running: int
    jobs_waiting: int
    jobs_too_large: int  #: Wider than the widest node: counted, never run.

    hours_over_limit: float  #: Site-hours with water above its limit.
    hottest_over_limit_k: float  #: The most by which water was above its limit; 0 if never.
    decision_s_max: float
    decision_s_total: float
    wall_s: float
    series: HourlySeries | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLabel:
    """What a picture says of a site."""

    name: str
    kind: str
    max_power_w: float
    set_temp_c: float
    limit_temp_c: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellResult:
    """Every policy of one cell, with what they share."""

    scenario: str
    season: str
    seed: int
    runs: tuple[RunResult, ...]
    sites: tuple[SiteLabel, ...]
    oracle_site_power_w: NDArray[np.float64] | None = None  #: (n_sites, n_hours), of the bound.
    twin_boiler_w: NDArray[np.float64] | None = None  #: (n_hours, n_sites), servers off.

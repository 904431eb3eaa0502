"""The figures of a run, from its books."""

from dataclasses import dataclass

import numpy as np

from domain.jobs.job import EndReason
from domain.units import HOUR_S, J_PER_KWH, WH_PER_KWH
from metering.indicators import ere, erf, pue
from simulation.oracle.bound import Bound
from simulation.results.results import RunResult, Wait
from simulation.run.books import Books
from simulation.run.scenes import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """The bound of a cell, and the share of it that its own schedule brings on the plant."""

    bound: Bound
    replay_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Energies:
    """What passed in a whole run, of all sites together."""

    useful_kwh: float
    metered_kwh: float
    dumped_kwh: float
    power_kwh: float  #: Electricity of the servers.
    cooler_kwh: float  #: And of the dump coolers.
    boiler_kwh: float
    demand_kwh: float
    overhead_kwh: float

    @classmethod
    def of(cls, books: Books, scene: Scene) -> "Energies":
        """The energies of a run that is over, and of its twin."""
        kwh = {name: float(total.sum()) / J_PER_KWH for name, total in books.joules.items()}
        return cls(
            useful_kwh=float(scene.twin.boiler_wh.sum()) / WH_PER_KWH - kwh["backup_w"],
            metered_kwh=float(books.metered_wh.sum()) / WH_PER_KWH,
            dumped_kwh=kwh["dumped_w"],
            power_kwh=kwh["power_w"],
            cooler_kwh=kwh["cooler_power_w"],
            boiler_kwh=kwh["backup_w"],
            demand_kwh=kwh["demand_w"],
            overhead_kwh=books.overhead_j / J_PER_KWH,
        )

    @property
    def site_wh(self) -> int:
        """All electricity of the sites."""
        return round((self.power_kwh + self.cooler_kwh) * WH_PER_KWH)

    @property
    def servers_wh(self) -> int:
        """Electricity of the servers."""
        return round(self.power_kwh * WH_PER_KWH)

    @property
    def reused_wh(self) -> int:
        """Heat as metered, less what was thrown away."""
        return round(max(self.metered_kwh - self.dumped_kwh, 0.0) * WH_PER_KWH)

    @property
    def coverage_frac(self) -> float | None:
        """Share of the demand that servers met; None where nothing was wanted."""
        return self.useful_kwh / self.demand_kwh if self.demand_kwh else None

    def share_of(self, yardstick: Yardstick | None) -> float | None:
        """Share of the bound; None where there is none, or nothing could be useful."""
        if yardstick is None or not yardstick.bound.useful_kwh:
            return None
        return (self.useful_kwh - self.overhead_kwh) / yardstick.bound.useful_kwh


def figures_of(
    scene: Scene, policy: str, books: Books, yardstick: Yardstick | None, wall_s: float
) -> RunResult:
    """All figures of a run that is over, under its policy's name."""
    energy = Energies.of(books, scene)
    slowdowns = np.array(books.slowdowns or [1.0])
    return RunResult(
        scenario=scene.scenario.name,
        policy=policy,
        season=scene.season.name,
        seed=scene.seed,
        useful_kwh=energy.useful_kwh,
        boiler_kwh_avoided=energy.useful_kwh,
        metered_kwh=energy.metered_kwh,
        dumped_kwh=energy.dumped_kwh,
        electricity_kwh=energy.power_kwh + energy.cooler_kwh,
        boiler_kwh=energy.boiler_kwh,
        demand_kwh=energy.demand_kwh,
        overhead_kwh=energy.overhead_kwh,
        oracle_kwh=None if yardstick is None else yardstick.bound.useful_kwh,
        oracle_frac=energy.share_of(yardstick),
        oracle_replay_frac=None if yardstick is None else yardstick.replay_frac,
        coverage_frac=energy.coverage_frac,
        erf=erf(energy.reused_wh, energy.site_wh),
        ere=ere(energy.reused_wh, energy.site_wh, energy.servers_wh),
        pue=pue(energy.site_wh, energy.servers_wh),
        waits={kind: Wait.of(np.array(waits)) for kind, waits in books.waits_s.items()},
        bounded_slowdown_mean=float(slowdowns.mean()),
        bounded_slowdown_p95=float(np.percentile(slowdowns, 95)),
        flex_jobs=books.flex_jobs,
        flex_deadline_misses=books.flex_misses,
        preemptions=books.ends.get(EndReason.PREEMPTED, 0),
        lost_work_kwh=books.lost_j / J_PER_KWH,
        starts_per_node=tuple(books.starts),
        jobs_submitted=books.n_arrived,
        jobs_done=books.ends.get(EndReason.COMPLETED, 0),
        jobs_over_limit=books.ends.get(EndReason.TIME_LIMIT, 0),
        jobs_running=books.n_running,
        jobs_waiting=books.n_waiting,
        jobs_too_large=scene.workload.n_too_large,
        hours_over_limit=books.over_limit_s / HOUR_S,
        hottest_over_limit_k=books.hottest_over_k,
        decision_s_max=books.decision_s_max,
        decision_s_total=books.decision_s_total,
        wall_s=wall_s,
        series=books.series(),
    )

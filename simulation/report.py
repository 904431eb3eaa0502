"""What a simulation brought, in the figures that policies are compared by."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from domain.job import EndReason, SchedulingType
from domain.refusal import Refused
from metering.indicators import erf
from metering.registers import Meter, RegisterRow, heat_between
from simulation.driver import JobCounts, Simulation

_J_PER_KWH = 3.6e6
_WH_PER_KWH = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What was asked of a simulation; the same setting gives the same summary."""

    policy: str
    seed: int
    days: float
    month: int
    sites: int
    node_cores: int
    load_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long jobs of one type waited for their first start [s]."""

    started: int
    mean_s: float
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One run in figures. All meters of a simulation are simulated."""

    useful_kwh: float  #: Boiler energy avoided, against the twin with no server on.
    metered_kwh: float  #: By the heat meters' registers.
    electricity_kwh: float  #: By the electricity meters' registers.
    boiler_kwh: float  #: What the backup boilers still had to add.
    demand_kwh: float
    stored_kwh: float  #: Left in the water at the end, above the start; negative if it cooled.
    coverage_frac: float | None  #: Useful heat over demand.
    erf: float | None
    hottest_c: float
    jobs_submitted: int
    jobs_done: int
    jobs_over_limit: int
    jobs_running: int
    jobs_waiting: int
    preemptions: int
    waits: dict[str, Wait]


def summarise(simulation: Simulation) -> Summary | Refused:
    """The figures of a simulation that has run; refused where its registers make no sense."""
    run, counts = simulation.fleet_run, simulation.counts
    heat_wh = electricity_wh = 0
    for heat_meter, heat_rows, electricity_meter, electricity_rows in run.meters():
        heat = _counted(heat_meter, heat_rows)
        electricity = _counted(electricity_meter, electricity_rows)
        if isinstance(heat, Refused):
            return heat
        if isinstance(electricity, Refused):
            return electricity
        heat_wh += heat
        electricity_wh += electricity
    boiler_j = float(run.energies.backup_j.sum())
    demand_j = float(run.energies.demand_j.sum())
    useful_j = float(run.twin_energies.backup_j.sum()) - boiler_j
    warmed_k = run.state.water_temp_c - run.start_temp_c
    return Summary(
        useful_kwh=useful_j / _J_PER_KWH,
        metered_kwh=heat_wh / _WH_PER_KWH,
        electricity_kwh=electricity_wh / _WH_PER_KWH,
        boiler_kwh=boiler_j / _J_PER_KWH,
        demand_kwh=demand_j / _J_PER_KWH,
        stored_kwh=float(np.sum(run.fleet.storage_j_per_k * warmed_k)) / _J_PER_KWH,
        coverage_frac=useful_j / demand_j if demand_j else None,
        erf=erf(heat_wh, electricity_wh),
        hottest_c=float(run.hottest_c.max()),
        jobs_submitted=counts.n_arrived,
        jobs_done=counts.ends.get(EndReason.COMPLETED.value, 0),
        jobs_over_limit=counts.ends.get(EndReason.TIME_LIMIT.value, 0),
        jobs_running=counts.n_running,
        jobs_waiting=counts.n_waiting,
        preemptions=counts.ends.get(EndReason.PREEMPTED.value, 0),
        waits=_waits(counts),
    )


def _counted(meter: Meter, rows: Sequence[RegisterRow]) -> int | Refused:
    between = heat_between(rows, rows[0].taken_at_s, rows[-1].taken_at_s, meter)
    return between if isinstance(between, Refused) else between.energy_wh


def _waits(counts: JobCounts) -> dict[str, Wait]:
    return {
        kind.value: Wait(
            started=len(waits_s),
            mean_s=float(np.mean(waits_s)),
            p50_s=float(np.percentile(waits_s, 50)),
            p95_s=float(np.percentile(waits_s, 95)),
        )
        for kind in SchedulingType
        if (waits_s := counts.waits_s.get(kind.value))
    }


def to_plain(setting: Setting, summary: Summary) -> dict[str, Any]:
    """Setting and figures as one JSON object."""
    return {"setting": asdict(setting), "is_simulated": True, **asdict(summary)}


def as_text(setting: Setting, summary: Summary) -> str:
    """Setting and figures as a table for a person."""
    title = (
        f"Policy {setting.policy}, {setting.sites} sites, {setting.days:g} days from the start of"
        f" month {setting.month}, seed {setting.seed} (all meters simulated)"
    )
    return "\n".join([title, "", *_heat_lines(summary), "", *_job_lines(summary)])


def _heat_lines(summary: Summary) -> list[str]:
    figures = [
        ("useful heat", summary.useful_kwh, "kWh", "boiler energy avoided"),
        ("metered heat", summary.metered_kwh, "kWh", "by the heat meters' registers"),
        ("electricity", summary.electricity_kwh, "kWh", "by the electricity meters' registers"),
        ("backup boilers", summary.boiler_kwh, "kWh", "still needed"),
        ("heat demand", summary.demand_kwh, "kWh", ""),
        ("left in the water", summary.stored_kwh, "kWh", "at the end, above the start"),
        ("coverage", _percent(summary.coverage_frac), "%", "useful heat over demand"),
        ("ERF", _percent(summary.erf), "%", "metered heat over electricity"),
        ("hottest water", summary.hottest_c, "degC", ""),
    ]
    return [
        f"  {name:<18}{'-' if value is None else f'{value:.1f}':>10} {unit:<5} {note}".rstrip()
        for name, value, unit, note in figures
    ]


def _job_lines(summary: Summary) -> list[str]:
    ends = (
        f"  {summary.jobs_submitted} jobs: {summary.jobs_done} done,"
        f" {summary.jobs_over_limit} over their limit, {summary.jobs_running} running,"
        f" {summary.jobs_waiting} waiting; {summary.preemptions} preemptions"
    )
    waits = [
        f"  {kind:<10} {wait.started:>6} started; waited {wait.mean_s / 60:.1f} min in the mean,"
        f" {wait.p50_s / 60:.1f} at the median, {wait.p95_s / 60:.1f} at the 95th percentile"
        for kind, wait in summary.waits.items()
    ]
    return [ends, *waits]


def _percent(frac: float | None) -> float | None:
    return None if frac is None else 100.0 * frac

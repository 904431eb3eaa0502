"""The comparison on a terminal: of each scenario and season, heat and waiting by policy."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.plurals import counted
from domain.units import MINUTE_S
from simulation.results.statistics import Estimate
from simulation.results.summary import (
    BASELINE,
    PolicySummary,
    SeasonSummary,
    flex_wait_h,
    on_demand_p50_s,
    on_demand_p95_s,
    oracle_percent,
)

_NOTHING = "-"

COLUMNS = (
    "policy",
    "useful kWh",
    "% of oracle",
    f"vs {BASELINE}",
    "dumped kWh",
    "electricity kWh",
    "on-demand p50 min",
    "on-demand p95 min",
    "flex mean h",
    "missed",
    "preempted",
)
#: So that each fits a terminal of this width, two tables share the columns.
WIDTH = 100
_HEAT, _WAITING = slice(1, 6), slice(6, None)


def season_tables(season: SeasonSummary) -> Iterator[Table]:
    """Heat and waiting of one scenario and season; means over the seeds, misses summed."""
    seeds = max(len(policy.runs) for policy in season.policies)
    caption = f"{season.scenario}, {season.season}: mean of {counted(seeds, 'seed')}"
    best = best_policy(season)
    rows = [(policy.policy == best, cells_of(season, policy)) for policy in season.policies]
    for title, part in ((caption, _HEAT), (None, _WAITING)):
        table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
        table.title = None if title is None else Text(title, style="bold")
        table.add_column(COLUMNS[0])
        for column in COLUMNS[part]:
            table.add_column(column, justify="right")
        for is_best, cells in rows:
            table.add_row(cells[0], *cells[part], style="bold" if is_best else "")
        yield table


def best_policy(season: SeasonSummary) -> str:
    """The name of the policy that brought the most useful heat."""
    return max(
        season.policies, key=lambda item: _mean(item.over(lambda run: run.useful_kwh))
    ).policy


def cells_of(season: SeasonSummary, policy: PolicySummary) -> list[str]:
    """The texts of one line, one for each of ``COLUMNS``."""
    baseline = season.named(BASELINE)
    gain = None
    if baseline is not None and baseline is not policy:
        gain = policy.against(baseline, oracle_percent)
    return [
        policy.policy,
        _whole(policy.over(lambda run: run.useful_kwh)),
        with_interval(policy.over(oracle_percent)),
        with_interval(gain, sign="+"),
        _whole(policy.over(lambda run: run.dumped_kwh)),
        _whole(policy.over(lambda run: run.electricity_kwh)),
        _minutes(policy.over(on_demand_p50_s)),
        _minutes(policy.over(on_demand_p95_s)),
        _fixed(policy.over(flex_wait_h)),
        _misses(policy),
        str(sum(run.preemptions for run in policy.runs)),
    ]


def write_tables(seasons: Sequence[SeasonSummary], console: Console) -> None:
    """Print every table, and below them what their columns mean."""
    for season in seasons:
        for table in season_tables(season):
            console.print(table)
            console.print()
    console.print(
        "± is the 95 % interval over the seeds (Student's t); missed and preempted are summed.",
        style="dim",
    )


def with_interval(found: Estimate | None, sign: str = "") -> str:
    """``97.41 ± 0.30``, without the interval where there is none."""
    if found is None:
        return _NOTHING
    text = f"{found.mean:{sign}.2f}"
    return text if found.ci95 is None else f"{text} ± {found.ci95:.2f}"


def _whole(found: Estimate | None) -> str:
    return _NOTHING if found is None else f"{found.mean:,.0f}".replace(",", " ")


def _fixed(found: Estimate | None) -> str:
    return _NOTHING if found is None else f"{found.mean:.1f}"


def _minutes(found: Estimate | None) -> str:
    return _NOTHING if found is None else f"{found.mean / MINUTE_S:.1f}"


def _misses(policy: PolicySummary) -> str:
    jobs = sum(run.flex_jobs for run in policy.runs)
    misses = sum(run.flex_deadline_misses for run in policy.runs)
    return _NOTHING if jobs == 0 else str(misses)


def _mean(found: Estimate | None) -> float:
    return float("-inf") if found is None else found.mean

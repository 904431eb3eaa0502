"""The sections that compare policies: heat, waiting, waste, comfort, and the bound itself."""

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from domain.units import KWH_PER_MWH, MINUTE_S
from simulation.report.frontier import Point, frontier
from simulation.report.rows import Row, bars, dots
from simulation.report.section import Block, FigureTable, Section, TableRow, family_of, tone_of
from simulation.results.results import RunResult
from simulation.results.statistics import Estimate
from simulation.results.summary import (
    BASELINE,
    Figure,
    PolicySummary,
    SeasonSummary,
    flex_wait_h,
    on_demand_p50_s,
    on_demand_p95_s,
    oracle_percent,
    replay_percent,
)
from simulation.results.table import with_interval

_NOTHING = "-"
_ORACLE_PERCENT = 100.0

_METERED = ("metered kWh", "coverage %", "ERF", "seeds")
_WAITING = (
    "policy",
    "Flex mean h",
    "Flex missed",
    "of",
    "on-demand p50 min",
    "on-demand p95 min",
    "slowdown mean",
    "slowdown p95",
)
_WASTE = (
    "policy",
    "dumped kWh",
    "electricity kWh",
    "backup boilers kWh",
    "demand kWh",
    "overhead kWh",
    "PUE",
    "ERE",
)
_COMFORT = (
    "policy",
    "hours over limit",
    "worst K over",
    "jobs",
    "done",
    "over time limit",
    "running",
    "waiting",
    "too large",
    "preempted",
    "lost work kWh",
    "decision max ms",
)

#: The cells of a policy's line, its name left out.
CellsOf = Callable[[PolicySummary], Iterator[str]]


def heat_section(seasons: Sequence[SeasonSummary]) -> Section:
    """Useful heat of every policy, as a share of the bound where there is one."""
    return Section(
        anchor="heat",
        title="Useful heat, by policy",
        says="Heat that replaced the backup boiler, against a twin of the same sites with every "
        "server off. The dashed line is the oracle: an upper bound that knows everything in "
        "advance. Whiskers are 95 % intervals over the paired seeds.",
        blocks=tuple(
            Block(pictures=(_heat_picture(season),), table=_heat_table(season))
            for season in seasons
        ),
    )


def _heat_picture(season: SeasonSummary) -> Markup:
    rows = _rows(season, oracle_percent, "{:.2f}")
    if rows:
        return dots(_title(season), "% of the oracle", rows, _ORACLE_PERCENT)
    return bars(_title(season), "MWh", _rows(season, _mwh(lambda run: run.useful_kwh), "{:.2f}"))


def _heat_table(season: SeasonSummary) -> FigureTable:
    above = f"points above {BASELINE}"
    columns = ("policy", "useful kWh", "% of the oracle", above, *_METERED)
    baseline = season.named(BASELINE)

    def cells(policy: PolicySummary) -> Iterator[str]:
        yield _whole(policy.over(lambda run: run.useful_kwh))
        yield with_interval(policy.over(oracle_percent))
        is_other = baseline is not None and baseline is not policy
        gain = policy.against(baseline, oracle_percent) if baseline and is_other else None
        yield with_interval(gain, sign="+")
        yield _whole(policy.over(lambda run: run.metered_kwh))
        yield _percent(policy.over(lambda run: run.coverage_frac))
        yield _fixed(policy.over(lambda run: run.erf), 3)
        yield str(len(policy.runs))

    return _table(season, columns, cells)


def waiting_section(seasons: Sequence[SeasonSummary]) -> Section:
    """What the heat costs in waiting: the frontier."""
    return Section(
        anchor="waiting",
        title="What it costs in waiting",
        says="Up is more heat, left is less waiting of flexible jobs. A line joins the settings "
        "of one policy, from which a tenant or an operator chooses.",
        blocks=tuple(
            Block(pictures=(_frontier_picture(season),), table=_waiting_table(season))
            for season in seasons
        ),
    )


def _frontier_picture(season: SeasonSummary) -> Markup:
    has_oracle = any(policy.over(oracle_percent) for policy in season.policies)
    figure: Figure = oracle_percent if has_oracle else _mwh(lambda run: run.useful_kwh)
    points = []
    for policy in season.policies:
        wait, heat = policy.over(flex_wait_h), policy.over(figure)
        if wait is not None and heat is not None:
            point = Point(
                name=policy.policy,
                family=family_of(policy.policy),
                x=wait.mean,
                y=heat.mean,
                tone=tone_of(policy.policy),
            )
            points.append(point)
    heat_says = "useful heat, % of the oracle" if has_oracle else "useful heat, MWh"
    return frontier(_title(season), "mean wait of Flex jobs, h", heat_says, points)


def _waiting_table(season: SeasonSummary) -> FigureTable:
    def cells(policy: PolicySummary) -> Iterator[str]:
        yield _fixed(policy.over(flex_wait_h), 2)
        yield str(sum(run.flex_deadline_misses for run in policy.runs))
        yield str(sum(run.flex_jobs for run in policy.runs))
        for figure in (on_demand_p50_s, on_demand_p95_s):
            found = policy.over(figure)
            yield _NOTHING if found is None else f"{found.mean / MINUTE_S:.1f}"
        yield _fixed(policy.over(lambda run: run.bounded_slowdown_mean), 2)
        yield _fixed(policy.over(lambda run: run.bounded_slowdown_p95), 2)

    return _table(season, _WAITING, cells)


def waste_section(seasons: Sequence[SeasonSummary]) -> Section:
    """Heat thrown away, and electricity: where shaping shows."""
    return Section(
        anchor="waste",
        title="Heat thrown away, and electricity",
        says="Heat that dump coolers threw away, and the electricity of all servers. A policy "
        "named with a setting beside the same policy without it shows what that setting saves, "
        "power shaping among them.",
        blocks=tuple(
            Block(pictures=_waste_pictures(season), table=_waste_table(season))
            for season in seasons
        ),
    )


_WASTES: tuple[tuple[str, Figure], ...] = (
    ("dumped heat", lambda run: run.dumped_kwh),
    ("electricity", lambda run: run.electricity_kwh),
)


def _waste_pictures(season: SeasonSummary) -> tuple[Markup, ...]:
    return tuple(
        bars(f"{_title(season)}: {name}", "MWh", _rows(season, _mwh(figure), "{:.2f}"))
        for name, figure in _WASTES
    )


def _waste_table(season: SeasonSummary) -> FigureTable:
    def cells(policy: PolicySummary) -> Iterator[str]:
        yield _whole(policy.over(lambda run: run.dumped_kwh))
        yield _whole(policy.over(lambda run: run.electricity_kwh))
        yield _whole(policy.over(lambda run: run.boiler_kwh))
        yield _whole(policy.over(lambda run: run.demand_kwh))
        yield _whole(policy.over(lambda run: run.overhead_kwh))
        yield _fixed(policy.over(lambda run: run.pue), 3)
        yield _fixed(policy.over(lambda run: run.ere), 3)

    return _table(season, _WASTE, cells)


def comfort_section(seasons: Sequence[SeasonSummary]) -> Section:
    """What must hold whatever the heat: limits of the water, and jobs that run."""
    return Section(
        anchor="comfort",
        title="Comfort and jobs",
        says="Site-hours above the limit of the water, and what became of the jobs; sums over "
        "the seeds. Jobs too large for every node are counted here, never dropped in silence.",
        blocks=tuple(Block(pictures=(), table=_comfort_table(season)) for season in seasons),
    )


def _comfort_table(season: SeasonSummary) -> FigureTable:
    def cells(policy: PolicySummary) -> Iterator[str]:
        runs = policy.runs
        yield f"{sum(run.hours_over_limit for run in runs):.1f}"
        yield f"{max(run.hottest_over_limit_k for run in runs):.2f}"
        yield str(sum(run.jobs_submitted for run in runs))
        yield str(sum(run.jobs_done for run in runs))
        yield str(sum(run.jobs_over_limit for run in runs))
        yield str(sum(run.jobs_running for run in runs))
        yield str(sum(run.jobs_waiting for run in runs))
        yield str(sum(run.jobs_too_large for run in runs))
        yield str(sum(run.preemptions for run in runs))
        yield f"{sum(run.lost_work_kwh for run in runs):.1f}"
        yield f"{1e3 * max(run.decision_s_max for run in runs):.1f}"

    return _table(season, _COMFORT, cells)


def bound_section(seasons: Sequence[SeasonSummary]) -> Section | None:
    """How loose the bound is; None where no cell replayed it."""
    known = [season for season in seasons if season.policies[0].over(replay_percent)]
    if not known:
        return None
    rows = []
    for season in known:
        replay = season.policies[0].over(replay_percent)
        best = _best(season)
        if replay is not None:
            row = Row(
                name=_title(season),
                value=replay.mean,
                half=replay.ci95,
                shown=f"{replay.mean:.2f}",
                tone="plain",
            )
            rows.append((row, best))
    table = FigureTable(
        caption="Means over the seeds, % of the bound",
        columns=("cell", "its schedule replayed", "best policy", "% of the oracle"),
        rows=tuple(
            TableRow(
                cells=(row.name, row.shown, best.policy, with_interval(best.over(oracle_percent)))
            )
            for row, best in rows
        ),
    )
    picture = dots(
        "the bound's own schedule", "% of the bound", [row for row, _ in rows], _ORACLE_PERCENT
    )
    return Section(
        anchor="bound",
        title="How loose the bound is",
        says="The bound's own schedule, replayed on the full plant, as a share of the bound. What "
        "is missing here is missing in the bound, not in a policy; no policy need reach the "
        "dashed line.",
        blocks=(Block(pictures=(picture,), table=table),),
    )


def _best(season: SeasonSummary) -> PolicySummary:
    def heat(policy: PolicySummary) -> float:
        found = policy.over(oracle_percent)
        return float("-inf") if found is None else found.mean

    return max(season.policies, key=heat)


def _rows(season: SeasonSummary, figure: Figure, shown: str) -> list[Row]:
    rows = []
    for policy in season.policies:
        found = policy.over(figure)
        if found is not None:
            row = Row(
                name=policy.policy,
                value=found.mean,
                half=found.ci95,
                shown=shown.format(found.mean),
                tone=tone_of(policy.policy),
            )
            rows.append(row)
    return rows


def _table(
    season: SeasonSummary,
    columns: tuple[str, ...],
    cells: CellsOf,
) -> FigureTable:
    return FigureTable(
        caption=_title(season),
        columns=columns,
        rows=tuple(
            TableRow(cells=(policy.policy, *cells(policy)), tone=tone_of(policy.policy))
            for policy in season.policies
        ),
    )


def _title(season: SeasonSummary) -> str:
    return f"{season.scenario}, {season.season}"


def _mwh(figure: Figure) -> Figure:
    def in_mwh(run: RunResult) -> float | None:
        found = figure(run)
        return None if found is None else found / KWH_PER_MWH

    return in_mwh


def _whole(found: Estimate | None) -> str:
    return _NOTHING if found is None else f"{found.mean:,.0f}".replace(",", "\u202f")


def _fixed(found: Estimate | None, digits: int) -> str:
    return _NOTHING if found is None else f"{found.mean:.{digits}f}"


def _percent(found: Estimate | None) -> str:
    return _NOTHING if found is None else f"{100 * found.mean:.1f}"

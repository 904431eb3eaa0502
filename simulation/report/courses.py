"""The sections that look into one cell: a week of two sites, and where jobs ran."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from domain.units import W_PER_KW
from simulation.report.heatmap import Group, heatmap
from simulation.report.lines import Course, Panel, course_picture
from simulation.report.section import (
    OURS,
    Block,
    FigureTable,
    Section,
    TableRow,
    family_of,
    tone_of,
)
from simulation.results.results import CellResult, HourlySeries, RunResult, SiteLabel
from simulation.results.summary import BASELINE

_DAY_H, _WEEK_H = 24, 168
_WEEK = (
    "site",
    "policy",
    "heat kWh",
    "demand kWh",
    "boiler kWh",
    "dumped kWh",
    "mean °C",
    "hottest °C",
    "limit °C",
)

SiteTest = Callable[[SiteLabel], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A run with its series, beside the sites it is about."""

    cell: CellResult
    run: RunResult
    series: HourlySeries

    @property
    def title(self) -> str:
        return f"{self.cell.scenario}, {self.cell.season}, {self.run.policy}"


def week_section(cells: Sequence[CellResult]) -> Section | None:
    """A week of a pool and of a hot-water tank, under ours and under the baseline."""
    shown = [item for cell in _told_cells(cells) for item in _chosen_runs(cell)]
    pictures, rows = [], []
    for site_is in (_is_pool, _is_hot_water):
        for item in shown:
            index = _busiest_site(item, site_is)
            if index is not None:
                pictures.append(_week_picture(item, index))
                rows.append(_week_row(item, index))
    if not pictures:
        return None
    table = FigureTable(
        caption="The week in figures",
        columns=_WEEK,
        rows=tuple(rows),
    )
    return Section(
        anchor="week",
        title="A week of a pool and of a hot-water tank",
        says="A policy that knows when heat is wanted lets the water swing between what it must "
        "hold and its limit, and puts the heat in before it is drawn.",
        blocks=(Block(pictures=tuple(pictures), table=table),),
    )


def places_section(cells: Sequence[CellResult]) -> Section | None:
    """Where jobs ran, hour by hour, under ours and under the baseline."""
    shown = [item for cell in _told_cells(cells) for item in _chosen_runs(cell)]
    if not shown:
        return None
    kinds = [
        _kind_name(kind) for kind in dict.fromkeys(s.kind for i in shown for s in i.cell.sites)
    ]
    table = FigureTable(
        caption="Share of all cores that ran a job, %",
        columns=("cell", *kinds, "all"),
        rows=tuple(_busy_row(item, kinds) for item in shown),
    )
    pictures = tuple(heatmap(item.title, _groups(item)) for item in shown)
    return Section(
        anchor="places",
        title="Where jobs ran",
        says="A line is a site, from the left to the right the hours of the run. Sites of one "
        "kind stand together.",
        blocks=(Block(pictures=pictures, table=table),),
    )


def _told_cells(cells: Sequence[CellResult]) -> list[CellResult]:
    """Of each scenario the cell with series where ours and the baseline differ most."""
    best: dict[str, tuple[float, CellResult]] = {}
    for cell in cells:
        if any(run.series is not None for run in cell.runs):
            gap = _gap_kwh(cell)
            if cell.scenario not in best or gap > best[cell.scenario][0]:
                best[cell.scenario] = (gap, cell)
    return [cell for _, cell in best.values()]


def _gap_kwh(cell: CellResult) -> float:
    useful = [run.useful_kwh for run in _chosen(cell)]
    return abs(useful[0] - useful[-1]) if useful else 0.0


def _chosen(cell: CellResult) -> list[RunResult]:
    """Ours, or else the best there is; and the baseline where it ran."""
    with_series = [run for run in cell.runs if run.series is not None]
    of_ours = [run for run in with_series if family_of(run.policy) == OURS]
    ours = next((run for run in of_ours if run.policy == OURS), next(iter(of_ours), None))
    if ours is None and with_series:
        ours = max(with_series, key=lambda run: run.useful_kwh)
    baseline = next((run for run in with_series if run.policy == BASELINE), None)
    others = (baseline,) if baseline is not ours else ()
    return [run for run in (ours, *others) if run is not None]


def _chosen_runs(cell: CellResult) -> list[_Shown]:
    return [
        _Shown(cell=cell, run=run, series=run.series)
        for run in _chosen(cell)
        if run.series is not None
    ]


def _is_pool(site: SiteLabel) -> bool:
    return "pool" in site.kind


def _is_hot_water(site: SiteLabel) -> bool:
    return "pool" not in site.kind and "building" not in site.kind


def _busiest_site(item: _Shown, site_is: SiteTest) -> int | None:
    """The site of this kind that got most heat under ours: the same for every policy of a cell."""
    reference = _chosen_runs(item.cell)[0].series.heat_w.mean(axis=0)
    found = [index for index, site in enumerate(item.cell.sites) if site_is(site)]
    return max(found, key=lambda index: float(reference[index]), default=None)


def _week(item: _Shown) -> slice:
    """Seven whole days in the middle of the run, or all of a shorter one."""
    hours = len(item.series.water_temp_c)
    start = max((hours - _WEEK_H) // 2 // _DAY_H * _DAY_H, 0)
    return slice(start, min(start + _WEEK_H, hours))


def _week_picture(item: _Shown, index: int) -> Markup:
    site, week = item.cell.sites[index], _week(item)
    water = item.series.water_temp_c[week, index]
    level = np.ones_like(water)
    temperatures = Panel(
        says="water, °C",
        courses=(
            Course(name="limit", values=site.limit_temp_c * level, tone="limit"),
            Course(name="water", values=water, tone="water"),
            Course(name="set", values=site.set_temp_c * level, tone="set"),
        ),
    )
    powers = [("heat", item.series.heat_w, "heat"), ("demand", item.series.demand_w, "demand")]
    if item.series.dumped_w[week, index].any():
        powers.append(("dumped", item.series.dumped_w, "dumped"))
    heat = Panel(
        says="kW",
        is_from_zero=True,
        courses=tuple(
            Course(name=name, values=values[week, index] / W_PER_KW, tone=tone)
            for name, values, tone in powers
        ),
    )
    return course_picture(f"{site.name} ({item.title})", (temperatures, heat))


def _week_row(item: _Shown, index: int) -> TableRow:
    site, week, series = item.cell.sites[index], _week(item), item.series
    water = series.water_temp_c[week, index]
    sums = [
        _kwh(values[week, index])
        for values in (series.heat_w, series.demand_w, series.backup_w, series.dumped_w)
    ]
    levels = [f"{value:.2f}" for value in (water.mean(), water.max(), site.limit_temp_c)]
    where = f"{site.name}, {item.cell.scenario} {item.cell.season}"
    return TableRow(cells=(where, item.run.policy, *sums, *levels), tone=tone_of(item.run.policy))


def _kwh(hourly_w: NDArray[np.float64]) -> str:
    return f"{float(hourly_w.sum()) / W_PER_KW:,.0f}".replace(",", "\u202f")


def _groups(item: _Shown) -> list[Group]:
    kinds: dict[str, list[int]] = {}
    for index, site in enumerate(item.cell.sites):
        kinds.setdefault(_kind_name(site.kind), []).append(index)
    return [
        Group(name=kind, busy_frac=item.series.busy_frac[:, indexes])
        for kind, indexes in kinds.items()
    ]


def _busy_row(item: _Shown, kinds: Sequence[str]) -> TableRow:
    """Shares of cores, weighted by the power of a site, which its cores follow."""
    weights = np.array([site.max_power_w for site in item.cell.sites])
    busy = item.series.busy_frac.mean(axis=0)
    shares = []
    for kind in kinds:
        of_kind = np.array([_kind_name(site.kind) == kind for site in item.cell.sites])
        shares.append(
            f"{100 * _mean(busy[of_kind], weights[of_kind]):.0f}" if of_kind.any() else "-"
        )
    whole = f"{100 * _mean(busy, weights):.0f}"
    return TableRow(cells=(item.title, *shares, whole), tone=tone_of(item.run.policy))


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values, weights=weights))


def _kind_name(kind: str) -> str:
    return kind.replace("_", " ")

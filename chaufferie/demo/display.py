"""A demonstration while it runs: tables that change on a terminal, else a line for each event."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chaufferie.demo.course import Course, Followed
from chaufferie.sdk.fleet import SiteView
from chaufferie.up.embedded import Running
from chaufferie.up.sites import TIME_FACTOR
from domain.jobs.job import JobState

_BAR_CELLS = 24
_COLDEST_SHOWN_C = 10.0
_STYLES = {
    JobState.QUEUED: "dim",
    JobState.ASSIGNED: "cyan",
    JobState.RUNNING: "bold yellow",
    JobState.SUCCEEDED: "green",
    JobState.FAILED: "bold red",
}


class Display:
    """What a person sees until the report."""

    def __init__(self, running: Running) -> None:
        """Write to standard output."""
        self.console = Console(highlight=False)
        self._running = running
        self._live: Live | None = None
        self._told: dict[int, JobState] = {}

    def __enter__(self) -> Self:
        """Begin."""
        cores = self._running.machine.cores
        self.console.print(
            f"{len(self._running.sites)} sites with simulated boilers, at {TIME_FACTOR:g} times "
            f"real time. This machine's {cores} core{'s' if cores > 1 else ''} "
            f"{'are' if cores > 1 else 'is'} advertised on every node, and shared."
        )
        if self.console.is_terminal:
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, course: Course) -> None:
        """Show how far it has gone."""
        if self._live is not None:
            self._live.update(Group(_jobs_table(course), _sites_table(course)))
            return
        for line in self._news(course):
            self.console.print(line, soft_wrap=True)

    def _news(self, course: Course) -> Iterator[str]:
        for item in course.jobs:
            state = item.state
            if self._told.get(item.job.id) == state or state is JobState.ASSIGNED:
                continue
            self._told[item.job.id] = state
            yield f"job {item.job.id} ({item.what.title}) {state.value}{_detail(item)}"


def _detail(item: Followed) -> str:
    if item.state is JobState.RUNNING:
        return f": {item.why}"
    if item.state is JobState.QUEUED and item.what.is_flexible:
        return ": flexible, may wait for heat"
    return ""


def _jobs_table(course: Course) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("job", "what", "type", "state", "where"):
        table.add_column(heading, no_wrap=True)
    for item in course.jobs:
        table.add_row(
            str(item.job.id),
            item.what.title,
            "flex" if item.what.is_flexible else "on demand",
            Text(item.state.value, style=_STYLES.get(item.state, "")),
            str(item.document.get("site") or ""),
        )
    return table


def _sites_table(course: Course) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("site", "water", "", "wants", "register (simulated)"):
        table.add_column(heading, no_wrap=True)
    for site in course.sites:
        table.add_row(
            site.name,
            "" if site.water_temp_c is None else f"{site.water_temp_c:.1f} °C",
            water_bar(site),
            "" if site.heat_demand_w is None else f"{site.heat_demand_w / 1000:.1f} kW",
            "" if site.heat_register_wh is None else f"{site.heat_register_wh / 1000:.2f} kWh",
        )
    return table


def water_bar(site: SiteView) -> Text:
    """How warm the water is on the way to its limit."""
    if site.water_temp_c is None or site.limit_temp_c is None:
        return Text()
    span_c = site.limit_temp_c - _COLDEST_SHOWN_C
    frac = min(1.0, max(0.0, (site.water_temp_c - _COLDEST_SHOWN_C) / span_c))
    cells = round(frac * _BAR_CELLS)
    bar = Text("█" * cells, style=f"rgb({int(60 + 190 * frac)},90,{int(220 - 180 * frac)})")
    return bar.append("░" * (_BAR_CELLS - cells), style="dim")

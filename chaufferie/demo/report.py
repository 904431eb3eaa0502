"""The report at the end of a demonstration: where, why, and what the meters say."""

from collections.abc import Iterator
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from chaufferie.demo.course import Course, Followed
from chaufferie.sdk.fleet import HeatTotal, SiteHeat
from chaufferie.sdk.job import describe_end
from chaufferie.up.embedded import Running
from chaufferie.up.sites import TIME_FACTOR
from chaufferie.up.typed import typed_command
from domain.jobs.job import JobState
from domain.units import WH_PER_KWH

#: The width of a report that goes to a file or a pipe, where nobody says how wide it may be.
_PLAIN_WIDTH = 132


def report(console: Console, course: Course, running: Running, pictures: Path) -> None:
    """Print it."""
    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)
    console.print()
    console.print(_jobs(course))
    console.print(_heat(course))
    for line in _findings(course, running, pictures):
        console.print(line, soft_wrap=True)
    console.print()
    console.print(_next_steps(console))


def _jobs(course: Course) -> Table:
    table = Table(title="Jobs: which went where, and why", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("job", justify="right")
    table.add_column("what", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_column("ran", justify="right", no_wrap=True)
    table.add_column("where", no_wrap=True)
    table.add_column("why there")
    for item in course.jobs:
        table.add_row(
            str(item.job.id),
            item.what.title,
            "flex" if item.what.is_flexible else "on demand",
            _ran(item),
            str(item.document.get("site") or "nowhere"),
            item.why if item.state is JobState.SUCCEEDED else describe_end(item.document),
        )
    return table


def _ran(item: Followed) -> str:
    attempts = item.document.get("attempts") or ()
    wall_s = attempts[-1].get("wall_s") if attempts else None
    return "" if wall_s is None else f"{wall_s:.1f} s"


def _heat(course: Course) -> Table:
    title = "Heat: from the registers of the meters (simulated)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_footer=True)
    total = HeatTotal() if course.heat is None else course.heat.total
    table.add_column("site", "all sites", no_wrap=True)
    for heading, foot in (
        ("water before", ""),
        ("after", ""),
        ("heat register from", ""),
        ("to", ""),
        ("into the water", _kwh(total.heat_wh)),
        ("electricity", _kwh(total.electricity_wh)),
        ("ERF", _frac(total.erf)),
    ):
        table.add_column(heading, foot, justify="right", no_wrap=True)
    after = {site.site_id: site for site in course.sites}
    before = {site.site_id: site for site in course.sites_before}
    for heat in () if course.heat is None else course.heat.sites:
        first, last = before.get(heat.site_id), after.get(heat.site_id)
        table.add_row(
            heat.name,
            _celsius(None if first is None else first.water_temp_c),
            _celsius(None if last is None else last.water_temp_c),
            *_meter_cells(heat),
        )
    return table


def _meter_cells(heat: SiteHeat) -> tuple[str, ...]:
    return (
        _kwh(heat.first_index_wh),
        _kwh(heat.last_index_wh),
        _kwh(heat.heat_wh),
        _kwh(heat.electricity_wh),
        _frac(heat.erf),
    )


def _findings(course: Course, running: Running, pictures: Path) -> Iterator[str]:
    yield (
        f"The boilers are simulated at {TIME_FACTOR:g} times real time, their power follows the "
        f"CPU that the jobs really used; the {running.machine.cores} cores of this machine were "
        "shared by all nodes."
    )
    yield "ERF, the energy reuse factor: heat into the water for each kWh of electricity."
    if course.first_result_s is not None:
        yield f"First result {course.first_result_s:.1f} s after the start."
    spared = _spared(course)
    if spared:
        yield spared
    drawn = [item for item in course.jobs if item.picture is not None]
    if drawn:
        yield f"{len(drawn)} pictures of the flow are in {pictures}"


def _spared(course: Course) -> str | None:
    """Where no job went, if the water was warm there: what placing by heat avoids."""
    chosen = {item.document.get("site") for item in course.jobs}
    warm = [
        f"{site.name} ({_celsius(site.water_temp_c)})"
        for site in course.sites_before
        if site.name not in chosen and site.water_temp_c is not None
    ]
    if not warm or len(warm) == len(course.sites_before):
        return None
    return f"No job went to {', '.join(warm)}: others wanted the heat more."


def _next_steps(console: Console) -> Panel | str:
    command = typed_command()
    text = (
        "make up                                      the same, to stay, with a page to look at\n"
        f"{command} submit -- sleep 10      then submit something of your own\n"
        f"{command} explain JOB             and ask why it is where it is"
    )
    if console.is_terminal:
        return Panel(text, title="How to go on", title_align="left", expand=False)
    return "How to go on:\n" + text


def _celsius(temp_c: float | None) -> str:
    return "" if temp_c is None else f"{temp_c:.1f} °C"


def _kwh(energy_wh: float | None) -> str:
    return "" if energy_wh is None else f"{energy_wh / WH_PER_KWH:.2f} kWh"


def _frac(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"

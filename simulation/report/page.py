"""The page: sections put into the template, with the style sheet and every picture inside."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulation.report.comparison import (
    bound_section,
    comfort_section,
    heat_section,
    waiting_section,
    waste_section,
)
from simulation.report.courses import places_section, week_section
from simulation.report.section import Section
from simulation.results.results import CellResult
from simulation.results.summary import SeasonSummary, oracle_percent, summarise
from simulation.results.table import best_policy, with_interval

PAGE = "index.html"
_STYLE = Path(__file__).parent / "templates" / "report.css"


def write_report(directory: Path, cells: Sequence[CellResult], alarms: Sequence[str] = ()) -> Path:
    """Write ``index.html`` into the directory, made where it is not there; raises ``OSError``.

    ``alarms`` are sentences about cells that failed; they stand above everything else.
    """
    directory.mkdir(parents=True, exist_ok=True)
    page = directory / PAGE
    page.write_text(page_of(cells, alarms), encoding="utf-8")
    return page


def page_of(cells: Sequence[CellResult], alarms: Sequence[str] = ()) -> str:
    """The whole page as text; the same cells give the same page."""
    seasons = summarise(cells)
    environment = Environment(
        loader=PackageLoader("simulation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    scenarios = list(dict.fromkeys(season.scenario for season in seasons))
    return environment.get_template("report.html.j2").render(
        title=f"Chaufferie simulated: {', '.join(scenarios)}",
        style=Markup(_STYLE.read_text(encoding="utf-8")),  # noqa: S704 - our own file
        summary=[_told(season) for season in seasons],
        alarms=alarms,
        sections=_sections(seasons, cells),
    )


def _sections(seasons: Sequence[SeasonSummary], cells: Sequence[CellResult]) -> list[Section]:
    found = (
        heat_section(seasons),
        waiting_section(seasons),
        waste_section(seasons),
        week_section(cells),
        places_section(cells),
        bound_section(seasons),
        comfort_section(seasons),
    )
    return [section for section in found if section is not None]


def _told(season: SeasonSummary) -> str:
    best = season.named(best_policy(season))
    if best is None:
        return ""
    seeds = len(best.runs)
    words = f"{season.scenario}, {season.season}: most useful heat by {best.policy}"
    share = best.over(oracle_percent)
    if share is not None:
        words += f", {with_interval(share)} % of the oracle"
    return f"{words} ({seeds} seed{'s' if seeds > 1 else ''})."

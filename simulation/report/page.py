"""The page: sections put into the template, with the style sheets and every picture inside.

Each picture stands beside the page too, as a file of its own for slides and documents.
"""

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
from simulation.report.svg import standing_alone
from simulation.results.results import CellResult
from simulation.results.summary import SeasonSummary, oracle_percent, summarise
from simulation.results.table import best_policy, with_interval

PAGE = "index.html"
_STYLES = Path(__file__).parent / "templates"


def write_report(directory: Path, cells: Sequence[CellResult], alarms: Sequence[str] = ()) -> Path:
    """Write ``index.html`` into the directory, made where it is not there; raises ``OSError``.

    Beside it stand its pictures: ``heat-1.svg`` is the first of the section ``heat``. ``alarms``
    are sentences about cells that failed; they stand above everything else.
    """
    seasons = summarise(cells)
    sections = _sections(seasons, cells)
    directory.mkdir(parents=True, exist_ok=True)
    page = directory / PAGE
    page.write_text(_page(seasons, sections, alarms), encoding="utf-8")
    for section in sections:
        pictures = [picture for block in section.blocks for picture in block.pictures]
        for place, picture in enumerate(pictures, start=1):
            alone = standing_alone(picture, _style("picture"))
            (directory / f"{section.anchor}-{place}.svg").write_text(alone, encoding="utf-8")
    return page


def page_of(cells: Sequence[CellResult], alarms: Sequence[str] = ()) -> str:
    """The whole page as text; the same cells give the same page."""
    seasons = summarise(cells)
    return _page(seasons, _sections(seasons, cells), alarms)


def _page(
    seasons: Sequence[SeasonSummary], sections: Sequence[Section], alarms: Sequence[str]
) -> str:
    environment = Environment(
        loader=PackageLoader("simulation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    scenarios = list(dict.fromkeys(season.scenario for season in seasons))
    return environment.get_template("report.html.j2").render(
        title=f"Chaufferie simulated: {', '.join(scenarios)}",
        style=_style("picture") + _style("page"),
        summary=[_told(season) for season in seasons],
        alarms=alarms,
        sections=sections,
    )


def _style(name: str) -> Markup:
    text = (_STYLES / f"{name}.css").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own file


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

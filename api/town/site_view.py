"""A site as a page shows it: in a list, and as charts."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.pages.charts import Chart, chart
from api.pages.words import Words
from api.town.figures import SiteFigures
from domain.calendar.paris_days import Period
from domain.towns.collectivities import Place
from domain.units import WH_PER_KWH


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """A site in the list of sites."""

    site_id: int
    number: int  #: As on the map.
    name: str
    collectivity: str
    place: Place | None
    figures: SiteFigures  #: Of the month that runs.


def site_charts(words: Words, period: Period, found: SiteFigures) -> Mapping[str, Chart | None]:
    """Heat against demand, and the temperature of the water, over the steps of a period."""
    labels = [words.step(period.span, step.from_s) for step in period.steps]
    rest = [None] * (len(labels) - len(found.steps))  # what has not begun
    heat = [_kwh(step.heat_wh) for step in found.steps]
    demand = [_kwh(step.demand_wh) for step in found.steps]
    water = [step.water_temp_c for step in found.steps]
    return {
        "heat": chart(labels, bars=[*heat, *rest], line=[*demand, *rest], from_zero=True),
        "water": chart(labels, bars=[], line=[*water, *rest], from_zero=False),
    }


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else energy_wh / WH_PER_KWH

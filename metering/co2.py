"""Carbon dioxide of electricity, by factor sets that name their source and their year.

No heat is deducted: what a boiler would have emitted in its place stands in another account.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files

from domain.units import G_PER_KG

DEFAULT_SET = "ademe-base-empreinte"
_GRAM = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Emissions of a kilowatt-hour in one year, and who says so."""

    set_id: str
    title: str
    source: str
    is_checked: bool  #: Whether the value was read in the source itself.
    year: int
    g_per_kwh: Decimal

    def co2_kg(self, energy_kwh: Decimal) -> Decimal:
        """Emissions of this much electricity [kg], to the gram."""
        return (energy_kwh * self.g_per_kwh / G_PER_KG).quantize(_GRAM, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSet:
    """Factors of one method, by year."""

    by_year: Mapping[int, Factor]

    def of(self, year: int) -> Factor:
        """The factor of a year; else that of the nearest year before, else the first."""
        known = [item for item in sorted(self.by_year) if item <= year]
        return self.by_year[known[-1] if known else min(self.by_year)]


def factor_sets() -> dict[str, FactorSet]:
    """Every set that is shipped, by its name."""
    text = files("metering").joinpath("co2_factors.toml").read_text(encoding="utf-8")
    found = {}
    for item in tomllib.loads(text, parse_float=Decimal)["set"]:
        words = {key: item[key] for key in ("title", "source", "is_checked")}
        found[item["id"]] = FactorSet(
            by_year={
                int(year): Factor(set_id=item["id"], year=int(year), g_per_kwh=value, **words)
                for year, value in item["g_per_kwh"].items()
            }
        )
    return found

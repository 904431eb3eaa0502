"""What backup boilers burn and emit: sets of factors, each with its source."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

DEFAULT_BOILER = "gas-dpe-2021"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerFactor:
    """What a backup boiler burns and emits, and who says so."""

    set_id: str
    title: str
    source: str
    is_checked: bool
    efficiency: float  #: Heat for each kWh of fuel.
    g_per_kwh: float  #: CO2e for each kWh of fuel.


def boiler_factors() -> dict[str, BoilerFactor]:
    """Every set that is shipped, by its name."""
    text = files("metering").joinpath("boiler_factors.toml").read_text(encoding="utf-8")
    return {
        item["id"]: BoilerFactor(
            set_id=item["id"],
            title=item["title"],
            source=item["source"],
            is_checked=item["is_checked"],
            efficiency=item["efficiency"],
            g_per_kwh=float(item["g_per_kwh"]),
        )
        for item in tomllib.loads(text)["set"]
    }

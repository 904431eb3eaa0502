"""The balance of a site over a period: what its meters counted, and what follows from that.

Whatever nobody measured is None, with a sentence that says why: an indicator that was guessed
would be believed. Useful and dumped heat are estimates and are called so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.units import G_PER_KG, HOUR_S, WH_PER_KWH
from metering.boiler_factors import BoilerFactor
from metering.indicators import ere, erf, pue

#: A period counts as measured where its edges lie no further from a reading than this allows.
_ALL_OF_IT = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person told of a site that no meter of ours counts."""

    it_share: float | None = None  #: Servers' share of the electricity of the site's meters.
    it_share_source: str = ""
    water_l_per_kwh: float | None = None  #: Water consumed for each kWh of the servers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Rows of heat meters in a period that wait for a person's decision."""

    cases: int = 0
    most_wh: int | None = 0  #: Heat that is counted nowhere because of them; None = unknown.

    def and_also(self, other: "Quarantine") -> "Quarantine":
        """Both together."""
        is_known = self.most_wh is not None and other.most_wh is not None
        most_wh = (self.most_wh or 0) + (other.most_wh or 0) if is_known else None
        return Quarantine(cases=self.cases + other.cases, most_wh=most_wh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the instruments of a site said of a period."""

    begin_s: float
    end_s: float
    heat_wh: int | None  #: Differences of registers; None where one is missing or in doubt.
    electricity_wh: int | None
    tolerance_frac: float | None  #: The largest of its heat meters; None where one was not told.
    demand_wh: float | None  #: Hourly samples of the demand, integrated.
    supply_temp_c: float | None  #: Mean of hourly samples of the coolant that leaves.
    it_power_w: float  #: Of all machines at full load.
    time_factor: float  #: Seconds of a simulated plant for one of the clock.
    is_simulated: bool
    measured_s: float  #: How long of it the power meters tell of, by power of their machines.
    quarantine: Quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The balance; None for what cannot be said, and why in ``gaps``."""

    metered_heat_kwh: float | None
    tolerance_kwh: float | None  #: Plus or minus, by the class of the meter.
    quarantined_heat_kwh_at_most: float | None  #: In no other figure; None = unknown.
    useful_heat_kwh_estimate: float | None
    dumped_heat_kwh_estimate: float | None
    demand_kwh_estimate: float | None
    coverage_frac: float | None
    electricity_kwh: float | None
    it_electricity_kwh: float | None
    pue: float | None
    erf: float | None
    ere: float | None
    wue_l_per_kwh: float | None
    capacity_factor: float | None
    measured_frac: float  #: Share of the period that the power meters tell of.
    boiler_kwh_avoided: float | None
    co2_kg_avoided: float | None  #: Heat as a by-product that costs nothing.
    co2_kg_avoided_net: float | None  #: Less what the electricity emitted.
    supply_temp_c: float | None
    it_power_kw: float
    is_simulated: bool
    gaps: Mapping[str, str]


def balance_of(
    measured: Measured, told: Told, boiler: BoilerFactor, electricity_g_per_kwh: float
) -> Balance:
    """All indicators of a site, or of a fleet as a whole."""
    heat_wh, electricity_wh = measured.heat_wh, measured.electricity_wh
    it_wh = None
    if electricity_wh is not None and told.it_share is not None:
        it_wh = round(electricity_wh * told.it_share)
    useful_wh = _useful_wh(measured)
    avoided_kwh = None if useful_wh is None else useful_wh / WH_PER_KWH / boiler.efficiency
    avoided_kg = None if avoided_kwh is None else avoided_kwh * boiler.g_per_kwh / G_PER_KG
    emitted_kg = None
    if electricity_wh is not None:
        emitted_kg = electricity_wh / WH_PER_KWH * electricity_g_per_kwh / G_PER_KG
    both = heat_wh is not None and electricity_wh is not None
    return Balance(
        metered_heat_kwh=_kwh(heat_wh),
        tolerance_kwh=None
        if heat_wh is None or measured.tolerance_frac is None
        else heat_wh * measured.tolerance_frac / WH_PER_KWH,
        quarantined_heat_kwh_at_most=_kwh(measured.quarantine.most_wh),
        useful_heat_kwh_estimate=_kwh(useful_wh),
        dumped_heat_kwh_estimate=None
        if heat_wh is None or useful_wh is None
        else (heat_wh - useful_wh) / WH_PER_KWH,
        demand_kwh_estimate=_kwh(measured.demand_wh),
        coverage_frac=None
        if useful_wh is None or not measured.demand_wh
        else useful_wh / measured.demand_wh,
        electricity_kwh=_kwh(electricity_wh),
        it_electricity_kwh=_kwh(it_wh),
        pue=None if electricity_wh is None or it_wh is None else pue(electricity_wh, it_wh),
        erf=erf(heat_wh or 0, electricity_wh or 0) if both else None,
        ere=ere(heat_wh or 0, electricity_wh or 0, it_wh) if both and it_wh is not None else None,
        wue_l_per_kwh=told.water_l_per_kwh,
        capacity_factor=_capacity(measured),
        measured_frac=measured.measured_s / (measured.end_s - measured.begin_s),
        boiler_kwh_avoided=avoided_kwh,
        co2_kg_avoided=avoided_kg,
        co2_kg_avoided_net=None
        if avoided_kg is None or emitted_kg is None
        else avoided_kg - emitted_kg,
        supply_temp_c=measured.supply_temp_c,
        it_power_kw=measured.it_power_w / 1000.0,
        is_simulated=measured.is_simulated,
        gaps=_gaps(measured, told),
    )


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else energy_wh / WH_PER_KWH


def _useful_wh(measured: Measured) -> float | None:
    """Heat that found a demand: no more than was metered, and no more than was wanted."""
    if measured.heat_wh is None or measured.demand_wh is None:
        return None
    return min(float(max(measured.heat_wh, 0)), measured.demand_wh)


def _capacity(measured: Measured) -> float | None:
    """Electricity over what the machines would take at full load in the time that was measured."""
    hours = measured.measured_s * measured.time_factor / HOUR_S
    most_wh = measured.it_power_w * hours
    if measured.electricity_wh is None or most_wh <= 0:
        return None
    return measured.electricity_wh / most_wh


def _gaps(measured: Measured, told: Told) -> dict[str, str]:
    """What is missing, by the name of what it keeps from being said."""
    found = {}
    if measured.heat_wh is None:
        found["metered_heat_kwh"] = "A heat meter has no index for this period, or one in doubt."
    if measured.quarantine.cases:
        found["quarantined_heat_kwh_at_most"] = _waiting(measured.quarantine)
    if measured.electricity_wh is None:
        found["electricity_kwh"] = "A power meter has no index for this period, or one in doubt."
    if measured.tolerance_frac is None:
        found["tolerance_kwh"] = "Nobody told the class of the heat meter (`meter describe`)."
    if told.it_share is None:
        found["pue"] = (
            "No meter counts the servers apart from the site, and nobody told their share; so PUE "
            "and ERE are not known."
        )
    if told.water_l_per_kwh is None:
        found["wue_l_per_kwh"] = "No water meter is known, and nobody told what is consumed."
    if measured.demand_wh is None:
        found["useful_heat_kwh_estimate"] = "No reading tells the demand of this period."
    if measured.measured_s < (measured.end_s - measured.begin_s) * _ALL_OF_IT:
        share = measured.measured_s / (measured.end_s - measured.begin_s)
        found["measured_frac"] = (
            f"Power meters tell of {share:.1%} of the period; the capacity factor is of that time."
        )
    return found


def _waiting(quarantine: Quarantine) -> str:
    """Heat that is shown nowhere else, in a sentence."""
    most_wh = quarantine.most_wh
    much = "an unknown amount" if most_wh is None else f"{most_wh / WH_PER_KWH:.3f} kWh at most"
    cases = "1 case" if quarantine.cases == 1 else f"{quarantine.cases} cases"
    return f"In quarantine, and in no figure: {much} of heat, in {cases} (`quarantine list`)."

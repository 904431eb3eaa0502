"""Indicators of sites and of the fleet over a period, from meters, samples and what was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import reduce
from statistics import fmean
from typing import Any

from api.billing.operator_file import OperatorFile
from api.fleet.heat import heat_report
from domain.calendar.months import month_of, year_of
from domain.registers.register import MeterKind
from domain.units import HOUR_S
from metering.balance import Balance, Measured, Quarantine, Told, balance_of
from metering.evidence import bar_th_170, eu_2024_1364
from metering.keeping.standing import quarantined
from store.fleet import site_queries
from store.fleet.hourly_samples import HourlySample, hourly_samples
from store.fleet.site_queries import NodeRow
from store.ledger.meters import known_meters
from store.rows import Connection

MEANINGS: Mapping[str, str] = {
    "metered_heat_kwh": "Heat handed over, a difference of register indexes: E_REUSE.",
    "tolerance_kwh": "Permissible error of the heat meter's class, plus or minus.",
    "useful_heat_kwh_estimate": "Heat that found a demand: no more than was metered, and no more "
    "than the demand in the hours that told it, by a sample each. An estimate.",
    "dumped_heat_kwh_estimate": "Metered heat less useful heat. An estimate.",
    "coverage_frac": "Useful heat over demand.",
    "pue": "Electricity of the site over that of its servers (ISO/IEC 30134-2).",
    "erf": "Heat handed over, over electricity of the site (ISO/IEC 30134-6).",
    "ere": "Electricity not given back as heat, over that of the servers.",
    "wue_l_per_kwh": "Water consumed over electricity of the servers (ISO/IEC 30134-9).",
    "quarantined_heat_kwh_at_most": "Heat of rows in quarantine that no figure counts, at most.",
    "capacity_factor": "Electricity over that of all machines at full load in the measured time.",
    "measured_frac": "Share of the period that the power meters tell of.",
    "boiler_kwh_avoided": "Fuel that the backup boiler would have burnt for the useful heat.",
    "co2_kg_avoided": "Emissions of that fuel; the heat is taken as a by-product that costs none.",
    "co2_kg_avoided_net": "The same less the emissions of the electricity: the marginal account.",
}


def indicators(
    connection: Connection,
    only: Collection[int] | None,
    period: tuple[float, float],
    operator_file: OperatorFile,
    now_s: float,
) -> dict[str, Any]:
    """Every site, and all of them together; each with the exports that are made of it."""
    heat = {item["site_id"]: item for item in heat_report(connection, only, *period)["sites"]}
    samples = hourly_samples(connection, only, *period)
    nodes = site_queries.nodes(connection, only)
    tolerances = _tolerances(connection, only)
    waiting = quarantined(connection, only, period, now_s)
    electric = operator_file.co2.of(year_of(month_of(period[1])))
    sites, parts = [], []
    for row in site_queries.sites(connection, only):
        measured = _measured(
            heat[row.site_id],
            [item for item in samples if item.site_id == row.site_id],
            [item for item in nodes if item.site_id == row.site_id],
            period,
        )
        measured = replace(
            measured,
            tolerance_frac=tolerances.get(row.site_id),
            quarantine=waiting.get(row.site_id, Quarantine()),
        )
        told = operator_file.told.get(row.spec.name, Told())
        parts.append((measured, told))
        balance = balance_of(measured, told, operator_file.boiler, float(electric.g_per_kwh))
        sites.append({"site_id": row.site_id, "name": row.spec.name, **_view(balance)})
    fleet = balance_of(*_together(parts, period), operator_file.boiler, float(electric.g_per_kwh))
    return {
        "from_s": period[0],
        "to_s": period[1],
        "sites": sites,
        "fleet": _view(fleet),
        "boiler_factors": asdict(operator_file.boiler),
        "electricity_factor": {
            "set": electric.set_id,
            "year": electric.year,
            "g_per_kwh": float(electric.g_per_kwh),
            "title": electric.title,
            "source": electric.source,
            "is_checked": electric.is_checked,
        },
        "meanings": MEANINGS,
    }


def _view(balance: Balance) -> dict[str, Any]:
    return {
        **asdict(balance),
        "eu_2024_1364": [
            {"code": code, "value": value, "unit": unit}
            for code, value, unit in eu_2024_1364(balance)
        ],
        "evidence_for_bar_th_170": [asdict(item) for item in bar_th_170(balance)],
    }


def _tolerances(connection: Connection, only: Collection[int] | None) -> dict[int, float | None]:
    """The largest permissible error of each site's heat meters; None where one was not told."""
    found: dict[int, list[float | None]] = {}
    for known in known_meters(connection, only):
        if known.facts.kind is MeterKind.HEAT:
            found.setdefault(known.site_id, []).append(known.facts.tolerance_frac)
    return {
        site_id: None if None in told else max(item for item in told if item is not None)
        for site_id, told in found.items()
    }


def _measured(
    heat: Mapping[str, Any],
    samples: Sequence[HourlySample],
    nodes: Sequence[NodeRow],
    period: tuple[float, float],
) -> Measured:
    """What heat and demand say; tolerance and quarantine are known by site."""
    factor = max((item.spec.time_factor for item in nodes), default=1.0)
    return Measured(
        begin_s=period[0],
        end_s=period[1],
        heat_wh=heat["heat_wh"],
        electricity_wh=heat["electricity_wh"],
        tolerance_frac=None,
        demand_wh=_demand_wh(samples, period) if samples else None,
        supply_temp_c=fmean(item.supply_temp_c for item in samples) if samples else None,
        it_power_w=sum(item.spec.max_power_w for item in nodes),
        time_factor=factor,
        is_simulated=heat["is_simulated"],
        measured_s=_measured_s(heat["meters"], nodes, period),
        quarantine=Quarantine(),
    )


def _measured_s(
    entries: Sequence[Mapping[str, Any]], nodes: Sequence[NodeRow], period: tuple[float, float]
) -> float:
    """How long the power meters tell of: of each machine its own, else that of another here."""
    told_s: dict[str, float] = {}
    for item in entries:
        if item["kind"] == MeterKind.ELECTRICITY and item["first_at_s"] is not None:
            begin_s, end_s = max(item["first_at_s"], period[0]), min(item["last_at_s"], period[1])
            told_s[item["node"]] = max(told_s.get(item["node"], 0.0), end_s - begin_s)
    longest_s = max(told_s.values(), default=0.0)
    power_w = sum(item.spec.max_power_w for item in nodes)
    if power_w <= 0.0:
        return longest_s
    return sum(told_s.get(item.name, longest_s) * item.spec.max_power_w for item in nodes) / power_w


def _demand_wh(samples: Sequence[HourlySample], period: tuple[float, float]) -> float:
    """Demand over the hours in which it was told, and over no others."""
    by_hour: dict[int, list[float]] = {}
    for item in samples:
        by_hour.setdefault(item.hour, []).append(item.heat_demand_w * item.time_factor)
    told_wh = 0.0
    for hour, powers_w in by_hour.items():
        begin_s, end_s = max(hour * HOUR_S, period[0]), min((hour + 1) * HOUR_S, period[1])
        told_wh += fmean(powers_w) * (end_s - begin_s) / HOUR_S
    return told_wh


def _together(
    parts: Sequence[tuple[Measured, Told]], period: tuple[float, float]
) -> tuple[Measured, Told]:
    """The fleet as one site: sums where every site has a figure, none where one lacks it."""
    measured = [item for item, _ in parts]
    heat = [item.heat_wh for item in measured]
    electricity = [item.electricity_wh for item in measured]
    demand = [item.demand_wh for item in measured]
    tolerance = [item.tolerance_frac for item in measured]
    temps = [item.supply_temp_c for item in measured if item.supply_temp_c is not None]
    whole = Measured(
        begin_s=period[0],
        end_s=period[1],
        heat_wh=None if None in heat else sum(item for item in heat if item is not None),
        electricity_wh=None
        if None in electricity
        else sum(item for item in electricity if item is not None),
        tolerance_frac=None
        if None in tolerance or not tolerance
        else max(item for item in tolerance if item is not None),
        demand_wh=None if None in demand else sum(item for item in demand if item is not None),
        supply_temp_c=fmean(temps) if temps else None,
        it_power_w=sum(item.it_power_w for item in measured),
        time_factor=max((item.time_factor for item in measured), default=1.0),
        is_simulated=any(item.is_simulated for item in measured),
        measured_s=_mean_of(measured),
        quarantine=reduce(
            Quarantine.and_also, (item.quarantine for item in measured), Quarantine()
        ),
    )
    return whole, _told_together(parts, whole)


def _mean_of(measured: Sequence[Measured]) -> float:
    """Measured time of all, by power of their machines."""
    power_w = sum(item.it_power_w for item in measured)
    if power_w <= 0.0:
        return 0.0
    return sum(item.measured_s * item.it_power_w for item in measured) / power_w


def _told_together(parts: Sequence[tuple[Measured, Told]], whole: Measured) -> Told:
    """The servers' share and the water of all sites, weighted by their electricity."""
    if not parts or not whole.electricity_wh:
        return Told()
    shares = [told.it_share for _, told in parts]
    waters = [told.water_l_per_kwh for _, told in parts]
    weights = [item.electricity_wh or 0 for item, _ in parts]
    return replace(
        Told(),
        it_share=_weighted(shares, weights),
        water_l_per_kwh=_weighted(waters, weights),
    )


def _weighted(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    if None in values:
        return None
    pairs = zip(values, weights, strict=True)
    return sum((value or 0.0) * weight for value, weight in pairs) / sum(weights)

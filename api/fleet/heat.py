"""The heat of each site over a period, put together from its meters by the rules of metering."""

from collections.abc import Collection, Sequence
from typing import Any

from domain.refusal import Refused
from domain.registers.register import MeterKind
from metering.indicators import erf
from metering.keeping.accounts import energy_of, open_account
from metering.ledger.energy import EnergyBetween
from store.fleet import heat_queries, site_queries
from store.fleet.site_queries import NodeRow, SiteRow
from store.ledger.edge_rows import earliest_s
from store.ledger.meters import KnownMeter, known_meters
from store.rows import Connection

Period = tuple[float, float]  #: From one instant to another [Unix s].


def heat_report(
    connection: Connection, only: Collection[int] | None, from_s: float | None, to_s: float
) -> dict[str, Any]:
    """Heat and electricity of these sites (None = all), and their sum."""
    meters = known_meters(connection, only)
    nodes = site_queries.nodes(connection, only)
    sites = [
        _site(
            connection,
            row,
            [item for item in meters if item.site_id == row.site_id],
            [item for item in nodes if item.site_id == row.site_id],
            (from_s, to_s),
        )
        for row in site_queries.sites(connection, only)
    ]
    heat_wh = sum(site["heat_wh"] or 0 for site in sites)
    electricity_wh = sum(site["electricity_wh"] or 0 for site in sites)
    return {
        "sites": sites,
        "total": {
            "heat_wh": heat_wh,
            "electricity_wh": electricity_wh,
            "erf": erf(heat_wh, electricity_wh),
            "is_simulated": any(site["is_simulated"] for site in sites),
        },
    }


def _site(
    connection: Connection,
    row: SiteRow,
    meters: Sequence[KnownMeter],
    nodes: Sequence[NodeRow],
    period: tuple[float | None, float],
) -> dict[str, Any]:
    first_s = period[0]
    if first_s is None:
        first_s = earliest_s(connection, [item.facts.meter_id for item in meters])
    from_s = min(period[1] if first_s is None else first_s, period[1])
    entries = [_meter(connection, item, (from_s, period[1])) for item in meters]
    heat = [entry for entry in entries if entry["kind"] == MeterKind.HEAT]
    heat_wh = _sum(heat, "energy_wh")
    electric = [entry for entry in entries if entry["kind"] == MeterKind.ELECTRICITY]
    electricity_wh = _sum(electric, "energy_wh")
    first, last = heat_queries.edge_readings(
        connection, [node.node_id for node in nodes], from_s, period[1]
    )
    return {
        "site_id": row.site_id,
        "name": row.spec.name,
        "from_s": from_s,
        "to_s": period[1],
        "heat_wh": heat_wh,
        "electricity_wh": electricity_wh,
        "first_index_wh": _sum(heat, "first_index_wh"),
        "last_index_wh": _sum(heat, "last_index_wh"),
        "heat_meter_serial": ", ".join(item["serial"] for item in heat) or None,
        "is_simulated": any(item.facts.is_simulated for item in meters),
        "time_factor": None if last is None else last.time_factor,
        "erf": None if heat_wh is None or electricity_wh is None else erf(heat_wh, electricity_wh),
        "water_first_c": None if first is None else first.water_temp_c,
        "water_last_c": None if last is None else last.water_temp_c,
        "meters": entries,
    }


def _sum(entries: Sequence[dict[str, Any]], name: str) -> int | None:
    """The sum over meters; None where there is none, or where one of them is in doubt."""
    values = [entry[name] for entry in entries]
    return sum(values) if values and None not in values else None


def _meter(connection: Connection, item: KnownMeter, period: Period) -> dict[str, Any]:
    found = energy_of(connection, open_account(connection, item), period)
    shown: dict[str, Any] = {
        "serial": item.facts.serial,
        "kind": item.facts.kind.value,
        "node": item.node_name,
        "is_simulated": item.facts.is_simulated,
    }
    return shown | (_doubt(found) if isinstance(found, Refused) else _energy(found))


def _energy(found: EnergyBetween) -> dict[str, Any]:
    return {
        "energy_wh": found.energy_wh,
        "first_index_wh": found.first.index_wh,
        "last_index_wh": found.last.index_wh,
        "first_at_s": found.first.at_s,
        "last_at_s": found.last.at_s,
        "is_estimated": found.is_estimated,
        "doubt": None,
    }


def _doubt(refused: Refused) -> dict[str, Any]:
    names = (
        "energy_wh",
        "first_index_wh",
        "last_index_wh",
        "first_at_s",
        "last_at_s",
        "is_estimated",
    )
    return {**dict.fromkeys(names), "doubt": refused.sentence}

"""The heat of each site over a period, put together from its meters by the rules of metering."""

from collections.abc import Collection, Sequence
from typing import Any

from domain.refusal import Refused
from metering.indicators import erf
from metering.registers import EnergyBetween, Meter, RegisterRow, heat_between
from store.fleet import heat_queries, site_queries
from store.fleet.readings import ELECTRICITY, HEAT
from store.fleet.site_queries import MeterRow, NodeRow, SiteRow
from store.rows import Connection


def heat_report(
    connection: Connection, only: Collection[int] | None, from_s: float | None, to_s: float
) -> dict[str, Any]:
    """Heat and electricity of these sites (None = all), and their sum."""
    meters = site_queries.meters(connection, only)
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
    meters: Sequence[MeterRow],
    nodes: Sequence[NodeRow],
    period: tuple[float | None, float],
) -> dict[str, Any]:
    first_s = heat_queries.earliest_s(connection, meters) if period[0] is None else period[0]
    from_s = min(period[1] if first_s is None else first_s, period[1])
    entries = [_meter(connection, item, from_s, period[1]) for item in meters]
    heat = [entry for entry in entries if entry["kind"] == HEAT]
    heat_wh = _sum(heat, "energy_wh")
    electricity_wh = _sum([item for item in entries if item["kind"] == ELECTRICITY], "energy_wh")
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
        "is_simulated": any(item.is_simulated for item in meters),
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


def _meter(connection: Connection, item: MeterRow, from_s: float, to_s: float) -> dict[str, Any]:
    rows = [
        RegisterRow(epoch=epoch, seq=seq, taken_at_s=at_s, index_wh=index_wh)
        for epoch, seq, at_s, index_wh in heat_queries.edge_rows(
            connection, item.meter_id, from_s, to_s
        )
    ]
    meter = Meter(serial=item.serial, is_simulated=item.is_simulated)
    found = heat_between(rows, from_s, to_s, meter)
    shown: dict[str, Any] = {
        "serial": item.serial,
        "kind": item.kind,
        "node": item.node_name,
        "is_simulated": item.is_simulated,
    }
    return shown | (_doubt(found) if isinstance(found, Refused) else _energy(found))


def _energy(found: EnergyBetween) -> dict[str, Any]:
    return {
        "energy_wh": found.energy_wh,
        "first_index_wh": found.first.index_wh,
        "last_index_wh": found.last.index_wh,
        "first_at_s": found.first.taken_at_s,
        "last_at_s": found.last.taken_at_s,
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

"""Commands that look at sites, nodes and heat."""

from typing import Any

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import (
    AsJson,
    DataDir,
    FromTime,
    OneSite,
    ToTime,
    open_client,
)
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, say_json, say_table

_SIMULATED = "Marked *: of simulated meters, never billed."


def sites(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the sites, their water, the heat they want."""
    with open_client(data) as client:
        document = client.transport.get("/v1/sites")
    if as_json:
        say_json(document)
        return
    found = document["sites"]
    say_table(
        (
            "ID",
            "SITE",
            "NODES",
            "WATER C",
            "FLOOR C",
            "LIMIT C",
            "DEMAND kW",
            "HEADROOM kWh",
            "DELIVERED kWh",
            "READ AGO",
        ),
        (
            (
                site["site_id"],
                site["name"],
                len(site["nodes"]),
                quantities.celsius(site["water_temp_c"]),
                quantities.celsius(site["floor_temp_c"]),
                quantities.celsius(site["limit_temp_c"]),
                quantities.kw(site["heat_demand_w"]),
                quantities.kwh(site["headroom_wh"]),
                _marked(quantities.kwh(site["heat_delivered_wh"]), site),
                quantities.duration(site["reading_age_s"]),
            )
            for site in found
        ),
    )
    _say_simulated(found)


def nodes(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the nodes: the server-boilers and what they do."""
    with open_client(data) as client:
        document = client.transport.get("/v1/nodes")
    if as_json:
        say_json(document)
        return
    found = document["nodes"]
    say_table(
        (
            "ID",
            "NODE",
            "SITE",
            "STATE",
            "CORES",
            "FREE",
            "GPUS",
            "RUNNING",
            "POWER kW",
            "CAP",
            "WATER C",
            "CONTROL",
            "SEEN AGO",
        ),
        (
            (
                node["node_id"],
                node["name"],
                node["site"],
                node["state"],
                node["cores"],
                node["free_cores"],
                _counted(node["gpus"]),
                node["running"],
                quantities.kw(node["power_w"]),
                quantities.share(node["power_cap_frac"]),
                quantities.celsius(node["water_temp_c"]),
                node["control_state"],
                quantities.duration(node["last_seen_age_s"]),
            )
            for node in found
        ),
    )
    if any(node.get("cores_are_shared") for node in found):
        remark("Nodes of one machine share its cores.")


def _counted(models: list[str]) -> str | None:
    """``2 a100, 1 v100``; nothing where there is none."""
    each = dict.fromkeys(models, 0)
    for model in models:
        each[model] += 1
    return ", ".join(f"{count} {model}" for model, count in each.items()) or None


def profiles(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the programs for simulation, their versions, and which nodes have them."""
    with open_client(data) as client:
        document = client.transport.get("/v1/profiles")
    if as_json:
        say_json(document)
        return
    found = document["profiles"]
    say_table(
        ("PROFILE", "VERSION", "NODES", "COMMAND", "PROGRAM"),
        (
            (
                profile["name"],
                version["version"] or None,
                ", ".join(_with_state(node) for node in version["nodes"]),
                profile["command"] or None,
                profile["title"] or None,
            )
            for profile in found
            for version in profile["versions"]
        ),
    )
    if not found:
        remark("No node has told of a program yet.")


def _with_state(node: dict[str, Any]) -> str:
    state = "" if node["state"] == "up" else f" ({node['state']})"
    return f"{node['name']}{state}"


def heat(
    *,
    site: OneSite = None,
    begin: FromTime = None,
    end: ToTime = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the heat delivered, from the meters.

    Each figure is the difference of two indexes of the site's heat meter.
    """
    asked: dict[str, float | None] = {"from_s": begin, "to_s": end}
    with open_client(data) as client:
        asked["site_id"] = None if site is None else site_id_of(client, site)
        params = {key: value for key, value in asked.items() if value is not None}
        document = client.transport.get("/v1/heat", params)
    if as_json:
        say_json(document)
        return
    _say_heat(document["sites"], document["total"])


def _say_heat(found: list[dict[str, Any]], total: dict[str, Any]) -> None:
    rows = [
        (
            part["name"],
            quantities.clock(part["from_s"]),
            quantities.clock(part["to_s"]),
            quantities.kwh(part["first_index_wh"]),
            quantities.kwh(part["last_index_wh"]),
            _marked(quantities.kwh(part["heat_wh"]), part),
            quantities.kwh(part["electricity_wh"]),
            quantities.share(part["erf"]),
            part["heat_meter_serial"],
        )
        for part in found
    ]
    sums = (
        "all",
        "",
        "",
        "",
        "",
        _marked(quantities.kwh(total["heat_wh"]), *found),
        quantities.kwh(total["electricity_wh"]),
        quantities.share(total["erf"]),
        "",
    )
    say_table(
        (
            "SITE",
            "FROM",
            "TO",
            "FIRST INDEX",
            "LAST INDEX",
            "HEAT kWh",
            "ELECTRICITY kWh",
            "ERF",
            "METER",
        ),
        [*rows, sums],
    )
    _say_simulated(found)


def _marked(text: str | None, *measured: dict[str, Any]) -> str | None:
    """The figure, with a mark where any meter behind it is simulated."""
    is_simulated = any(part["is_simulated"] for part in measured)
    return f"{text}*" if text is not None and is_simulated else text


def _say_simulated(found: list[dict[str, Any]]) -> None:
    simulated = [part["time_factor"] for part in found if part["is_simulated"]]
    # Of a period in which nothing was told there is none.
    speeds = ", ".join(f"{factor:g}" for factor in sorted({*simulated} - {None}))
    pace = f" Their time runs {speeds} times as fast as the clock." if speeds else ""
    if simulated:
        remark(f"{_SIMULATED}{pace}")

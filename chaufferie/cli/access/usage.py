"""Commands on what was used and what it costs."""

import csv
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.instants import month_of
from chaufferie.cli.speaking.speech import remark, remarks, say_json, say_table
from chaufferie.sdk.errors import BadInputError
from domain.spreadsheet import harmless_cell

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

_PAGE = 1000
_COLUMNS = (
    "tenant",
    "month",
    "project",
    "is_simulated",
    "attempts",
    "core_hours",
    "kwh_estimate",
    "heat_kwh_estimate",
    "co2_kg_estimate",
    "co2_factor",
    "cost",
    "currency",
)
_SUMMED = ("attempts", "core_hours", "kwh_estimate", "heat_kwh_estimate", "co2_kg_estimate")


def usage(
    *,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")] = None,
    project: Annotated[
        str | None, typer.Option("--project", help='Only this project; "" for none.')
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="MONTH", parser=month_of, help="First month, like 2026-01."),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="MONTH", parser=month_of, help="Last month, itself counted."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show what was used by tenant, month and project, and what it costs."""
    if as_csv and as_json:
        raise BadInputError("--csv and --json are two forms of the same; give one of them.")
    asked = {"tenant": tenant, "project": project, "from_month": begin, "to_month": end}
    with open_client(data) as client:
        found = _all_pages(client, {key: word for key, word in asked.items() if word is not None})
    if as_json:
        say_json(found)
    elif as_csv:
        _write_csv(found)
    else:
        _say_usage(found)


def _all_pages(client: "Client", params: dict[str, Any]) -> dict[str, Any]:
    """Every page as one."""
    params = {**params, "limit": _PAGE}
    whole: dict[str, Any] = client.transport.get("/v1/usage", params)
    factors = {item["year"]: item for item in whole["co2_factors"]}
    after = whole.pop("next_after")
    while after is not None:
        page = client.transport.get("/v1/usage", {**params, "after": after})
        whole["usage"] += page["usage"]
        factors |= {item["year"]: item for item in page["co2_factors"]}
        after = page["next_after"]
    whole["co2_factors"] = [item for _, item in sorted(factors.items())]
    return whole


def _say_usage(found: Mapping[str, Any]) -> None:
    lines = found["usage"]
    currency = found["currency"]
    heads = ["TENANT", "MONTH", "PROJECT", "TRIES", "CORE-HOURS", "kWh EST.", "HEAT kWh EST."]
    heads += ["CO2 kg EST.", *([] if currency is None else [f"COST {currency}"])]
    rows = [_row(line, with_cost=currency is not None) for line in lines]
    if len(lines) > 1:
        rows.append(_row(_total(lines), with_cost=currency is not None))
    say_table(heads, rows)
    meanings = found["meanings"]
    said = [meanings["kwh_estimate"], meanings["heat_kwh_estimate"]]
    said += [_about(factor) for factor in found["co2_factors"]]
    if currency is not None:
        said.append(f"Cost: {meanings['cost']}")
    if lines:
        remarks(said)
    if any(line["is_simulated"] for line in lines):
        remark("Marked *: on nodes that heat simulated water; never billed.")


def _row(line: Mapping[str, Any], *, with_cost: bool) -> list[object]:
    mark = "*" if line["is_simulated"] else ""
    cells: list[object] = [line["tenant"], line["month"], line["project"], line["attempts"]]
    cells += [f"{line[key]:.3f}{mark}" for key in _SUMMED[1:]]
    if with_cost:
        cells.append(None if line["cost"] is None else f"{line['cost']}{mark}")
    return cells


def _total(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    costs = [Decimal(line["cost"]) for line in lines if line["cost"] is not None]
    return {
        "tenant": "all",
        "month": None,
        "project": None,
        "is_simulated": any(line["is_simulated"] for line in lines),
        **{key: sum(line[key] for line in lines) for key in _SUMMED},
        "cost": str(sum(costs, Decimal(0))) if costs else None,
    }


def _about(factor: Mapping[str, Any]) -> str:
    doubt = "" if factor["is_checked"] else " (not checked against its source)"
    return (
        f"CO2: {factor['g_per_kwh']:g} g/kWh, {factor['title']}; {factor['source']}, "
        f"{factor['year']}{doubt}. Nothing is deducted for heat."
    )


def _write_csv(found: Mapping[str, Any]) -> None:
    """RFC 4180 with a point in numbers; text that a spreadsheet would execute gets a quote."""
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for line in found["usage"]:
        cells = {**line, "currency": found["currency"]}
        writer.writerow([harmless_cell(cells[column]) for column in _COLUMNS])


def prices(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show what computing costs, from which month on."""
    with open_client(data) as client:
        document = client.transport.get("/v1/prices")
    if as_json:
        say_json(document)
        return
    currency = document["currency"] or ""
    say_table(
        ("FROM", "FLEX", "ONDEMAND", "RESERVED", "kWh"),
        (
            (item["from_month"], *item["core_hour"].values(), item["kwh"])
            for item in document["prices"]
        ),
    )
    if not document["prices"]:
        remark("Computing has no price here.")
        return
    remark(f"{currency} for a core-hour of each type, and for a kWh. {document['meaning']}")
    if document["large_submit"] is not None:
        remark(f"A submission of {document['large_submit']} {currency} or more is announced.")

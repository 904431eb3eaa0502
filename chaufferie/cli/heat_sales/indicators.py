"""The command on indicators of sites: how well their electricity became useful heat."""

import csv
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, OneSite, open_client
from chaufferie.cli.speaking.instants import past_instant_s
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, remarks, say, say_json, say_table
from chaufferie.sdk.errors import BadInputError
from domain.spreadsheet import harmless


class Export(StrEnum):
    """What else than a table is made of the indicators."""

    EU = "eu-2024-1364"
    BAR_TH_170 = "bar-th-170"


_COLUMNS = (
    ("HEAT kWh", "metered_heat_kwh", 3),
    ("+- kWh", "tolerance_kwh", 3),
    ("USEFUL EST.", "useful_heat_kwh_estimate", 3),
    ("DUMPED EST.", "dumped_heat_kwh_estimate", 3),
    ("COVERAGE", "coverage_frac", 3),
    ("ELEC. kWh", "electricity_kwh", 3),
    ("PUE", "pue", 3),
    ("ERF", "erf", 3),
    ("ERE", "ere", 3),
    ("WUE", "wue_l_per_kwh", 3),
    ("CAPACITY", "capacity_factor", 3),
    ("MEASURED", "measured_frac", 3),
    ("QUARANTINE kWh", "quarantined_heat_kwh_at_most", 3),
    ("BOILER kWh", "boiler_kwh_avoided", 3),
    ("CO2 kg", "co2_kg_avoided", 3),
    ("CO2 kg NET", "co2_kg_avoided_net", 3),
)


def indicators(
    *,
    begin: Annotated[
        float,
        typer.Option(
            "--from", metavar="TIME", parser=past_instant_s, help="Such as 2026-01-01 or -30d."
        ),
    ],
    end: Annotated[
        float | None,
        typer.Option("--to", metavar="TIME", parser=past_instant_s, help="Likewise; default: now."),
    ] = None,
    site: OneSite = None,
    export: Annotated[
        Export | None,
        typer.Option("--export", help="CSV with EU codes, or figures for a French sheet."),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show PUE, ERE, ERF, WUE, coverage, avoided boiler energy and CO2 of a period."""
    if export is not None and as_json:
        raise BadInputError("--export and --json are two forms of the same; give one of them.")
    to_s = past_instant_s("now") if end is None else end
    with open_client(data) as client:
        asked: dict[str, Any] = {"from_s": begin, "to_s": to_s}
        if site is not None:
            asked["site_id"] = site_id_of(client, site)
        document = client.transport.get("/v1/heat/indicators", asked, wait_s=60.0)
    if as_json:
        say_json(document)
    elif export is Export.EU:
        _write_eu(document)
    elif export is Export.BAR_TH_170:
        _say_evidence(document)
    else:
        _say_indicators(document)


def _named(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [*((item["name"], item) for item in document["sites"]), ("all", document["fleet"])]


def _say_indicators(document: Mapping[str, Any]) -> None:
    say_table(
        ("SITE", *(head for head, _, _ in _COLUMNS)),
        (
            (name, *(_cell(item, key, digits) for _, key, digits in _COLUMNS))
            for name, item in _named(document)
        ),
    )
    boiler, electric = document["boiler_factors"], document["electricity_factor"]
    of_boiler = f"{boiler['title']} ({boiler['g_per_kwh']:g} g/kWh); {boiler['source']}"
    of_electricity = f"{electric['g_per_kwh']:g} g/kWh, {electric['title']}; {electric['source']}"
    said = [
        f"Boiler and its CO2: {of_boiler}{_doubt(boiler)}.",
        f"Electricity, in CO2 kg NET: {of_electricity}, {electric['year']}{_doubt(electric)}.",
        document["meanings"]["useful_heat_kwh_estimate"],
    ]
    gaps = [f"{name}: {why}" for name, item in _named(document)[:-1] for why in _gaps(item)]
    remarks([*said, *gaps])
    if document["fleet"]["is_simulated"]:
        remark("Figures of simulated meters are among these: never to be published.")


def _gaps(item: Mapping[str, Any]) -> Sequence[str]:
    return list(dict.fromkeys(item["gaps"].values()))


def _doubt(factor: Mapping[str, Any]) -> str:
    return "" if factor["is_checked"] else " (not checked against its source)"


def _cell(item: Mapping[str, Any], key: str, digits: int) -> str | None:
    value = item[key]
    return None if value is None else f"{value:.{digits}f}"


def _write_eu(document: Mapping[str, Any]) -> None:
    """RFC 4180, with a point in numbers; what is not known is empty."""
    writer = csv.writer(sys.stdout)
    writer.writerow(("site", "code", "value", "unit", "is_simulated"))
    for name, item in _named(document):
        for line in item["eu_2024_1364"]:
            value = "" if line["value"] is None else f"{line['value']:.6g}"
            writer.writerow(
                (harmless(name), line["code"], value, line["unit"], item["is_simulated"])
            )


def _say_evidence(document: Mapping[str, Any]) -> None:
    """Figures beside what the sheet asks for; whether an operation is eligible says nobody here."""
    say("Evidence for BAR-TH-170. It is no statement that an operation complies.")
    say_table(
        ("SITE", "CONDITION", "ASKED", "FOUND", "WITHIN"),
        (
            (name, part["condition"], part["asked"], part["found"] or "not known", _within(part))
            for name, item in _named(document)[:-1]
            for part in item["evidence_for_bar_th_170"]
        ),
    )
    remarks([f"{name}: {why}" for name, item in _named(document)[:-1] for why in _gaps(item)])


def _within(part: Mapping[str, Any]) -> str | None:
    return None if part["supports"] is None else "yes" if part["supports"] else "no"

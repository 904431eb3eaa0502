"""Commands on the files that a collectivity gets by itself: which, when and for whom."""

from pathlib import Path
from typing import Annotated

import typer

from chaufferie.cli.heat_sales.collectivities import ROOT, Which, find
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say, say_json, say_table
from chaufferie.sdk.errors import BadInputError
from domain.languages import Language
from domain.towns.accounts import TownRole
from domain.towns.deliverables import DeliverableKind

Kind = Annotated[DeliverableKind, typer.Argument(metavar="KIND", help="readings, lines or year.")]
_NEVER = "never"


def deliver(
    *,
    which: Which,
    kind: Kind,
    day: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Made from this day of the month after on, of a year of January; or never.",
        ),
    ],
    role: Annotated[
        list[TownRole] | None,
        typer.Option("--for", help="Whom its page shows them to; may be repeated. Default: all."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Of heads and words.")] = Language.FRENCH,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The first month. Default: this one.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Have files made by themselves: hourly indexes, lines of statements, the OPERAT sheet."""
    if day != _NEVER and not (day.isascii() and day.isdecimal()):
        raise BadInputError(f"{day!r} is no day of a month; write 5, or never.")
    with open_client(data) as client:
        found = find(client, which)
        address = f"{ROOT}/{found['collectivity_id']}/deliverables/{kind.value}"
        if day == _NEVER:
            answer = client.transport.delete(address)
        else:
            body = {"day": int(day), "language": language.value, "since": since}
            roles = {"roles": [item.value for item in role]} if role else {}
            answer = client.transport.put(address, {**body, **roles})
    if as_json:
        say_json(answer)
        return
    if day == _NEVER:
        say(f"No more {kind.value} are made for {found['name']}.")
    else:
        say(f"The worker makes {kind.value} for {found['name']} by day {day}.")


def files(*, which: Which, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the files that were made for a collectivity, every version."""
    with open_client(data) as client:
        found = find(client, which)
        document = client.transport.get(f"{ROOT}/{found['collectivity_id']}/deliverables")
    if as_json:
        say_json(document)
        return
    say_table(
        ("KIND", "PERIOD", "VERSION", "MADE", "CSV", "XLSX"),
        (
            (
                item["kind"],
                item["period"],
                item["version"],
                quantities.clock(item["made_at_s"]),
                f"{item['csv_bytes']} B",
                f"{item['xlsx_bytes']} B",
            )
            for item in document["made"]
        ),
    )


def fetch_file(
    *,
    which: Which,
    kind: Kind,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="2026-01, or a year.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .xlsx.")],
    version: Annotated[int | None, typer.Option(help="Default: the newest.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch one of the files."""
    form = file.suffix.removeprefix(".")
    if form not in {"csv", "xlsx"}:
        raise BadInputError(f"{file} must end in .csv or .xlsx.")
    with open_client(data) as client:
        number = find(client, which)["collectivity_id"]
        root = f"{ROOT}/{number}/deliverables"
        made = [
            item
            for item in client.transport.get(root)["made"]
            if (item["kind"], item["period"]) == (kind.value, period)
            and version in {None, item["version"]}
        ]
        if not made:
            raise BadInputError(f"No {kind.value} of {period} were made.")
        address = f"{root}/{kind.value}/{period.replace('-', '')}/{made[0]['version']}?form={form}"
        content = client.transport.request("GET", address, headers={}).content
    file.write_bytes(content)
    if as_json:
        say_json({"file": str(file), "version": made[0]["version"], "size_bytes": len(content)})
        return
    say(f"Version {made[0]['version']} is in {file}.")

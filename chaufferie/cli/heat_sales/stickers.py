"""Commands on the stickers of boilers, and on what people report through them."""

from pathlib import Path
from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from domain.plurals import counted
from domain.towns.publication import PublishedFigures

_SEEN = {
    PublishedFigures.NONE: "no figures",
    PublishedFigures.MONTHLY: "the heat of each month",
    PublishedFigures.DAILY: "the heat of each day",
}

stickers = typer.Typer(
    help="Make and print the stickers of boilers.", no_args_is_help=True, rich_markup_mode=None
)
reports = typer.Typer(
    help="See and answer reports that there is no heat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

OfSite = Annotated[
    str | None, typer.Option("--site", help="Only boilers of this site, by name or number.")
]


@stickers.command("print")
def print_sheet(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the SVG goes.")],
    site: OfSite = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Write a sheet of stickers as SVG, ten on a page of A4; boilers without a code get one."""
    with open_client(data) as client:
        only = {} if site is None else {"site_id": site_id_of(client, site)}
        address = "/v1/stickers" + "".join(f"?site_id={number}" for number in only.values())
        made = client.transport.post_once(address, {})["stickers"]
        sheet = client.transport.request(
            "GET", address.replace("/stickers", "/stickers/sheet.svg"), headers={}
        )
    file.write_bytes(sheet.content)
    present = [item for item in made if item["removed_at_s"] is None]
    if as_json:
        say_json({"file": str(file), "stickers": present})
        return
    say(f"{file} has {counted(len(present), 'sticker')}.")


@stickers.command("list")
def list_stickers(*, site: OfSite = None, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the codes, also of boilers that were taken away."""
    with open_client(data) as client:
        only = {} if site is None else {"site_id": site_id_of(client, site)}
        document = client.transport.get("/v1/stickers", only)
        url = client.transport.url
    if as_json:
        say_json(document)
        return
    say_table(
        ("CODE", "NODE", "SITE", "PAGE", "MADE", "REMOVED"),
        (
            (
                item["code"],
                item["node"],
                item["site"],
                url + item["path"],
                quantities.clock(item["made_at_s"]),
                quantities.clock(item["removed_at_s"]),
            )
            for item in document["stickers"]
        ),
    )


@stickers.command("remove")
def remove(
    *,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code on the boiler.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """A boiler was taken away: its page says so from now on."""
    with open_client(data) as client:
        answer = client.transport.delete(f"/v1/stickers/{code}")
    if as_json:
        say_json(answer)
        return
    say(f"The page of {code} now says that its boiler was taken away.")


@stickers.command("publish")
def publish(
    *,
    site: Annotated[str, typer.Argument(metavar="SITE", help="Name or number of the site.")],
    figures: Annotated[PublishedFigures, typer.Option(help="How finely heat is shown.")],
    purpose: Annotated[str | None, typer.Option(help="What the heat is for.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Say what everybody sees of a site's heat; nothing, until this is said."""
    with open_client(data) as client:
        address = f"/v1/sites/{site_id_of(client, site)}/publication"
        answer = client.transport.put(address, {"figures": figures.value, "purpose": purpose})
    if as_json:
        say_json(answer)
        return
    say(f"Everybody sees of {site}: {_SEEN[figures]}.")


@reports.command("list")
def list_reports(
    *,
    every: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List what people reported at boilers, newest first."""
    with open_client(data) as client:
        document = client.transport.get("/v1/reports", {"open_only": str(not every).lower()})
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "SITE", "NODE", "REPORTED", "MESSAGE", "ANSWER"),
        (
            (
                item["report_id"],
                item["site"],
                item["node"],
                quantities.clock(item["reported_at_s"]),
                item["message"] or None,
                item["answer"],
            )
            for item in document["reports"]
        ),
    )
    if not document["reports"]:
        remark("Nobody misses heat.")


@reports.command("close")
def close(
    *,
    report_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the report.")],
    answer: Annotated[str, typer.Argument(help="What came of it.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Say what came of a report."""
    with open_client(data) as client:
        done = client.transport.post_once(f"/v1/reports/{report_id}/close", {"answer": answer})
    if as_json:
        say_json(done)
        return
    say(f"Report {report_id} is answered.")

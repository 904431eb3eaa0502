"""Commands on collectivities: the towns that buy heat, and which sites are theirs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.programs import PROGRAM_WORDS, become
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import say, say_fields, say_json, say_table
from chaufferie.sdk.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaufferie.sdk.client import Client

app = typer.Typer(
    help="Make and describe the collectivities that buy heat, and give them sites.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Which = Annotated[str, typer.Argument(metavar="COLLECTIVITY", help="Its name, number or SIRET.")]
Site = Annotated[str, typer.Argument(metavar="SITE", help="Name or number of the site.")]
Colour = Annotated[str | None, typer.Option(metavar="RRGGBB", help="The colour of its pages.")]
Contact = Annotated[
    str | None, typer.Option(help="Whom citizens may ask: an address, a number, a mailbox.")
]
ROOT = "/v1/collectivities"


@app.command("add")
def add(
    *,
    name: Annotated[str, typer.Argument(help="Its name, as people read it.")],
    siret: Annotated[str, typer.Option(help="Its 14 digits; the check digits are verified.")],
    colour: Colour = None,
    contact: Contact = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a collectivity."""
    body = {"name": name, "siret": siret, "colour": colour, "contact": contact}
    with open_client(data) as client:
        answer = client.transport.post_once(ROOT, body)
    if as_json:
        say_json(answer)
        return
    say(f"This is collectivity {answer['collectivity_id']}.")


@app.command("list")
def list_all(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the collectivities with their sites."""
    with open_client(data) as client:
        document = client.transport.get(ROOT)
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "COLLECTIVITY", "SIRET", "SITES", "SINCE"),
        (
            (
                item["collectivity_id"],
                item["name"],
                item["siret"],
                ", ".join(site["name"] for site in item["sites"]) or None,
                quantities.clock(item["created_at_s"]),
            )
            for item in document["collectivities"]
        ),
    )


@app.command("show")
def show(*, which: Which, as_json: AsJson = False, data: DataDir = None) -> None:
    """Show one collectivity."""
    with open_client(data) as client:
        found = find(client, which)
    if as_json:
        say_json(found)
        return
    say_fields(
        {
            "Collectivity": found["name"],
            "Number": found["collectivity_id"],
            "SIRET": found["siret"],
            "Colour": found["colour"],
            "Contact": found["contact"],
            "Logo": "yes" if found["has_logo"] else "no",
            "Sites": "\n       ".join(_with_place(site) for site in found["sites"]) or "none",
        }
    )


@app.command("change")
def change(
    *,
    which: Which,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    siret: Annotated[str | None, typer.Option(help="Its new SIRET.")] = None,
    colour: Colour = None,
    contact: Contact = None,
    logo: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="A small PNG picture for its pages."
        ),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Describe a collectivity anew; what is not given stays as it is."""
    given = {"name": name, "siret": siret, "colour": colour, "contact": contact}
    with open_client(data) as client:
        found = find(client, which)
        address = f"{ROOT}/{found['collectivity_id']}"
        body = {key: found[key] if value is None else value for key, value in given.items()}
        answer = client.transport.put(address, body)
        if logo is not None:
            client.transport.put_file(f"{address}/logo", logo)
    if as_json:
        say_json(answer)
        return
    say(f"{body['name']} is described anew.")


@app.command("give-site")
def give_site(
    *,
    which: Which,
    site: Site,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="LATITUDE,LONGITUDE", help="Where the building stands, such as 48.85,2.35."
        ),
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Let a collectivity see and buy the heat of a site."""
    place = None if at is None else _place(at)
    with open_client(data) as client:
        found = find(client, which)
        address = f"{ROOT}/{found['collectivity_id']}/sites/{site_id_of(client, site)}"
        answer = client.transport.put(address, place)
    if as_json:
        say_json(answer)
        return
    say(f"The site {site} is now {found['name']}'s.")


@app.command("take-site")
def take_site(*, which: Which, site: Site, as_json: AsJson = False, data: DataDir = None) -> None:
    """From now on a site is nobody's; what was measured stays."""
    with open_client(data) as client:
        found = find(client, which)
        number = site_id_of(client, site)
        answer = client.transport.delete(f"{ROOT}/{found['collectivity_id']}/sites/{number}")
    if as_json:
        say_json(answer)
        return
    say(f"The site {site} is no longer {found['name']}'s.")


@app.command("export", add_help_option=False, context_settings=PROGRAM_WORDS)
def export(context: typer.Context) -> None:
    """Write all that a collectivity owns to one file, in open formats."""
    become("collectivities export", context.args)


@app.command("import", add_help_option=False, context_settings=PROGRAM_WORDS)
def import_(context: typer.Context) -> None:
    """Take in what another installation exported, and work its statements out again."""
    become("collectivities import", context.args)


def find(client: "Client", which: str) -> "Mapping[str, Any]":
    """The collectivity of this name, number or SIRET; raises ``NotFoundError``."""
    known: list[Mapping[str, Any]] = client.transport.get(ROOT)["collectivities"]
    for item in known:
        if which in {item["name"], str(item["collectivity_id"]), item["siret"]}:
            return item
    names = ", ".join(item["name"] for item in known) or "none"
    sentence = f"There is no collectivity {which!r}; there are: {names}."
    raise NotFoundError(sentence)


def _place(text: str) -> dict[str, float]:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInputError(
            f"{text!r} is no place; write latitude and longitude, such as 48.85,2.35."
        ) from error
    return {"latitude_deg": latitude, "longitude_deg": longitude}


def _with_place(site: "Mapping[str, Any]") -> str:
    named = f"{site['name']} ({site['site_id']})"
    if site["latitude_deg"] is None:
        return named
    return f"{named} at {site['latitude_deg']:g},{site['longitude_deg']:g}"

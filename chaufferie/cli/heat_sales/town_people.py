"""Commands on the people of collectivities: whom the operator lets open their pages."""

from typing import Annotated

import typer

from chaufferie.cli.heat_sales.collectivities import ROOT, Which, find
from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from chaufferie.sdk.errors import NotFoundError
from domain.towns.accounts import TownRole

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")]


def invite(
    *,
    which: Which,
    email: Email,
    role: Annotated[TownRole, typer.Option(help="What the person is to the collectivity.")],
    name: Annotated[str | None, typer.Option(help="As the pages call the person.")] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="Only this site; may be repeated. Default: all.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Print a link by which a person chooses a password, once; also where it was forgotten."""
    with open_client(data) as client:
        found = find(client, which)
        by_name = {item["name"]: item["site_id"] for item in found["sites"]}
        by_name |= {str(number): number for number in by_name.values()}
        unknown = next((item for item in site or () if item not in by_name), None)
        if unknown is not None:
            raise NotFoundError(f"{found['name']} has no site {unknown!r}.")
        body = {
            "email": email,
            "name": name or email.partition("@")[0],
            "role": role.value,
            "site_ids": [by_name[item] for item in site] if site else None,
        }
        address = f"{ROOT}/{found['collectivity_id']}/people"
        answer = client.transport.post_once(address, body)
        url = client.transport.url + str(answer["path"])
    if as_json:
        say_json({**answer, "url": url})
        return
    say(url)
    remark(f"It works once, until {quantities.clock(answer['expires_at_s'])}; send it to {email}.")


def people(*, which: Which, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the people of a collectivity."""
    with open_client(data) as client:
        found = find(client, which)
        document = client.transport.get(f"{ROOT}/{found['collectivity_id']}/people")
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "E-MAIL", "NAME", "ROLE", "SITES", "JOINED", "LAST SEEN", "UNUSED, TOLD"),
        (
            (
                item["account_id"],
                item["email"],
                item["name"],
                item["role"],
                "all" if item["site_ids"] is None else ", ".join(map(str, item["site_ids"])),
                "yes" if item["has_joined"] else "no",
                quantities.clock(item["last_seen_at_s"]),
                quantities.clock(item["unused_told_at_s"]),
            )
            for item in document["people"]
        ),
    )


def remove(*, which: Which, email: Email, as_json: AsJson = False, data: DataDir = None) -> None:
    """Close a collectivity's pages to a person, at once."""
    with open_client(data) as client:
        found = find(client, which)
        address = f"{ROOT}/{found['collectivity_id']}/people"
        known = client.transport.get(address)["people"]
        ids = [item["account_id"] for item in known if item["email"] == email.strip().lower()]
        if not ids:
            sentence = f"{email!r} is nobody of {found['name']}."
            raise NotFoundError(sentence)
        answer = client.transport.delete(f"{address}/{ids[0]}")
    if as_json:
        say_json(answer)
        return
    say(f"{email} no longer sees the pages of {found['name']}.")

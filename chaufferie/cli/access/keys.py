"""Commands on keys: who may do what."""

from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say, say_fields, say_json, say_table
from domain.access import Role, Scope
from domain.units import DAY_S

app = typer.Typer(help="Make, list and revoke keys.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(  # noqa: PLR0913 - each is an option
    *,
    name: Annotated[str, typer.Argument(help="What the key is for; shown in lists and audits.")],
    role: Annotated[Role, typer.Option(help="Whose key it is.")] = Role.TENANT,
    tenant: Annotated[
        str | None, typer.Option(help="The tenant whose jobs it sees; made where it is new.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="The user in whose name it is; made where it is new.")
    ] = None,
    site_id: Annotated[
        list[int] | None, typer.Option("--site-id", help="Only the heat of these sites.")
    ] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="Only these of the role's rights.")
    ] = None,
    days: Annotated[
        float | None, typer.Option("--days", min=0, help="It expires after so many.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a key; it is printed once and kept nowhere."""
    asked = {
        "name": name,
        "role": role.value,
        "tenant": tenant,
        "user": user,
        "site_ids": site_id or None,
        "scopes": [item.value for item in scope] if scope else None,
        "life_s": None if days is None else days * DAY_S,
    }
    body = {key: value for key, value in asked.items() if value is not None}
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/keys", body)
    if as_json:
        say_json(answer)
        return
    say(answer["token"])
    expiry = quantities.clock(answer.get("expires_at_s"))
    until = "" if expiry is None else f" It expires at {expiry}."
    remark(f"This is key {answer['key_id']}; it will not be shown again.{until}")


@app.command("list")
def list_keys(
    *,
    tenant: Annotated[str | None, typer.Option(help="Only those of this tenant.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List the keys, without their secret."""
    with open_client(data) as client:
        document = client.transport.get("/v1/keys", {} if tenant is None else {"tenant": tenant})
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "NAME", "ROLE", "TENANT", "USER", "LAST USED", "EXPIRES", "REVOKED"),
        (
            (
                key["key_id"],
                key["name"],
                key["role"],
                key.get("tenant"),
                key.get("user"),
                quantities.clock(key.get("last_used_at_s")),
                quantities.clock(key.get("expires_at_s")),
                quantities.clock(key.get("revoked_at_s")),
            )
            for key in document["keys"]
        ),
    )


@app.command()
def revoke(
    *,
    key_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the key.", min=1)],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a key useless, at once and for good."""
    with open_client(data) as client:
        client.transport.delete(f"/v1/keys/{key_id}")
    if as_json:
        say_json({"key_id": key_id, "is_revoked": True})
        return
    say(f"Key {key_id} is revoked.")


def page(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Print a link that opens the page in a browser and signs you in, once."""
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/sessions", {})
        url = client.transport.url + str(answer["path"])
    if as_json:
        say_json({"url": url})
        return
    say(url)


def whoami(
    *,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Say whose key this is, what it may do, and on which server."""
    with open_client(data) as client:
        answer = client.whoami()
        url = client.transport.url
    if as_json:
        say_json({**answer, "url": url})
        return
    say_fields(
        {
            "Key": answer["name"],
            "Role": answer["role"],
            "May": ", ".join(sorted(answer["scopes"])),
            "Tenant": answer["tenant"],
            "User": answer["user"],
            "Server": url,
        }
    )

"""Commands on tenants, their projects and their users."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say, say_json, say_table
from chaufferie.sdk.errors import NotFoundError
from domain.plurals import counted

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

tenants = typer.Typer(
    help="Make, list and close tenants.", no_args_is_help=True, rich_markup_mode=None
)
projects = typer.Typer(
    help="Make, list and close projects.", no_args_is_help=True, rich_markup_mode=None
)
users = typer.Typer(
    help="Make, list and remove users.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="Its name.")]
OfTenant = Annotated[str, typer.Option("--tenant", help="The tenant it belongs to.")]
OnlyTenant = Annotated[str | None, typer.Option("--tenant", help="Only those of this tenant.")]


@tenants.command("add")
def add_tenant(*, name: Name, as_json: AsJson = False, data: DataDir = None) -> None:
    """Make a tenant, or open a closed one again."""
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/tenants", {"name": name})
    _say_added(answer, "tenant", as_json=as_json)


@tenants.command("list")
def list_tenants(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the tenants, with how much is open of each."""
    with open_client(data) as client:
        document = client.transport.get("/v1/tenants")
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "TENANT", "PROJECTS", "USERS", "KEYS", "SINCE", "CLOSED"),
        (
            (
                item["tenant_id"],
                item["name"],
                item["projects"],
                item["users"],
                item["keys"],
                quantities.clock(item["created_at_s"]),
                quantities.clock(item["closed_at_s"]),
            )
            for item in document["tenants"]
        ),
    )


@tenants.command("close")
def close_tenant(*, name: Name, as_json: AsJson = False, data: DataDir = None) -> None:
    """Take no more from a tenant and revoke its keys; its jobs go on."""
    with open_client(data) as client:
        tenant_id = _number(client, "tenant", {"name": name})
        answer = client.transport.post_once(f"/v1/tenants/{tenant_id}/close", {})
    _say_done(answer, f"Tenant {name} is closed; {_keys(answer['keys_revoked'])}.", as_json=as_json)


@projects.command("add")
def add_project(
    *, name: Name, tenant: OfTenant, as_json: AsJson = False, data: DataDir = None
) -> None:
    """Make a project, or open a closed one again; jobs name it by --account."""
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/projects", {"tenant": tenant, "name": name})
    _say_added(answer, "project", as_json=as_json)


@projects.command("list")
def list_projects(
    *, tenant: OnlyTenant = None, as_json: AsJson = False, data: DataDir = None
) -> None:
    """List the projects; those of your tenant, or every tenant's for an operator."""
    with open_client(data) as client:
        document = client.transport.get("/v1/projects", _only(tenant))
    _say_listed(document, "project", "closed_at_s", as_json=as_json)


@projects.command("close")
def close_project(
    *, name: Name, tenant: OfTenant, as_json: AsJson = False, data: DataDir = None
) -> None:
    """Take no more jobs for a project; those it has go on."""
    with open_client(data) as client:
        project_id = _number(client, "project", {"tenant": tenant, "name": name})
        answer = client.transport.post_once(f"/v1/projects/{project_id}/close", {})
    _say_done(answer, f"Project {name} of {tenant} is closed.", as_json=as_json)


@users.command("add")
def add_user(
    *, name: Name, tenant: OfTenant, as_json: AsJson = False, data: DataDir = None
) -> None:
    """Make a user, or let a removed one have keys again."""
    with open_client(data) as client:
        answer = client.transport.post_once("/v1/users", {"tenant": tenant, "name": name})
    _say_added(answer, "user", as_json=as_json)


@users.command("list")
def list_users(*, tenant: OnlyTenant = None, as_json: AsJson = False, data: DataDir = None) -> None:
    """List the users."""
    with open_client(data) as client:
        document = client.transport.get("/v1/users", _only(tenant))
    _say_listed(document, "user", "removed_at_s", as_json=as_json)


@users.command("remove")
def remove_user(
    *, name: Name, tenant: OfTenant, as_json: AsJson = False, data: DataDir = None
) -> None:
    """Revoke every key in a user's name; what was submitted with them goes on."""
    with open_client(data) as client:
        user_id = _number(client, "user", {"tenant": tenant, "name": name})
        answer = client.transport.delete(f"/v1/users/{user_id}")
    done = f"User {name} of {tenant} is removed; {_keys(answer['keys_revoked'])}."
    _say_done(answer, done, as_json=as_json)


def _only(tenant: str | None) -> dict[str, str]:
    return {} if tenant is None else {"tenant": tenant}


def _number(client: "Client", kind: str, named: Mapping[str, str]) -> int:
    """The number of what is called so; raises ``NotFoundError``."""
    found: Sequence[Mapping[str, Any]] = client.transport.get(f"/v1/{kind}s")[f"{kind}s"]
    for item in found:
        if all(item[key] == value for key, value in named.items()):
            return int(item[f"{kind}_id"])
    of_tenant = f" of {named['tenant']}" if "tenant" in named else ""
    sentence = f"There is no {kind} {named['name']!r}{of_tenant}."
    raise NotFoundError(sentence)


def _keys(count: int) -> str:
    return counted(count, "key is revoked", "keys are revoked")


def _say_done(answer: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(answer)
        return
    say(sentence)


def _say_added(answer: Mapping[str, Any], kind: str, *, as_json: bool) -> None:
    if as_json:
        say_json(answer)
        return
    say(f"This is {kind} {answer[f'{kind}_id']}.")


def _say_listed(document: Mapping[str, Any], kind: str, end: str, *, as_json: bool) -> None:
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "TENANT", kind.upper(), "SINCE", end.removesuffix("_at_s").upper()),
        (
            (
                item[f"{kind}_id"],
                item["tenant"],
                item["name"],
                quantities.clock(item["created_at_s"]),
                quantities.clock(item[end]),
            )
            for item in document[f"{kind}s"]
        ),
    )

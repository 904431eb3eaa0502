"""Commands on nodes: let one join, keep work from it, give it work again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.lookup import site_id_of
from chaufferie.cli.speaking.speech import remark, say, say_json
from chaufferie.sdk.errors import BadInputError, NotFoundError
from domain.sbatch.hostlist import parse_hostlist

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client

node = typer.Typer(
    help="Let a node join, drain and resume nodes; `nodes` shows them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Nodes = Annotated[str, typer.Argument(help="Such as n1,n2 or n[1-4].")]


@node.command("enrol")
def enrol(
    *,
    name: Annotated[str, typer.Argument(help="Name of the node that is to join.")],
    site: Annotated[str, typer.Option("--site", help="Whose water it heats: name or number.")],
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, max=10_080, help="So long the token works.")
    ] = 15.0,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Print a token with which the agent of one node joins, once."""
    with open_client(data) as client:
        body = {
            "site_id": site_id_of(client, site),
            "node_name": name,
            "life_s": minutes * 60.0,
        }
        made = client.transport.post("/v1/enrolments", body)
    if as_json:
        say_json(made)
        return
    say(made["token"])
    remark(f"note: It works once, until {quantities.clock(made['expires_at_s'])}.")


@node.command("drain")
def drain(*, nodes: Nodes, as_json: AsJson = False, data: DataDir = None) -> None:
    """Send nodes no new work; what runs there goes on."""
    _set(nodes, "drain", as_json=as_json, data=data)


@node.command("resume")
def resume(*, nodes: Nodes, as_json: AsJson = False, data: DataDir = None) -> None:
    """Let drained nodes take work again."""
    _set(nodes, "resume", as_json=as_json, data=data)


def _set(words: str, verb: str, *, as_json: bool, data: DataDir) -> None:
    names = parse_hostlist(words)
    if names is None:
        raise BadInputError(f"{words!r} are no nodes; write names such as n1,n2 or n[1-4].")
    with open_client(data) as client:
        # All are looked up before the first is touched.
        found = _named(client, names)
        done = [client.transport.post(f"/v1/nodes/{item['node_id']}/{verb}", {}) for item in found]
    if as_json:
        say_json({"nodes": done})
        return
    for item, change in zip(found, done, strict=True):
        say(f"{item['name']}: {change['state']}")
    running = sum(item["running"] for item in found)
    if verb == "drain" and running:
        remark(f"note: {running} jobs run there and go on.")


def _named(client: "Client", names: Sequence[str]) -> list[dict[str, Any]]:
    known = {item["name"]: item for item in client.transport.get("/v1/nodes")["nodes"]}
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(sorted(known)) or "none"
        raise NotFoundError(f"There is no node {missing[0]!r}; there are: {there}.")
    return [known[name] for name in dict.fromkeys(names)]

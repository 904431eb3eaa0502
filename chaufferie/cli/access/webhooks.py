"""Commands on webhooks."""

from dataclasses import asdict
from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table

app = typer.Typer(
    help="Have an address told of what happens to jobs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number.")]


@app.command("add")
def add_webhook(
    *,
    url: Annotated[str, typer.Argument(help="Where to: https://HOST/PATH.")],
    types: Annotated[
        str, typer.Option("--on", metavar="TYPES", help="begin, end, fail, requeue, ... or all.")
    ] = "end",
    project: Annotated[str | None, typer.Option(help="Only of jobs of this project.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Tell an address of your jobs; prints the secret that vouches for it, this once."""
    with open_client(data) as client:
        made = client.webhooks.add(url, types=types, project=project)
    if as_json:
        say_json(asdict(made))
        return
    remark(f"Webhook {made.webhook_id} is made. Its secret is not shown again:")
    say(made.secret)


@app.command("list")
def list_webhooks(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """List webhooks, with what became of the notices to them."""
    with open_client(data) as client:
        found = client.webhooks.list()
    if as_json:
        say_json([asdict(item) for item in found])
        return
    say_table(
        ("ID", "TENANT", "URL", "ON", "PROJECT", "SENT", "WAITING", "GIVEN UP", "LAST", "ERROR"),
        (
            (
                item.webhook_id,
                item.tenant,
                item.url,
                ",".join(item.types),
                item.project,
                item.sent,
                item.waiting,
                item.given_up,
                quantities.clock(item.last_sent_at_s),
                item.last_error,
            )
            for item in found
        ),
    )


@app.command("remove")
def remove_webhook(*, webhook_id: Number, as_json: AsJson = False, data: DataDir = None) -> None:
    """Tell an address no more, not even what waits to be told."""
    with open_client(data) as client:
        client.webhooks.remove(webhook_id)
    if as_json:
        say_json({"webhook_id": webhook_id})
        return
    say(f"Webhook {webhook_id} is removed.")


@app.command("ping")
def ping_webhook(*, webhook_id: Number, as_json: AsJson = False, data: DataDir = None) -> None:
    """Send a notice of nothing, to see whether it arrives."""
    with open_client(data) as client:
        name = client.webhooks.ping(webhook_id)
    if as_json:
        say_json({"webhook_id": webhook_id, "notice": name})
        return
    say(f"Notice {name} is on its way; `chaufferie webhooks list` says what became of it.")

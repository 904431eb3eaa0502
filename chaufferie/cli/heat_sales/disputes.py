"""Commands on disputes of statements."""

from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table

app = typer.Typer(
    help="See and answer what towns dispute of their statements.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_disputes(
    *,
    every: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List what is disputed."""
    with open_client(data) as client:
        document = client.transport.get("/v1/disputes", {"open_only": str(not every).lower()})
    if as_json:
        say_json(document)
        return
    say_table(
        ("ID", "STATEMENT", "LINE", "SINCE", "REASON", "ANSWER"),
        (
            (
                item["dispute_id"],
                item["number"],
                "all" if item["line"] is None else item["line"],
                quantities.clock(item["made_at_s"]),
                item["reason"],
                item["answer"],
            )
            for item in document["disputes"]
        ),
    )
    if not document["disputes"]:
        remark("Nothing is disputed.")


@app.command("answer")
def answer(
    *,
    dispute_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the dispute.")],
    text: Annotated[str, typer.Argument(metavar="ANSWER", help="What became of it.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Answer a dispute, once; the town reads it beside the statement."""
    with open_client(data) as client:
        done = client.transport.post_once(f"/v1/disputes/{dispute_id}/answer", {"answer": text})
    if as_json:
        say_json(done)
        return
    say(f"Dispute {dispute_id} is answered.")

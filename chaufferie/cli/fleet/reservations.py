"""Commands on reservations: nodes set aside for a time."""

from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.instants import coming_instant_s
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from chaufferie.sdk.errors import BadInputError, NotFoundError
from domain.sbatch.durations import parse_duration_s
from domain.sbatch.hostlist import parse_hostlist

app = typer.Typer(
    help="Set nodes aside for a time, show and delete that.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="Its name, by which jobs ask for it.")]


@app.command("add")
def add_reservation(  # noqa: PLR0913 - what a reservation is
    *,
    name: Name,
    start: Annotated[
        float,
        typer.Option(
            "--start",
            metavar="TIME",
            parser=coming_instant_s,
            help="now, +2h, 16:00, 2026-01-31T08:00.",
        ),
    ],
    duration: Annotated[str, typer.Option("--duration", help="Minutes, H:MM:SS or D-HH.")],
    nodes: Annotated[str | None, typer.Option("--nodes", help="Such as n1,n2 or n[1-4].")] = None,
    site: Annotated[str | None, typer.Option("--site", help="All nodes of this site.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Whose jobs run there.")] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="Of these only those of this project.")
    ] = None,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="Nobody's jobs run there.")
    ] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Set nodes aside: others do not start there what may last into it."""
    if maintenance == (tenant is not None):
        raise BadInputError("Say for whom it is: --tenant NAME, or --maintenance for nobody.")
    if (nodes is None) == (site is None):
        raise BadInputError("Say which nodes: --nodes NAMES, or --site NAME for all of a site.")
    names = () if nodes is None else parse_hostlist(nodes)
    if names is None:
        raise BadInputError(f"{nodes!r} are no nodes; write names such as n1,n2 or n[1-4].")
    with open_client(data) as client:
        made = client.reservations.add(
            name,
            starts_at_s=start,
            duration_s=_duration_s(duration),
            nodes=names,
            site=site,
            tenant=tenant,
            project=project,
        )
    if made.lasting_into:
        numbers = ", ".join(str(number) for number in made.lasting_into)
        remark(f"note: These run there and may last into it: {numbers}.")
    if as_json:
        say_json(
            {
                "reservation_id": made.reservation_id,
                "nodes": list(made.nodes),
                "lasting_into": list(made.lasting_into),
            }
        )
        return
    say(f"Reservation {name}: {', '.join(made.nodes)} from {quantities.clock(start)} on.")


@app.command("list")
def list_reservations(*, as_json: AsJson = False, data: DataDir = None) -> None:
    """List those that last or are to come: your own and maintenance; the operator's all."""
    with open_client(data) as client:
        if as_json:
            say_json(client.transport.get("/v1/reservations"))
            return
        found = client.reservations.list()
    say_table(
        ("NAME", "FROM", "TO", "NODES", "TENANT", "PROJECT"),
        (
            (
                item.name,
                quantities.clock(item.starts_at_s),
                quantities.clock(item.ends_at_s),
                ",".join(item.nodes),
                item.tenant or "(maintenance)",
                item.project,
            )
            for item in found
        ),
    )


@app.command("delete")
def delete_reservation(*, name: Name, as_json: AsJson = False, data: DataDir = None) -> None:
    """Set its nodes free; jobs that waited for it wait as any others from now on."""
    with open_client(data) as client:
        number = next(
            (item.reservation_id for item in client.reservations.list() if item.name == name), None
        )
        if number is None:
            raise NotFoundError(
                f"There is no reservation {name!r} now; chaufferie reservations list shows them."
            )
        client.reservations.delete(number)
    if as_json:
        say_json({"reservation_id": number})
        return
    say(f"Reservation {name} is deleted.")


def _duration_s(text: str) -> float:
    found = parse_duration_s(text)
    if not found:
        raise BadInputError(f"{text!r} is no duration; write minutes, H:MM:SS or D-HH.")
    return float(found)

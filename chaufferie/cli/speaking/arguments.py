"""Arguments that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaufferie.cli.speaking.instants import past_instant_s
from domain.jobs.job_ref import parse_job_ref

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client


def _job_ref(text: str) -> str:
    """A name of a job as it was typed, if it is one."""
    if parse_job_ref(text) is None:
        raise typer.BadParameter(
            f"{text[:40]!r} names no job; write its number, and 12_7 or 12_[0-9] in an array."
        )
    return text


def _complete(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The newest jobs whose number begins so, for a shell; none where nobody can say."""
    from chaufferie.sdk.errors import ChaufferieError

    try:
        with open_client(context.params.get("data"), _PATIENCE_OF_A_SHELL_S) as client:
            newest = list(client.job_documents(limit=_COMPLETED))
    except (ChaufferieError, OSError):
        return []
    return [
        (str(job["ref"]), f"{job['name']}, {job['state']}")
        for job in newest
        if str(job["ref"]).startswith(incomplete)
    ]


JobId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="Number of the job; ID_INDEX in an array.",
        parser=_job_ref,
        autocompletion=_complete,
    ),
]
JobIds = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="Numbers of jobs; ID_INDEX in an array.",
        parser=_job_ref,
        autocompletion=_complete,
    ),
]
#: Where a part of an array may be meant too.
JobParts = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="Numbers of jobs; ID_INDEX or ID_[INDEXES] in an array.",
        parser=_job_ref,
        autocompletion=_complete,
    ),
]
OneSite = Annotated[
    str | None, typer.Option("--site", help="Name or number of one site; default: all.")
]
FromTime = Annotated[
    float | None,
    typer.Option(
        "--from",
        metavar="TIME",
        parser=past_instant_s,
        help="2026-01-31, 2026-01-31T08:00, 08:00, yesterday, -2d.",
    ),
]
ToTime = Annotated[
    float | None, typer.Option("--to", metavar="TIME", parser=past_instant_s, help="Likewise.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data directory of the `chaufferie up` to talk to.",
        show_default=False,
    ),
]

#: A person at a terminal would rather read a sentence than wait.
_PATIENCE_S = 2.0
#: And whoever presses the key for completion would rather type the number.
_PATIENCE_OF_A_SHELL_S = 0.5
#: A shell is offered so many jobs.
_COMPLETED = 50
#: What may take longer than two seconds to send or fetch, on a line of 50 Mbit/s.
LONG_TRANSFER_BYTES = 12_000_000
#: While it waits for a job, the command outlives a server that starts again.
PATIENCE_WHILE_WAITING_S = 60.0


def open_client(data_dir: Path | None, patience_s: float = _PATIENCE_S) -> "Client":
    """The server that this command talks to."""
    from chaufferie.sdk.client import Client

    return Client(data_dir=data_dir, patience_s=patience_s)

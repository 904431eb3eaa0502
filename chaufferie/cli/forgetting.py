"""The commands that have jobs forgotten, with a receipt."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from chaufferie.cli import quantities
from chaufferie.cli.arguments import AsJson, DataDir, open_client
from chaufferie.cli.exits import ExitCode
from chaufferie.cli.speech import remark, say, say_json, say_table

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.erasures import Erasure


def forget(
    *,
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="A job or an array that has ended.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Every job of this project.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every job, and every file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Forget jobs at once and for ever: files, results, output, scripts, names; print a receipt.

    What was used stays, without names, for billing. Refused while one of the jobs has not ended.
    """
    if sum((job is not None, project is not None, every)) != 1:
        remark("chaufferie: Name one job, or --project NAME, or --all.")
        raise typer.Exit(ExitCode.USAGE)
    if job is not None and not (job.isascii() and job.isdigit()):
        remark("chaufferie: Name a job or a whole array by its number, such as 1234.")
        raise typer.Exit(ExitCode.USAGE)
    job_id = None if job is None else int(job)
    if not yes and not as_json:
        meant = f"job {job_id}" if job_id else f"every job of {project}" if project else "EVERY job"
        typer.confirm(f"Forget {meant} for ever?", abort=True, err=True)
    with open_client(data) as client:
        found = _forget(client, job_id, project)
    if as_json:
        say_json(asdict(found))
        return
    _say_receipt(found)


def receipts(
    *,
    erasure_id: Annotated[
        int | None, typer.Argument(metavar="[RECEIPT]", min=1, help="Only this one, in full.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """List what was forgotten, or print one receipt."""
    with open_client(data) as client:
        if erasure_id is not None:
            found = client.erasures.look(erasure_id)
            if as_json:
                say_json(asdict(found))
                return
            _say_receipt(found)
            return
        listed = client.erasures.list()
    if as_json:
        say_json([asdict(item) for item in listed])
        return
    say_table(
        ("RECEIPT", "TENANT", "SCOPE", "JOBS", "ASKED", "ERASED", "NODES CONFIRMED"),
        (
            (
                item.erasure_id,
                item.tenant,
                json.dumps(item.scope),
                item.jobs,
                quantities.clock(item.asked_at_s),
                quantities.clock(item.erased_at_s),
                quantities.clock(item.confirmed_at_s),
            )
            for item in listed
        ),
    )


def _forget(client: "Client", job_id: int | None, project: str | None) -> "Erasure":
    if job_id is not None:
        return client.erasures.forget_job(job_id)
    if project is not None:
        return client.erasures.forget_project(project)
    return client.erasures.forget_all()


def _say_receipt(found: "Erasure") -> None:
    """The receipt on stdout, to be kept; what is still to come on stderr."""
    for line in found.receipt:
        say(line)
    again = f"`chaufferie receipts {found.erasure_id}`"
    if found.erased_at_s is None:
        remark(f"The server is still erasing; {again} has the receipt when it is done.")
    waiting = [name for name, at_s in found.nodes.items() if at_s is None]
    if waiting:
        remark(f"Still to confirm: {', '.join(waiting)}. Then {again} has a second line.")

"""The commands that have jobs forgotten, with a receipt."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.exits import ExitCode
from chaufferie.cli.speaking.speech import remark, say, say_json, say_table
from domain.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    with open_client(data) as client:
        if not yes and not as_json:
            count = client.erasures.check(job_id=job_id, project=project, all_jobs=every)
            meant = _meant(job_id, project, counted(count, "job"))
            typer.confirm(f"Forget {meant} for ever?", abort=True, err=True)
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
                _scope_in_words(item.scope),
                item.jobs,
                quantities.clock(item.asked_at_s),
                quantities.clock(item.erased_at_s),
                quantities.clock(item.confirmed_at_s),
            )
            for item in listed
        ),
    )


def _meant(job_id: int | None, project: str | None, jobs: str) -> str:
    if job_id is not None:
        return f"job {job_id}"
    return f"EVERY job, {jobs} in all," if project is None else f"{jobs} of project {project}"


def _scope_in_words(scope: "Mapping[str, Any]") -> str:
    if "job_id" in scope:
        return f"job {scope['job_id']}"
    return f"project {scope['project']}" if "project" in scope else "every job"


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

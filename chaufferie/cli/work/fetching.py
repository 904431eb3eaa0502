"""Commands that bring back what a job wrote."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import (
    LONG_TRANSFER_BYTES,
    PATIENCE_WHILE_WAITING_S,
    AsJson,
    DataDir,
    JobId,
    open_client,
)
from chaufferie.cli.speaking.speech import remark, say, say_json
from chaufferie.cli.work.waiting import job_goes_on


def logs(
    *,
    job_id: JobId,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the job has ended.")
    ] = False,
    stderr: Annotated[
        bool, typer.Option("--stderr", help="Its standard error, where --error keeps it apart.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Print what a job wrote, byte for byte."""
    with open_client(data) as client, job_goes_on(job_id):
        if follow:
            client.transport.patience_s = PATIENCE_WHILE_WAITING_S
        job = client.job(job_id)
        for piece in job.logs(follow=follow, stream="stderr" if stderr else "stdout"):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


def get(
    *,
    job_id: JobId,
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where to; default: job-ID.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that differ.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Fetch the files that a job left."""
    folder = Path(f"job-{job_id}") if directory is None else directory
    with open_client(data) as client:
        job = client.job(job_id)
        total_bytes = sum(file["size_bytes"] for file in job.document.get("files", ()))
        if total_bytes >= LONG_TRANSFER_BYTES:
            remark(f"Fetching {quantities.size(total_bytes)}.")
        fetched = job.download(folder, overwrite=force)
        if not job.is_final:
            remark(f"Job {job_id} is {job.state.value}; more may come when it has ended.")
    if as_json:
        say_json([str(path) for path in fetched])
        return
    for path in fetched:
        say(f"{path}  {quantities.size(path.stat().st_size)}")
    if not fetched:
        remark(f"Job {job_id} left no files so far.")

"""Waiting for a job before a person's eyes; Ctrl-C ends the waiting and not the job."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaufferie.cli.speaking.exits import ExitCode
from chaufferie.cli.speaking.speech import remark
from domain.jobs.job import JobState

if TYPE_CHECKING:
    from chaufferie.sdk.job import Job

#: How often the line on a terminal says anew where the job is [s].
_LOOK_EVERY_S = 2.0


def wait_for(job: "Job", timeout_s: float | None = None) -> int:
    """Wait until it has ended, say how, and give the exit code to end with."""
    from chaufferie.sdk.job import describe_end

    with job_goes_on(str(job.id)):
        if sys.stderr.isatty():
            _wait_on_terminal(job, timeout_s)
        else:
            job.wait(timeout_s)
    remark(describe_end(job.document))
    return code_of(job)


def code_of(job: "Job") -> int:
    """The exit code of a job that has ended: its program's own where there is one."""
    if job.state is JobState.SUCCEEDED:
        return ExitCode.OK
    code = job.exit_code
    return ExitCode.FAILED if code is None or code == 0 else code & 0xFF or ExitCode.FAILED


@contextmanager
def job_goes_on(job_id: str) -> Iterator[None]:
    """Say, where Ctrl-C ends the command, that it does not end the job."""
    try:
        yield
    except KeyboardInterrupt:
        remark(f"\nJob {job_id} goes on; to stop it, type `chaufferie cancel {job_id}`.")
        raise


def _wait_on_terminal(job: "Job", timeout_s: float | None) -> None:
    from rich.console import Console

    with Console(stderr=True).status(f"Job {job.id} is on its way") as status:

        def look(seen: "Job") -> None:
            where = seen.document["node"]
            place = f" on {where}" if where and seen.state is JobState.RUNNING else ""
            status.update(f"Job {seen.id} is {seen.state.value}{place}")

        job.wait(timeout_s, on_look=look, look_every_s=_LOOK_EVERY_S)

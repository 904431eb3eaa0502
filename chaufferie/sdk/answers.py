"""What became of calls that a job made: fetched from the server, and read."""

import json
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chaufferie.sdk import remote_call
from chaufferie.sdk.download import fetch_file
from chaufferie.sdk.errors import JobFailedError, RemoteError
from chaufferie.sdk.job import Job, describe_end
from chaufferie.sdk.transport import Transport
from domain.files.job_files import ResultFile
from domain.jobs.endings import describe_reason
from domain.jobs.job import EndReason, JobState

#: Ends at which the program itself had the last word.
_ENDS_OF_ITS_OWN = frozenset({EndReason.COMPLETED, EndReason.PROGRAM_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of the calls of one job: a value, or the exception that they raised."""

    value: Any = None
    error: BaseException | None = None


class RemoteTraceback(Exception):  # noqa: N818 - named as what it shows, as in the standard library
    """Where on the node an exception was raised; the cause of the one that came back."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def fetch_answer(transport: Transport, job_id: int, folder: Path) -> Answer | None:
    """What the calls of a job that has ended came to; None where somebody cancelled it.

    Raises ``JobFailedError`` where it made no call, or nothing can be made of its answer.
    """
    job = Job(transport, job_id)
    document = job.refresh()
    reason = document["reason"]
    if job.state is JobState.CANCELLED and reason == EndReason.CANCELLED:
        return None
    found = [file for file in job.files() if file.path == remote_call.ANSWER]
    if not found or reason not in _ENDS_OF_ITS_OWN:
        sentence = f"{describe_end(document)} {describe_reason(reason) or ''}".rstrip()
        raise JobFailedError(sentence, job_id=job_id, exit_code=job.exit_code)
    with tempfile.TemporaryDirectory(dir=folder) as private:
        return read_answer(_fetched(transport, job_id, found[0], Path(private)), job_id)


def _fetched(transport: Transport, job_id: int, file: ResultFile, folder: Path) -> Path:
    return fetch_file(transport, job_id, file, folder, overwrite=False)


def read_answer(file: Path, job_id: int) -> Answer:
    """What the job left; its bytes must have been found to be those that it wrote.

    Raises ``JobFailedError`` where it made no call, or nothing can be made of its answer.
    """
    with file.open("rb") as content:
        try:
            header = json.loads(content.readline())
            outcome = header["outcome"]
        except (ValueError, KeyError, TypeError) as error:
            raise _failed(f"Job {job_id} left no answer that can be read.", job_id) from error
        if outcome == remote_call.REFUSED:
            raise _failed(f"Job {job_id}: {header['sentence']}", job_id)
        if outcome == remote_call.RAISED:
            return Answer(error=_error(header, content, job_id))
        try:
            return Answer(value=pickle.load(content))  # noqa: S301 - of the caller's own job
        except Exception as error:
            raise _failed(
                f"What job {job_id} returned cannot be read here ({type(error).__name__}: "
                f"{error}): import what it is made of, or return plain data.",
                job_id,
            ) from error


def _error(header: Mapping[str, Any], content: IO[bytes], job_id: int) -> BaseException:
    """The exception itself where it can be had, else one that says what it was."""
    try:
        error = pickle.load(content)  # noqa: S301 - of the caller's own job
    except Exception:  # noqa: BLE001 - an exception's own code may fail in any way
        error = None
    if not isinstance(error, BaseException):
        return RemoteError(
            f"Job {job_id} raised {header['kind']}: {header['sentence']}",
            job_id=job_id,
            exit_code=1,
            kind=header["kind"],
            remote_traceback=header["traceback"],
        )
    error.__cause__ = RemoteTraceback(header["traceback"])
    return error


def _failed(sentence: str, job_id: int) -> JobFailedError:
    return JobFailedError(sentence, job_id=job_id, exit_code=1)

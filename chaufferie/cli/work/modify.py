"""`chaufferie modify`: the options of `submit`, for jobs that were submitted before."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chaufferie.cli.speaking.arguments import open_client
from chaufferie.cli.speaking.exits import ExitCode, exit_code_of
from chaufferie.cli.speaking.speech import remark, remarks, say, say_json
from chaufferie.cli.work.submit import leading_data_dir, words_of
from chaufferie.sdk.errors import BadInputError, RefusedByServerError
from domain.jobs.job_ref import parse_job_ref
from domain.refusal import Refused
from domain.sbatch.getopt import split_command_line

if TYPE_CHECKING:
    from chaufferie.sdk.modifying import Modified

_JSON = "--json"


def modify(context: typer.Context) -> None:
    """Change jobs that wait; of one that runs, lower its time limit.

    What no option names stays as it was submitted.
    """
    data_dir, job_ids, options, as_json = _take_apart(list(context.args))
    worst = ExitCode.OK
    documents: list[dict[str, object]] = []
    with open_client(data_dir) as client:
        for job_id in job_ids:
            try:
                done = client.modify(job_id, options)
            except RefusedByServerError as error:
                remark(f"Job {job_id}: {error}")
                documents.append({"ref": job_id, "refused": error.code})
                worst = exit_code_of(error)
                continue
            documents.append(asdict(done))
            if not as_json:
                _say_modified(done)
    if as_json:
        say_json(documents)
    if worst is not ExitCode.OK:
        raise typer.Exit(worst)


def _take_apart(words: list[str]) -> tuple[Path | None, list[str], list[str], bool]:
    """Where the server is, the jobs before or behind the options, the options, and the form."""
    data_dir, rest = leading_data_dir(words)
    n_before = next((at for at, word in enumerate(rest) if word.startswith("-")), len(rest))
    job_ids, words = list(rest[:n_before]), list(rest[n_before:])
    run = split_command_line(words, client_flags=frozenset({_JSON}))
    if isinstance(run, Refused):
        raise BadInputError(run.sentence, code=run.code)
    as_json = _JSON in run.client_flags
    behind = list(run.operands)
    if behind[-1:] == [_JSON]:
        behind, as_json = behind[:-1], True
    job_ids += behind
    wrong = next((job_id for job_id in job_ids if parse_job_ref(job_id) is None), None)
    if wrong is not None:
        raise BadInputError(f"{wrong[:40]!r} names no job; write its number.")
    if not job_ids:
        raise BadInputError("Name the jobs to change, such as: chaufferie modify 1234 --time=30:00")
    options = [word for given in run.given for word in words_of(given)]
    return data_dir, job_ids, options, as_json


def _say_modified(done: "Modified") -> None:
    where = []
    if done.waiting:
        where.append(f"{done.waiting} waiting")
    if done.running:
        where.append(f"{done.running} running")
    shown = f" ({', '.join(where)})" if done.waiting + done.running > 1 else ""
    say(f"Job {done.ref} is changed: {', '.join(done.changed)}{shown}.")
    remarks(done.notes)

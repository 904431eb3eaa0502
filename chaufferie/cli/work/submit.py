"""`chaufferie submit`: words as sbatch takes them, read here before anything is sent."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chaufferie.cli.speaking import quantities
from chaufferie.cli.speaking.arguments import (
    LONG_TRANSFER_BYTES,
    PATIENCE_WHILE_WAITING_S,
    open_client,
)
from chaufferie.cli.speaking.exits import ExitCode
from chaufferie.cli.speaking.speech import remark, remarks, say, say_json
from chaufferie.cli.work.waiting import wait_for
from chaufferie.sdk.errors import BadInputError
from domain.refusal import Refused
from domain.sbatch.getopt import split_command_line
from domain.sbatch.given import Given
from domain.sbatch.options import Takes

if TYPE_CHECKING:
    from chaufferie.sdk.client import Client
    from chaufferie.sdk.submission import JobRequest, Prepared

_JSON, _YES = "--json", "--yes"
_HELP = frozenset({"--help", "-h"})
_STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A submit command taken apart."""

    options: tuple[str, ...]  #: For the parser, here and on the server.
    operands: tuple[str, ...]  #: The script and its arguments, or a command.
    is_command: bool  #: Whether the operands stand after ``--``.
    has_wrap: bool
    has_profile: bool
    inputs: tuple[str, ...]
    data_dir: Path | None
    as_json: bool
    is_agreed: bool = False  #: Whether a large cost is agreed to beforehand.


def take_apart(words: Sequence[str]) -> Words:
    """The words by who reads them; raises ``BadInputError`` for an option nobody knows."""
    data_dir, words = leading_data_dir(words)
    run = split_command_line(words, client_flags=frozenset({_JSON, _YES}))
    if isinstance(run, Refused):
        raise BadInputError(run.sentence, code=run.code)
    ours = [given for given in run.given if given.spelled == "--stage"]
    options = [word for given in run.given if given not in ours for word in words_of(given)]
    return Words(
        options=tuple(options),
        operands=run.operands,
        is_command=run.after_separator,
        has_wrap=any(given.option.name == "wrap" for given in run.given),
        has_profile=any(given.option.name == "profile" for given in run.given),
        inputs=tuple(given.value or "" for given in ours),
        data_dir=data_dir,
        as_json=_JSON in run.client_flags,
        is_agreed=_YES in run.client_flags,
    )


def submit(context: typer.Context) -> None:
    """Submit a job script, or a command after --.

    #SBATCH lines in the script are honoured, and every option of sbatch may be given here, in its
    long or short spelling; what has no effect is said, what is unknown is refused.
    """
    submit_words(context.args)


def submit_words(said: Sequence[str]) -> None:
    """Submit what these words of a command line ask for."""
    words = take_apart(said)
    prepared = _prepare(words)
    asked = prepared.submission
    patience_s = PATIENCE_WHILE_WAITING_S if asked.wait else None
    with _client(words.data_dir, patience_s) as client:
        if asked.test_only:
            _check(client, prepared, as_json=words.as_json)
            return
        if not words.is_agreed and _is_typed_by_a_person():
            _ask_if_large(client, prepared)
        _announce(prepared)
        job = client.send(prepared)
        remarks(job.notes)
        if asked.parsable:
            say(str(job.id))
        elif not words.as_json:
            say(f"Submitted batch job {job.id}")
        if words.as_json and not asked.wait:
            say_json({"job_id": job.id, "notes": list(job.notes)})
        if asked.wait:
            sys.stdout.flush()
            code = wait_for(job)
            if words.as_json:
                say_json(job.document)
            raise typer.Exit(code)


def _is_typed_by_a_person() -> bool:
    """Scripts are never asked: what they run has no terminal, or its output goes elsewhere."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _ask_if_large(client: "Client", prepared: "Prepared") -> None:
    """Ask before a submission that costs as much as the operator wants announced."""
    cost = client.check(prepared, with_start=False)["cost"]
    if cost is None or not cost["is_large"]:
        return
    remark(f"This costs {cost['sentence']}")
    if not typer.confirm("Submit it?", default=False, err=True):
        remark("Nothing was submitted.")
        raise typer.Exit(ExitCode.FAILED)


def _announce(prepared: "Prepared") -> None:
    """Say what takes a while, before it does."""
    total_bytes = sum(item.size_bytes for item in prepared.inputs)
    if total_bytes >= LONG_TRANSFER_BYTES:
        remark(f"Sending {quantities.size(total_bytes)}, save what the server has already.")


def _prepare(words: Words) -> "Prepared":
    from chaufferie.sdk.submission import prepare

    return prepare(_request(words))


def _request(words: Words) -> "JobRequest":
    from chaufferie.sdk.submission import JobRequest, Wishes

    wishes = Wishes(options=words.options, inputs=words.inputs)
    if words.is_command:
        return JobRequest(command=words.operands, wishes=wishes)
    if words.has_wrap:
        # Whatever follows is one way too many; the parser says so.
        return JobRequest(wishes=Wishes(**wishes, arguments=words.operands))
    if words.has_profile and not words.operands:
        return JobRequest(wishes=wishes)  # Its profile knows what to run.
    if not words.operands and sys.stdin.isatty():
        raise BadInputError("Nothing to run: name a script, or put a command after --.")
    script, *arguments = words.operands or (_STANDARD_INPUT,)
    wishes = Wishes(**wishes, arguments=arguments)
    if script == _STANDARD_INPUT:
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        return JobRequest(text=text, wishes=wishes)
    return JobRequest(script=script, wishes=wishes)


def _client(data_dir: Path | None, patience_s: float | None) -> "Client":
    return open_client(data_dir) if patience_s is None else open_client(data_dir, patience_s)


def _check(client: "Client", prepared: "Prepared", *, as_json: bool) -> None:
    answer = client.check(prepared)
    if as_json:
        say_json(answer)
        return
    remarks(answer["notes"])
    nodes = answer["would_fit"]
    say(f"The job could run on: {', '.join(nodes)}." if nodes else "No node is enrolled yet.")
    if answer["cost"] is not None:
        say(f"Cost: {answer['cost']['sentence']}")
    say(f"Likely start: {answer['likely_start']['sentence']}")


def leading_data_dir(words: Sequence[str]) -> tuple[Path | None, Sequence[str]]:
    """``--data DIR`` is ours and not the parser's; it stands before the other options."""
    first = words[0] if words else ""
    if first.startswith("--data="):
        return Path(first.removeprefix("--data=")), words[1:]
    if first == "--data":
        if len(words) == 1:
            raise BadInputError("--data needs a directory.")
        return Path(words[1]), words[2:]
    return None, words


def words_of(given: Given) -> tuple[str, ...]:
    """The option as it was written, so that notes and refusals show it so."""
    if given.value is None:
        return (given.spelled,)
    if given.spelled.startswith("--"):
        return (f"{given.spelled}={given.value}",)
    if given.option.takes is Takes.MAYBE:
        return (f"{given.spelled}{given.value}",)
    return (given.spelled, given.value)


def asks_for_help(words: Sequence[str]) -> bool:
    """Whether the first word asks what may be asked."""
    return bool(words) and words[0] in _HELP

"""A job as a user asks for it, read by the parser of the server before anything is sent."""

import getpass
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from chaufferie.sdk.clock import ThisMachine, clock_document
from chaufferie.sdk.errors import BadInputError
from chaufferie.sdk.staging import Input, find_inputs
from chaufferie.sdk.wish_forms import check_seconds, check_texts, check_words
from domain.refusal import Refused
from domain.sbatch.durations import describe_duration
from domain.sbatch.parse import parse_submission
from domain.sbatch.precedence import VARIABLES
from domain.sbatch.submission import Submission, SubmitRequest
from domain.units import MINUTE_S

#: Wishes that are an option's value as they stand.
_PLAIN = ("name", "type", "project", "dependency", "profile", "priority", "reservation")

#: Wishes that are lists of words: Python takes a text for the list of its letters.
_LISTS = ("command", "options", "arguments", "inputs")
_SECONDS = ("time_limit_s", "max_queue_s", "copy_results_every_s", "checkpoint_every_s")


class Wishes(TypedDict, total=False):
    """What may be asked of a job by name; each stands for an option of the command line."""

    name: str
    cores: int
    mem_mib: int
    time_limit_s: float
    type: str  #: ``flex``, ``ondemand`` or ``reserved``.
    max_attempts: int  #: How often it is tried while its program fails.
    max_queue_s: float  #: It is given up if it has not started by then.
    deadline: str | datetime  #: By which the job must have ended; ``+6h`` counts from now.
    project: str
    dependency: str  #: What it waits for: ``afterok:12``, ``afterany:12_3,singleton``.
    profile: str  #: The program that its node must have: ``openfoam/2312+``.
    priority: int  #: Points by which it goes before others; negative = after them.
    reservation: str  #: The name of the reservation in which it is to run.
    licences: Mapping[str, int]  #: Seats that it takes while it runs: ``{"starccm": 1}``.
    options: Sequence[str]  #: Further words, as on the command line of ``sbatch``.
    arguments: Sequence[str]  #: For the script.
    environment: Mapping[str, str]  #: Variables that the job finds set.
    inputs: Sequence[str | Path]  #: Files and directories that travel with the job.
    results: Sequence[str]  #: Patterns of the files that come back; default: all that are new.
    exclude_results: Sequence[str]  #: Patterns of those that stay behind.
    copy_results_every_s: float  #: They can be fetched while it runs, as of the last copy.
    checkpoint: bool  #: A new attempt finds ``checkpoint/`` as the one before left it.
    checkpoint_every_s: float  #: And it is copied so often while the job runs; default 300.
    directory: str | Path  #: The submit directory, where inputs are; default: the current one.


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One job to submit: a script, or a command, and what is asked for it."""

    script: str | Path | None = None  #: Its file, relative to the submit directory.
    text: str | None = None  #: Of a script that is in no file.
    command: Sequence[str] = ()
    label: str | None = None  #: By which others of ``submit_many`` name it: ``afterok:@label``.
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A submission that the parser accepts, ready to be sent."""

    body: Mapping[str, Any]
    inputs: tuple[Input, ...]
    submission: Submission


def prepare(request: JobRequest) -> Prepared:
    """Read the script and the options as the server will.

    Raises ``BadInputError`` naming the line and the option where something is wrong.
    """
    wishes = request.wishes
    _check_forms(request)
    submit_dir = Path(wishes.get("directory", ".")).absolute()
    options = (*_option_words(wishes), *wishes.get("options", ()))
    text = request.text
    if request.script is not None:
        text = read_script_file(submit_dir / request.script)
    name = None if request.script is None else Path(request.script).name
    now_s = time.time()  # noqa: TID251 - the clock by which relative deadlines are meant
    shell = dict(os.environ)
    submission = parse_submission(
        SubmitRequest(
            now_s=now_s,
            script=text,
            script_name=name,
            command=request.command,
            options=options,
            arguments=wishes.get("arguments", ()),
            environment=shell,
            zone=ThisMachine(),
            submit_dir=str(submit_dir),
        )
    )
    if isinstance(submission, Refused):
        raise BadInputError(submission.sentence, code=submission.code, line=submission.line)
    inputs = find_inputs([*wishes.get("inputs", ()), *_standard_input(submission)], submit_dir)
    body = {
        "script": text,
        "script_name": name,
        "command": list(request.command),
        "arguments": list(wishes.get("arguments", ())),
        "options": list(options),
        "environment": {
            **{key: shell[key] for key in VARIABLES if key in shell},
            **wishes.get("environment", {}),
            **submission.export.variables,
        },
        "inputs": [item.as_document() for item in inputs],
        "label": request.label,
        "submit_host": socket.gethostname(),
        "submit_user": _user(),
        "submit_dir": str(submit_dir),
        **_clock(submission, now_s),
    }
    _check_text(body)
    return Prepared(body=body, inputs=inputs, submission=submission)


def _check_forms(request: JobRequest) -> None:
    """What Python would take for something else, or not look at, is refused."""
    wishes: Mapping[str, object] = {**request.wishes}
    check_words(wishes, known=Wishes.__annotations__)
    check_texts({"command": request.command, **wishes}, keys=_LISTS)
    check_seconds(wishes, keys=_SECONDS)


def _clock(submission: Submission, now_s: float) -> Mapping[str, object]:
    """What the server must know to read its times as they were read here."""
    has_times = submission.begin_s is not None or submission.deadline_s is not None
    return clock_document(now_s) if has_times else {}


def _standard_input(submission: Submission) -> Sequence[Path]:
    """The file of ``--input``, which travels with the job; not where the node makes up its name."""
    name = submission.stdin_pattern
    if name is None or "%" in name:
        return ()
    return [Path(submission.chdir or ".") / name]


def read_script_file(file: Path) -> str:
    """The text of a job script; bytes that are no UTF-8 are left for the parser to name."""
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        raise BadInputError(
            f"There is no script {str(file)!r}; to run a command, put it after --."
        ) from None
    except OSError as error:
        raise BadInputError(
            f"The script {str(file)!r} cannot be read: {error.strerror}."
        ) from error


def _check_text(body: Mapping[str, Any]) -> None:
    """File names and arguments may hold bytes that are no text, which no request can carry."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadInputError(
            "A file name, an argument or a variable is not UTF-8 text; rename or change it."
        ) from error


def _option_words(wishes: Wishes) -> list[str]:
    spelled = {"name": "job-name", "project": "account"}
    plain = {key: value for key, value in wishes.items() if key in _PLAIN}
    words = [f"--{spelled.get(key, key)}={value}" for key, value in plain.items()]
    if wishes.get("licences"):
        seats = ",".join(f"{key}:{count}" for key, count in wishes["licences"].items())
        words.append(f"--licence={seats}")
    if "cores" in wishes:
        words.append(f"--cpus-per-task={wishes['cores']}")
    if "mem_mib" in wishes:
        words.append(f"--mem={wishes['mem_mib']}M")
    if "time_limit_s" in wishes:
        minutes = max(1, -(-int(wishes["time_limit_s"]) // MINUTE_S))
        words.append(f"--time={describe_duration(minutes * MINUTE_S)}")
    if "max_attempts" in wishes:
        words.append(f"--max-attempts={wishes['max_attempts']}")
    if "max_queue_s" in wishes:
        words.append(f"--max-queue-time={describe_duration(max(1, int(wishes['max_queue_s'])))}")
    if "deadline" in wishes:
        words.append(f"--deadline={_instant(wishes['deadline'])}")
    return [*words, *_file_words(wishes)]


def _file_words(wishes: Wishes) -> list[str]:
    """The wishes about files that come back."""
    words: list[str] = []
    for key, option in (("results", "results"), ("exclude_results", "exclude-results")):
        if key in wishes:
            words.append(f"--{option}={_patterns(wishes[key])}")  # type: ignore[literal-required]
    if "copy_results_every_s" in wishes:
        words.append(f"--copy-results-every={round(wishes['copy_results_every_s'])}s")
    if "checkpoint_every_s" in wishes:
        words.append(f"--checkpoint={round(wishes['checkpoint_every_s'])}s")
    elif wishes.get("checkpoint", False):
        words.append("--checkpoint")
    return words


def _patterns(patterns: str | Sequence[str]) -> str:
    return patterns if isinstance(patterns, str) else ",".join(patterns)


def _instant(deadline: str | datetime) -> str:
    if isinstance(deadline, str):
        return deadline
    if not isinstance(deadline, datetime):
        raise BadInputError(
            f"deadline={deadline!r} is no time; write a datetime, or text such as '+6h'."
        )
    return deadline.astimezone(UTC).isoformat(timespec="seconds")


def _user() -> str | None:
    """The name of whoever submits, where the machine knows one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None

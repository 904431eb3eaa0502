"""From the body of a submission to a job specification, by the parser that clients use too."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.jobs.clock import ClockIn
from api.names import LARGEST_FILE_BYTES, Sha256, Text
from domain.files.job_files import check_relative_path
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, InputFile, JobSpec, Resources
from domain.refusal import Refused
from domain.sbatch.dependencies import LABEL
from domain.sbatch.durations import describe_duration
from domain.sbatch.parse import parse_submission
from domain.sbatch.patterns import default_output
from domain.sbatch.precedence import VARIABLES
from domain.sbatch.submission import OpenMode, Submission, SubmitRequest

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NAME = 256
_LONGEST_LABEL = 256
_MOST_INPUTS = 10_000
_NO_LICENCES = "The licences of the script mean nothing here: none are counted."

Label = Annotated[str, StringConstraints(pattern=rf"^{LABEL}$")]


class InputIn(BaseModel):
    """A file that was uploaded before, and where it belongs in the working directory."""

    model_config = ConfigDict(extra="forbid")

    path: Text
    sha256: Sha256
    size_bytes: int = Field(ge=0, le=LARGEST_FILE_BYTES)
    executable: bool = False


class SubmissionIn(ClockIn):
    """A job: a script, or a command; options as on the command line."""

    model_config = ConfigDict(extra="forbid")

    script: Text | None = None
    script_name: Text | None = None
    command: list[Text] = Field(default=[])
    arguments: list[Text] = Field(default=[])
    options: list[Text] = Field(default=[])
    #: Variables for the job, and ``SBATCH_*`` ones, which stand for options and go no further.
    environment: dict[Text, Text] = Field(default={})
    #: By which the other jobs of a request name this one: ``--dependency=afterok:@mesh``.
    label: Label | None = None
    inputs: list[InputIn] = Field(default=[], max_length=_MOST_INPUTS)
    submit_host: Text | None = Field(default=None, max_length=_LONGEST_LABEL)
    submit_user: Text | None = Field(default=None, max_length=_LONGEST_LABEL)
    submit_dir: Text | None = None


def request_hash(body: SubmissionIn) -> bytes:
    """Tells a repeated request from another one."""
    return hashlib.sha256(body.model_dump_json().encode()).digest()


def to_spec(
    body: SubmissionIn,
    now_s: float,
    known_names: Mapping[str, SchedulingType] | None = None,
    *,
    counts_licences: bool = False,
) -> JobSpec | Refused:
    """The specification, or why there is none; ``known_names`` are of partitions and QOS.

    Where no licences are counted, those that a script asks for are another cluster's.
    """
    asked = parse_submission(
        SubmitRequest(
            now_s=now_s,
            script=body.script,
            script_name=body.script_name,
            command=body.command,
            options=body.options,
            arguments=body.arguments,
            environment=body.environment,
            zone=body.clock(),
            submit_dir=body.submit_dir,
            known_names=known_names or {},
        )
    )
    if isinstance(asked, Refused):
        return asked
    if len(asked.name) > _LONGEST_NAME:
        return Refused(
            code="job.name", sentence=f"The job's name is longer than {_LONGEST_NAME} characters."
        )
    inputs = _inputs(body)
    if isinstance(inputs, Refused):
        return inputs
    environment = _environment(body, asked)
    if isinstance(environment, Refused):
        return environment
    spec = _spec(body, asked, inputs, environment)
    if spec.licences and not counts_licences and not asked.licences.is_typed:
        return replace(spec, licences=(), notes=(*spec.notes, _NO_LICENCES))
    return spec


def _spec(
    body: SubmissionIn,
    asked: Submission,
    inputs: tuple[InputFile, ...],
    environment: dict[str, str],
) -> JobSpec:
    stdout = asked.stdout_pattern
    usual = default_output(is_array=asked.array is not None)
    return JobSpec(
        name=asked.name,
        command=asked.command,
        script=asked.script,
        arguments=asked.arguments,
        resources=_resources(asked),
        asked=tuple(name.value for name in asked.asked),
        scheduling_type=asked.scheduling_type,
        start_before_s=asked.start_before_s,
        not_before_s=asked.begin_s,
        deadline_s=asked.deadline_s,
        max_queue_s=asked.max_queue_s,
        max_attempts=asked.max_attempts,
        stdout_pattern=None if stdout == usual else stdout,
        stderr_pattern=asked.stderr_pattern,
        stdin_pattern=asked.stdin_pattern,
        append_output=asked.open_mode is OpenMode.APPEND,
        chdir=asked.chdir,
        partition=asked.partition,
        qos=asked.qos,
        project=asked.account,
        comment=asked.comment,
        warning=asked.warning,
        requeue=asked.requeue,
        excluded=asked.excluded,
        wanted_nodes=asked.wanted_nodes,
        features=asked.features,
        profile=asked.profile,
        environment=environment,
        inputs=inputs,
        array=asked.array,
        dependency=asked.dependency,
        results=asked.returns.results,
        excluded_results=asked.returns.excluded_results,
        copy_results_every_s=asked.returns.copy_results_every_s,
        checkpoint_every_s=asked.returns.checkpoint_every_s,
        mail_to=asked.mail.to,
        mail_types=tuple(kind.value for kind in asked.mail.types),
        is_held=asked.is_held,
        priority=asked.priority,
        reservation=asked.reservation,
        licences=asked.licences.licences,
        submit_host=body.submit_host,
        submit_user=body.submit_user,
        notes=_notes(asked),
    )


def _resources(asked: Submission) -> Resources:
    return Resources(
        cores=asked.cores,
        ntasks=asked.ntasks,
        cpus_per_task=asked.cpus_per_task,
        tasks_per_node=asked.tasks_per_node,
        mem_mib=asked.mem_mib,
        mem_per_cpu_mib=asked.mem_per_cpu_mib,
        whole_node=asked.whole_node,
        nodes=asked.nodes,
        gpus=asked.gpus,
        gpu_kind=asked.gpu_kind,
        time_limit_s=asked.time_limit_s,
        time_min_s=asked.time_min_s,
    )


def _inputs(body: SubmissionIn) -> tuple[InputFile, ...] | Refused:
    found: dict[str, InputFile] = {}
    for item in body.inputs:
        path = check_relative_path(item.path)
        if isinstance(path, Refused):
            return path
        if path in found:
            return Refused(code="file.twice", sentence=f"Two inputs are named {path!r}.")
        found[path] = InputFile(
            path=path, sha256=item.sha256, size_bytes=item.size_bytes, executable=item.executable
        )
    for path in found:
        above = next((str(one) for one in PurePosixPath(path).parents if str(one) in found), None)
        if above is not None:
            return Refused(
                code="file.twice", sentence=f"The input {above!r} cannot be a file and a directory."
            )
    return tuple(found.values())


def _environment(body: SubmissionIn, asked: Submission) -> dict[str, str] | Refused:
    """What the job finds set: what the client names for it, then what ``--export`` names."""
    named = {name: text for name, text in body.environment.items() if name not in VARIABLES}
    wrong = next((name for name in named if not _VARIABLE_NAME.fullmatch(name)), None)
    if wrong is not None:
        return Refused(
            code="environment.name",
            sentence=f"{wrong[:40]!r} is no name for a variable; use letters, digits and _.",
        )
    return {**named, **asked.export.variables}


def _notes(asked: Submission) -> tuple[str, ...]:
    notes = [str(note) for note in asked.notes]
    if asked.script is not None and asked.time_limit_s is None:
        limit = describe_duration(DEFAULT_TIME_LIMIT_S)
        notes.append(f"No --time was given: the job is stopped after {limit}.")
    return tuple(notes)

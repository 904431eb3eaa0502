"""From a job script and a command line to a submission, or to the reason why not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from domain.fleet.profiles import ProfileWish, parse_profile
from domain.jobs.array_spec import ArrayMistake, ArraySpec, parse_array
from domain.jobs.job import SchedulingType
from domain.jobs.requirements import ConstraintMistake, Requires, parse_constraint
from domain.refusal import Refused
from domain.sbatch.dependencies import MOST_CONDITIONS, DependencyKind, parse_dependency
from domain.sbatch.duties import apply_duties
from domain.sbatch.exports import Export, parse_export
from domain.sbatch.getopt import split_command_line
from domain.sbatch.given import Given, Origin, shortened
from domain.sbatch.hostlist import parse_hostlist
from domain.sbatch.licences import read_licences
from domain.sbatch.lint import lint_body
from domain.sbatch.mail import read_mail
from domain.sbatch.note import Note
from domain.sbatch.outputs import read_outputs
from domain.sbatch.precedence import given_in_environment, settle
from domain.sbatch.resources import Size, read_size
from domain.sbatch.returns import read_returns
from domain.sbatch.schedule import read_schedule
from domain.sbatch.script import Script, read_script
from domain.sbatch.settings import LONGEST_VALUE, Settings
from domain.sbatch.submission import Submission, SubmitRequest

_MOST_NOTES = 50
_A_PROFILE = "a program such as openfoam, openfoam/2312 or openfoam/2312+ (that or later)"
#: What Slurm's own option of this name gathers while a job runs.
_SLURMS_PROFILES = frozenset({"all", "none", "energy", "task", "lustre", "network", "filesystem"})
_A_HOSTLIST = "names of nodes such as n1,n2 or n[1-3]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is to run: a script, or a command without one."""

    script: Script | None
    default_name: str


def parse_submission(request: SubmitRequest) -> Submission | Refused:
    """What ``request`` asks for; the first thing that cannot be granted otherwise."""
    typed = split_command_line(request.options)
    if isinstance(typed, Refused):
        return typed
    if typed.operands:
        return Origin().refuse(
            "stray_word", f"{shortened(typed.operands[0])!r} stands among the options."
        )
    work = _find_work(request, typed.given)
    if isinstance(work, Refused):
        return work
    script_given = work.script.given if work.script is not None else ()
    misplaced = _check_script_options(script_given)
    if misplaced is not None:
        return misplaced
    settled = settle(script_given, given_in_environment(request.environment), typed.given)
    settings = Settings(settled.by_key)
    settings.notes.extend(settled.notes)
    submission = _build(request, work, settings)
    return settings.first_refusal() or submission


def _find_work(request: SubmitRequest, typed: Sequence[Given]) -> _Work | Refused:
    wrapped = next((given.value for given in reversed(typed) if given.option.name == "wrap"), None)
    is_blank = wrapped is not None and not wrapped.strip()
    n_ways = sum((wrapped is not None, request.script is not None, bool(request.command)))
    if n_ways == 0:
        asked = next((given for given in reversed(typed) if given.option.key == "profile"), None)
        if asked is not None and not _is_slurms_profile(asked):
            # Its profile knows what to run.
            return _Work(script=None, default_name=re.split("[/=>]", asked.value or "")[0])
        return Refused(
            code="sbatch.nothing_to_run",
            sentence="Nothing to run: name a script, or put a command after --.",
        )
    if is_blank or (request.command and not request.command[0]):
        return Refused(
            code="sbatch.nothing_to_run",
            sentence="Nothing to run: the command is blank; write one behind --wrap or --.",
        )
    if n_ways > 1 or (wrapped is not None and request.arguments):
        return Refused(
            code="sbatch.two_ways",
            sentence="Give either a script, or --wrap, or a command after --, not two of them.",
        )
    if request.command:
        return _Work(script=None, default_name=PurePosixPath(request.command[0]).name)
    text = f"#!/bin/sh\n\n{wrapped}\n" if wrapped is not None else request.script
    script = read_script(text or "")
    if isinstance(script, Refused):
        return script
    named = PurePosixPath(request.script_name or "sbatch").name
    return _Work(script=script, default_name="wrap" if wrapped is not None else named)


def _instead(one: Given) -> str:
    if one.option.name == "stage":
        return "--stage is for the command line, which knows where the files are."
    if one.option.name == "type":
        return (
            f"{one.spelled} is for the command line; in a script write "
            f"--qos={shortened(one.value or '')}, which means the same here."
        )
    return (
        f"{one.spelled} is for the command line: Slurm does not know it, and the script could not "
        "run elsewhere."
    )


def _check_script_options(given: Sequence[Given]) -> Refused | None:
    for one in given:
        if one.option.is_command_line_only:
            return one.origin.refuse("command_line_only", _instead(one))
        if one.option.name == "wrap":
            return one.origin.refuse(
                "command_line_only", "--wrap is for the command line; write the command itself."
            )
    return None


def _build(request: SubmitRequest, work: _Work, settings: Settings) -> Submission:
    apply_duties(settings)
    size = read_size(settings)
    schedule = read_schedule(settings, request)
    outputs = read_outputs(settings, request.submit_dir)
    export = _read_export(settings, request)
    profile = _read_profile(settings)
    return Submission(
        name=settings.text("job-name") or work.default_name or "sbatch",
        script=work.script.staged_text if work.script else None,
        interpreter=work.script.interpreter if work.script else None,
        command=tuple(request.command),
        arguments=tuple(request.arguments),
        nodes=size.nodes,
        cores=size.cores,
        ntasks=size.ntasks,
        cpus_per_task=size.cpus_per_task,
        tasks_per_node=size.tasks_per_node,
        mem_mib=size.mem_mib,
        mem_per_cpu_mib=size.mem_per_cpu_mib,
        whole_node=size.whole_node,
        gpus=size.gpus,
        gpu_kind=size.gpu_kind,
        excluded=settings.read("exclude", parse_hostlist, _A_HOSTLIST) or (),
        wanted_nodes=_read_nodelist(settings, size.nodes),
        features=_read_constraint(settings),
        profile=None if profile is None else str(profile),
        asked=size.asked,
        array=_read_array(settings),
        dependency=_read_dependency(settings),
        time_limit_s=schedule.time_limit_s,
        time_min_s=schedule.time_min_s,
        scheduling_type=schedule.scheduling_type or SchedulingType.ON_DEMAND,
        begin_s=schedule.begin_s,
        deadline_s=schedule.deadline_s,
        max_queue_s=schedule.max_queue_s,
        max_attempts=schedule.max_attempts,
        warning=schedule.warning,
        requeue=schedule.requeue,
        is_held=settings.has("hold"),
        priority=schedule.priority,
        reservation=schedule.reservation,
        licences=read_licences(settings),
        stdout_pattern=outputs.stdout_pattern,
        stderr_pattern=outputs.stderr_pattern,
        stdin_pattern=outputs.stdin_pattern,
        open_mode=outputs.open_mode,
        chdir=outputs.chdir,
        export=export,
        returns=read_returns(settings),
        mail=read_mail(settings),
        partition=settings.text("partition"),
        qos=settings.text("qos"),
        account=settings.text("account"),
        comment=settings.text("comment"),
        wait=settings.has("wait"),
        parsable=settings.has("parsable"),
        test_only=settings.has("test-only"),
        notes=_notes(work.script, settings, size),
    )


def _notes(script: Script | None, settings: Settings, size: Size) -> tuple[Note, ...]:
    """All that was noted, once every setting was read."""
    of_script = () if script is None else script.notes
    return _first_few([*of_script, *settings.notes, *_body_notes(script, size)])


def _first_few(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes, each once, as many as a person can be asked to read."""
    distinct = tuple(dict.fromkeys(notes))
    n_more = len(distinct) - _MOST_NOTES
    if n_more <= 0:
        return distinct
    return (*distinct[:_MOST_NOTES], Note(text=f"{n_more} more remarks were left out."))


def _read_array(settings: Settings) -> ArraySpec | None:
    given = settings.given("array")
    if given is None or given.value is None or len(given.value) > LONGEST_VALUE:
        return None
    array = parse_array(given.value)
    if isinstance(array, ArrayMistake):
        settings.refuse(given, array.code, f"{given.text}: {array.remedy}.")
        return None
    return array


def _read_dependency(settings: Settings) -> str | None:
    given = settings.given("dependency")
    text = "" if given is None or given.value is None else given.value.strip()
    found = parse_dependency(text) if text else None
    if found is None or given is None:
        return None
    kinds = {one.kind for one in found.conditions}
    if len(found.conditions) > MOST_CONDITIONS:
        what = (
            f"it names {len(found.conditions)} jobs and may name {MOST_CONDITIONS}; name an array"
        )
        settings.refuse(given, "dependency_too_long", f"{given.text}: {what}.")
    if found.any_suffices and DependencyKind.AFTER_CORR in kinds:
        what = "aftercorr and ? cannot stand together; write a comma"
        settings.refuse(given, "dependency_mixed", f"{given.text}: {what}.")
    return text


def _read_nodelist(settings: Settings, n_nodes: int) -> tuple[str, ...]:
    """The nodes among which it shall run."""
    names = settings.read("nodelist", parse_hostlist, _A_HOSTLIST) or ()
    given = settings.given("nodelist")
    if given is not None and len(names) > n_nodes:
        count = "one" if n_nodes == 1 else f"{n_nodes}"
        text = f"{given.text} names {len(names)} nodes; the job runs on {count} of them."
        settings.note(given, text)
    return names


def _read_profile(settings: Settings) -> ProfileWish | None:
    """The program that is asked for on the command line; elsewhere the word is Slurm's."""
    given = settings.given("profile")
    if given is None:
        return None
    if _is_slurms_profile(given):
        settings.note(given, f"{given.spelled} is accepted and means nothing here.")
        return None
    return settings.read("profile", parse_profile, _A_PROFILE)


def _is_slurms_profile(given: Given) -> bool:
    return not given.origin.is_command_line or (given.value or "").lower() in _SLURMS_PROFILES


def _read_constraint(settings: Settings) -> Requires:
    given = settings.given("constraint")
    if given is None or not given.value or len(given.value) > LONGEST_VALUE:
        return ()
    found = parse_constraint(given.value)
    if isinstance(found, ConstraintMistake):
        settings.refuse(given, found.code, f"{given.text}: {found.remedy}.")
        return ()
    return found


def _read_export(settings: Settings, request: SubmitRequest) -> Export:
    parse = partial(parse_export, environment=request.environment)
    export = settings.read("export", parse, "NONE, or names such as A,B=1") or Export()
    given = settings.given("export")
    if given is None:
        return export
    if export.asks_all and not export.variables:
        settings.note(
            given,
            "--export=ALL does not carry your environment to the node; name the variables that "
            "the job needs.",
        )
    if export.absent:
        names = shortened(", ".join(export.absent))
        settings.note(given, f"{names} in --export is not set and not sent.")
    return export


def _body_notes(script: Script | None, size: Size) -> tuple[Note, ...]:
    if script is None:
        return ()
    lines = script.staged_text.split("\n")
    return lint_body(lines, script.body_starts_at, size.asked, n_nodes=size.nodes)

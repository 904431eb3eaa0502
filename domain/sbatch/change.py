"""Options given to a job that was submitted before: what its specification becomes by them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, JobSpec
from domain.jobs.requirements import ConstraintMistake, parse_constraint
from domain.refusal import Refused
from domain.sbatch.durations import describe_duration
from domain.sbatch.environment import Asked
from domain.sbatch.getopt import read_options
from domain.sbatch.given import Given, Origin, shortened
from domain.sbatch.hostlist import parse_hostlist
from domain.sbatch.licences import KEY as LICENCES
from domain.sbatch.licences import read_licences
from domain.sbatch.resources import read_size
from domain.sbatch.schedule import Schedule, read_schedule
from domain.sbatch.settings import Settings
from domain.sbatch.submission import SubmitRequest

#: What a change of cores and memory is read from, together with what was asked before.
SIZE_KEYS = frozenset({"ntasks", "cpus-per-task", "mem", "mem-per-cpu"})
#: What may change even while elements of an array are on nodes: they keep what they have.
TIME_KEYS = frozenset({"time", "deadline", "begin", "max-queue-time", "max-attempts", "comment"})
#: Points by which it goes before others: what runs keeps them for when it queues again.
ORDER_KEYS = frozenset({"nice", "priority"})
#: What may say its scheduling type.
TYPE_KEYS = frozenset({"type", "qos", "partition"})
_PLACE_KEYS = frozenset({"constraint", "nodelist", "exclude", "requeue", "reservation", LICENCES})
_LABEL_KEYS = frozenset({"job-name", "account"})
CHANGEABLE = SIZE_KEYS | TIME_KEYS | ORDER_KEYS | TYPE_KEYS | _PLACE_KEYS | _LABEL_KEYS
CHANGEABLE |= {"dependency"}
#: Left blank, or ``none``, they are taken back.
_CLEARED = frozenset(
    {"deadline", "begin", "max-queue-time", "constraint", "nodelist", "exclude", "dependency"}
    | {LICENCES, "reservation"}
)
#: Their value may be any word, ``none`` too: only a blank takes them back.
_CLEARED_BY_BLANK = frozenset({"account", "comment", "partition", "qos"})
_LONGEST_NAME = 256
_A_HOSTLIST = "names of nodes such as n1,n2 or n[1-3]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a job is to be from now on."""

    spec: JobSpec
    keys: frozenset[str]  #: Of the options that were given.
    text: str  #: The options as they were given.
    #: That one instance will take on whatever node; None = as its specification says.
    least_cores: int | None = None


def parse_change(
    words: Sequence[str],
    current: JobSpec,
    *,
    now_s: float,
    zone: tzinfo = UTC,
    known_names: Mapping[str, SchedulingType] | None = None,
) -> Change | Refused:
    """The job's specification with these options; whatever they do not name stays.

    ``known_names`` is what names of partitions and QOS stand for.
    """
    typed = read_options(words, Origin())
    if isinstance(typed, Refused):
        return typed
    if typed.operands:
        return _refused("stray_word", f"{shortened(typed.operands[0])!r} is no option.")
    given = {item.option.key: item for item in typed.given}
    refused = _check_keys(given)
    if refused is not None:
        return refused
    cleared = {key for key, item in given.items() if _clears(key, item)}
    settings = Settings({key: item for key, item in given.items() if key not in cleared})
    request = SubmitRequest(now_s=now_s, zone=zone, known_names=known_names or {})
    schedule = read_schedule(settings, request)
    spec = replace(
        current,
        **_of_schedule(schedule, given),
        **_of_places(settings, given),
        **_of_labels(settings, given, current),
    )
    if "time" in given:
        resources = replace(spec.resources, time_limit_s=schedule.time_limit_s)
        spec = replace(spec, resources=resources)
    if SIZE_KEYS & set(given):
        spec = _with_size(spec, settings, given)
    refused = settings.first_refusal() or _check(spec, given, now_s)
    if refused is not None:
        return refused
    limit_s = spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S
    least_s = spec.resources.time_min_s or limit_s
    start_before_s = None if spec.deadline_s is None else spec.deadline_s - least_s
    notes = tuple(str(note) for note in settings.notes)
    return Change(
        spec=replace(spec, start_before_s=start_before_s, notes=(*spec.notes, *notes)),
        keys=frozenset(given),
        text=" ".join(item.text for item in given.values()),
    )


def _refused(code: str, sentence: str) -> Refused:
    return Refused(code=f"modify.{code}", sentence=sentence)


def _check_keys(given: Mapping[str, Given]) -> Refused | None:
    if not given:
        return _refused("nothing", "Nothing is to be changed; name an option, such as --time.")
    for key, item in given.items():
        if key not in CHANGEABLE:
            return _refused(
                "not_changeable",
                f"{item.spelled} cannot be changed after the submission; cancel the job and "
                "submit it again.",
            )
        if key == "dependency" and not _clears(key, item):
            return _refused(
                "dependency",
                "What a job waits for can only be taken back (--dependency=none); to wait for "
                "something else, cancel it and submit it again.",
            )
    return None


def _clears(key: str, item: Given) -> bool:
    text = (item.value or "").strip()
    if key in _CLEARED_BY_BLANK:
        return not text
    return key in _CLEARED and text.lower() in {"", "none"}


def _of_schedule(found: Schedule, given: Collection[str]) -> dict[str, Any]:
    values: dict[str, tuple[str, object]] = {
        "begin": ("not_before_s", found.begin_s),
        "deadline": ("deadline_s", found.deadline_s),
        "max-queue-time": ("max_queue_s", found.max_queue_s),
        "max-attempts": ("max_attempts", found.max_attempts),
        "requeue": ("requeue", found.requeue),
        "nice": ("priority", found.priority),
        "priority": ("priority", found.priority),
        "reservation": ("reservation", found.reservation),
    }
    if TYPE_KEYS & set(given) and found.scheduling_type is not None:
        values["type"] = values["qos"] = values["partition"] = (
            "scheduling_type",
            found.scheduling_type,
        )
    changed = dict(values[key] for key in values if key in given)
    return changed if "reservation" not in given else {**changed, "reservation_id": None}


def _of_places(settings: Settings, given: Collection[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "exclude" in given:
        values["excluded"] = settings.read("exclude", parse_hostlist, _A_HOSTLIST) or ()
    if "nodelist" in given:
        values["wanted_nodes"] = settings.read("nodelist", parse_hostlist, _A_HOSTLIST) or ()
    if LICENCES in given:
        values["licences"] = read_licences(settings).licences
    constraint = settings.given("constraint")
    if constraint is not None and constraint.value:
        found = parse_constraint(constraint.value)
        if isinstance(found, ConstraintMistake):
            settings.refuse(constraint, found.code, f"{constraint.text}: {found.remedy}.")
        else:
            values["features"] = found
    elif "constraint" in given:
        values["features"] = ()
    return values


def _of_labels(settings: Settings, given: Collection[str], current: JobSpec) -> dict[str, Any]:
    values: dict[str, Any] = {}
    name = settings.given("job-name")
    if name is not None and len(name.value or "") > _LONGEST_NAME:
        settings.refuse(name, "bad_value", f"The name is longer than {_LONGEST_NAME} characters.")
    elif name is not None:
        values["name"] = (name.value or "").strip() or current.name
    for key in ("account", "comment", "dependency", "partition", "qos"):
        if key in given:
            values["project" if key == "account" else key] = settings.text(key)
    return values


def _with_size(spec: JobSpec, settings: Settings, given: Collection[str]) -> JobSpec:
    """The same in another size: what is not asked for anew stays as it was asked for."""
    before = read_options(_size_words(spec, given), Origin())
    known = () if isinstance(before, Refused) else before.given
    both = {item.option.key: item for item in known}
    both |= {key: item for key in SIZE_KEYS if (item := settings.given(key)) is not None}
    merged = Settings(both)
    size = read_size(merged)
    settings.refusals.extend(merged.refusals)
    of_gpus = tuple(name for name in spec.asked if name.startswith(Asked.GPUS))
    resources = replace(
        spec.resources,
        nodes=size.nodes,
        cores=size.cores,
        ntasks=size.ntasks,
        cpus_per_task=size.cpus_per_task,
        tasks_per_node=size.tasks_per_node,
        mem_mib=size.mem_mib,
        mem_per_cpu_mib=size.mem_per_cpu_mib,
        whole_node=size.whole_node,
    )
    asked = (*(name.value for name in size.asked), *of_gpus)
    return replace(spec, resources=resources, asked=asked)


def _size_words(spec: JobSpec, given: Collection[str]) -> list[str]:
    """The size that was asked for before, as options; what is asked for anew left out."""
    resources, asked = spec.resources, spec.asked
    takes_all_memory = resources.mem_mib is None and Asked.MEM_PER_NODE in asked
    words = {
        "nodes": f"--nodes={resources.nodes}" if resources.nodes > 1 else None,
        "ntasks": f"--ntasks={resources.ntasks}" if Asked.NTASKS in asked else None,
        "ntasks-per-node": None
        if resources.tasks_per_node is None
        else f"--ntasks-per-node={resources.tasks_per_node}",
        "cpus-per-task": f"--cpus-per-task={resources.cpus_per_task}"
        if resources.cpus_per_task > 1 or Asked.CPUS_PER_TASK in asked
        else None,
        "mem": f"--mem={resources.mem_mib or 0}M" if Asked.MEM_PER_NODE in asked else None,
        "mem-per-cpu": f"--mem-per-cpu={resources.mem_per_cpu_mib}M"
        if Asked.MEM_PER_CPU in asked
        else None,
        "exclusive": "--exclusive" if resources.whole_node and not takes_all_memory else None,
    }
    if {"mem", "mem-per-cpu"} & set(given):
        words["mem"] = words["mem-per-cpu"] = None
    return [word for key, word in words.items() if word is not None and key not in given]


def _check(spec: JobSpec, given: Collection[str], now_s: float) -> Refused | None:
    """What cannot stand together, now that it is changed."""
    if spec.deadline_s is None or not {"time", "deadline", "begin"} & set(given):
        return None
    left_s = spec.deadline_s - max(now_s, spec.not_before_s or now_s)
    limit_s = spec.resources.time_limit_s or DEFAULT_TIME_LIMIT_S
    if left_s >= (spec.resources.time_min_s or limit_s):
        return None
    return _refused(
        "deadline_too_close",
        f"The deadline leaves {describe_duration(max(int(left_s), 0))} from the earliest start on, "
        f"and the time limit is {describe_duration(limit_s)}; write a later deadline or a shorter "
        "--time.",
    )

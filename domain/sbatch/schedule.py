"""When a job may run, and what may be done with it for the sake of heat."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import DEFAULT_TIME_LIMIT_S, EndWarning
from domain.sbatch.durations import (
    NO_LIMIT_S,
    describe_duration,
    parse_duration_s,
    parse_time_limit_s,
)
from domain.sbatch.given import Given
from domain.sbatch.instants import at_a_change, parse_instant_s
from domain.sbatch.note import Note
from domain.sbatch.order import read_priority, read_reservation
from domain.sbatch.settings import LONGEST_VALUE, Settings
from domain.sbatch.signals import parse_signal
from domain.sbatch.sizes import parse_count
from domain.sbatch.submission import SubmitRequest

_A_LIMIT = "minutes, MM:SS, HH:MM:SS, D-HH or D-HH:MM:SS"
_AN_INSTANT = "+2h, now+2hours, 16:00 or a date such as 2026-01-31T08:00"
#: Who wants more tries than this has a program that never works.
MOST_ATTEMPTS = 100
_SOME_ATTEMPTS = f"a whole number from 1 to {MOST_ATTEMPTS}"
_A_TYPE = "flex, ondemand or reserved"
_A_WARNING = "a signal and seconds such as USR1@60 or B:TERM@120"
_MAY_BE_STOPPED = "A flex job may be stopped and started anew; write --no-requeue to forbid it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The bounds in time of a job, and its scheduling type."""

    time_limit_s: int | None
    time_min_s: int | None
    scheduling_type: SchedulingType | None  #: None = nothing says one.
    begin_s: float | None
    deadline_s: float | None
    max_queue_s: int | None
    max_attempts: int
    warning: EndWarning | None
    requeue: bool | None
    priority: int
    reservation: str | None


def read_schedule(settings: Settings, request: SubmitRequest) -> Schedule:
    """When the options let the job run."""
    time_limit_s = _time_limit_s(settings)
    time_min_s = _time_min_s(settings, time_limit_s)
    instant = partial(parse_instant_s, now_s=request.now_s, zone=request.zone)
    _note_changes_of_the_clock(settings, request)
    begin_s = settings.read("begin", instant, _AN_INSTANT)
    deadline_s = settings.read("deadline", instant, _AN_INSTANT)
    earliest_s = max(request.now_s, begin_s or request.now_s)
    deadline = settings.given("deadline")
    if deadline is not None and deadline_s is not None:
        _check_deadline(settings, deadline, deadline_s - earliest_s, time_min_s or time_limit_s)
    scheduling_type = _scheduling_type(settings, request.known_names)
    requeue = _requeue(settings)
    if scheduling_type is SchedulingType.FLEX and requeue is None:
        settings.notes.append(Note(text=_MAY_BE_STOPPED))
    return Schedule(
        time_limit_s=time_limit_s,
        time_min_s=time_min_s,
        scheduling_type=scheduling_type,
        begin_s=begin_s,
        deadline_s=deadline_s,
        max_queue_s=settings.read("max-queue-time", _parse_some_time_s, _A_LIMIT),
        max_attempts=settings.read("max-attempts", _parse_attempts, _SOME_ATTEMPTS) or 1,
        warning=settings.read("signal", parse_signal, _A_WARNING),
        requeue=requeue,
        priority=read_priority(settings),
        reservation=read_reservation(settings),
    )


def _note_changes_of_the_clock(settings: Settings, request: SubmitRequest) -> None:
    for key in ("begin", "deadline"):
        given = settings.given(key)
        if given is None or given.value is None or len(given.value) > LONGEST_VALUE:
            continue
        said = at_a_change(given.value, now_s=request.now_s, zone=request.zone)
        if said is not None:
            settings.note(given, f"{given.text}: {said}.")


def _time_limit_s(settings: Settings) -> int | None:
    limit_s = settings.read("time", parse_time_limit_s, _A_LIMIT)
    given = settings.given("time")
    if given is not None and limit_s == NO_LIMIT_S:
        settings.note(given, f"{given.text} asks for no limit; the operator's limit holds.")
        return None
    return limit_s


def _time_min_s(settings: Settings, time_limit_s: int | None) -> int | None:
    """``--time-min``: what a run cut short by its deadline must still have."""
    time_min_s = settings.read("time-min", parse_time_limit_s, _A_LIMIT)
    given = settings.given("time-min")
    if given is None or not time_min_s:
        return None
    if time_min_s > (time_limit_s or DEFAULT_TIME_LIMIT_S):
        settings.refuse(given, "bad_value", f"{given.text} is more than --time; write less.")
        return None
    if not settings.has("deadline"):
        settings.note(given, f"{given.text} has an effect only beside --deadline.")
        return None
    return time_min_s


def _parse_some_time_s(text: str) -> int | None:
    return parse_duration_s(text) or None


def _parse_attempts(text: str) -> int | None:
    found = parse_count(text)
    return found if found is not None and found <= MOST_ATTEMPTS else None


def _check_deadline(
    settings: Settings, deadline: Given, left_s: float, time_limit_s: int | None
) -> None:
    if left_s <= 0:
        settings.refuse(
            deadline,
            "deadline_passed",
            f"{deadline.text} is not after the earliest start; write a later one.",
        )
    elif time_limit_s is not None and left_s < time_limit_s:
        settings.refuse(
            deadline,
            "deadline_too_close",
            f"{deadline.text} leaves {describe_duration(int(left_s))} and the time limit is "
            f"{describe_duration(time_limit_s)}; write a later deadline or a shorter --time.",
        )


def _scheduling_type(
    settings: Settings, known_names: Mapping[str, SchedulingType]
) -> SchedulingType | None:
    """``--type``, else a QOS that is a type's name, else what the operator's table says."""
    chosen = settings.read("type", _parse_type, _A_TYPE)
    for key in ("qos", "partition"):
        given = settings.given(key)
        if given is None or given.value is None:
            continue
        found = _parse_type(given.value) if key == "qos" else None
        for name in given.value.split(","):
            found = found or known_names.get(name.strip())
        if found is None:
            settings.note(given, f"{given.text} is only kept as a label: it names nothing here.")
        chosen = chosen or found
    return chosen


def _parse_type(text: str) -> SchedulingType | None:
    word = text.strip().lower()
    return SchedulingType(word) if word in set(SchedulingType) else None


def _requeue(settings: Settings) -> bool | None:
    given = settings.given("requeue")
    if given is None:
        return None
    if given.option.name == "no-requeue":
        return False
    if (given.value or "expedite").lower() != "expedite":
        settings.refuse(
            given, "bad_value", f"{given.text} is not known; write --requeue without a value."
        )
    return True

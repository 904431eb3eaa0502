"""How events, commands and job specifications cross a process or the network: plain JSON values.

``loads(dumps(x)) == x`` holds bit for bit, floats included, which is what lets a log replay.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from domain import events
from domain.commands import AssignAttempt, Candidate, Command, LimitPower, PreemptAttempt, Why
from domain.events import Event
from domain.jobs.array_spec import ArraySpec
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import EndWarning, InputFile, JobSpec, Resources

_PLAIN = frozenset({str, int, float, bool, type(None)})

_EVENTS: Mapping[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.JobQueued,
        events.JobArrayQueued,
        events.JobWithdrawn,
        events.JobArrayWithdrawn,
        events.PriorityChanged,
        events.AttemptClaimed,
        events.AttemptEnded,
        events.QuotaSet,
        events.LicencesSet,
        events.NodeJoined,
        events.NodeLeft,
        events.ReadingTaken,
        events.WeatherForecast,
        events.KnowledgeRestored,
        events.ReservationMade,
        events.ReservationRemoved,
        events.OrderSet,
        events.UsageRecalled,
        events.TimePassed,
        events.EngineStarted,
    )
}
_COMMANDS: Mapping[str, type[Command]] = {
    kind.__name__: kind for kind in (AssignAttempt, PreemptAttempt, LimitPower)
}


_NAMES: dict[type[object], tuple[str, ...] | None] = {}


def _field_names(kind: type[Any]) -> tuple[str, ...] | None:
    """Its fields if it is a dataclass; asked once a kind."""
    if kind not in _NAMES:
        is_known = is_dataclass(kind)
        _NAMES[kind] = tuple(item.name for item in fields(kind)) if is_known else None
    return _NAMES[kind]


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """The value as dicts, lists, strings and numbers."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    names = _field_names(kind)
    if names is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def dumps(value: object) -> str:
    """Compact JSON; keys in declaration order, so equal values give equal text."""
    return json.dumps(to_plain(value), separators=(",", ":"), allow_nan=False)


def event_kind(event: Event) -> str:
    """The name under which an event is logged."""
    return type(event).__name__


def load_event(kind: str, payload: str) -> Event:
    """The event that ``dumps`` wrote."""
    values = _with_tuples(json.loads(payload))
    if kind == events.JobArrayQueued.__name__:
        values["alike"] = events.JobQueued(**_with_tuples(values["alike"]))
    if kind == events.QuotaSet.__name__:
        values["budgets"] = tuple(events.BudgetLeft(**item) for item in values.get("budgets", ()))
    return _EVENTS[kind](**values)


def _with_tuples(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if type(value) is list else value for name, value in plain.items()}


def _load_why(plain: Mapping[str, Any]) -> Why:
    # What an older engine wrote of a node and nobody shows any more is passed over.
    known = frozenset(_field_names(Candidate) or ())
    candidates = tuple(
        Candidate(**{name: value for name, value in item.items() if name in known})
        for item in plain["candidates"]
    )
    return Why(**{**plain, "candidates": candidates})


def command_to_plain(command: Command) -> dict[str, Any]:
    """A command with its kind beside its fields."""
    return {"kind": type(command).__name__, **to_plain(command)}


def load_command(plain: Mapping[str, Any]) -> Command:
    """The command that ``command_to_plain`` described."""
    values = _with_tuples({key: value for key, value in plain.items() if key != "kind"})
    values["why"] = _load_why(values["why"])
    return _COMMANDS[plain["kind"]](**values)


#: Fields of a job specification that hold texts in order.
_TUPLES = (
    *("command", "arguments", "asked", "excluded", "wanted_nodes", "features", "notes"),
    *("results", "excluded_results", "mail_to", "mail_types", "licences"),
)


def load_spec(plain: Mapping[str, Any]) -> JobSpec:
    """The job specification that ``to_plain`` described."""
    values = dict(plain)
    values["resources"] = Resources(**values["resources"])
    values["scheduling_type"] = SchedulingType(values["scheduling_type"])
    values["inputs"] = tuple(InputFile(**item) for item in values["inputs"])
    if values.get("warning") is not None:
        values["warning"] = EndWarning(**values["warning"])
    for name in _TUPLES:
        values[name] = tuple(values.get(name, ()))
    if values.get("array") is not None:
        values["array"] = ArraySpec(**values["array"])
    return JobSpec(**values)

"""The life of a job, moment by moment, and why each came."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.commands import Why
from domain.jobs.endings import describe_reason
from scheduler.explaining.placed import explain_placed
from store.instances import job_history
from store.instances.job_history import Steering
from store.jobs import job_lists, job_queries
from store.rows import Connection

_STEERED = {
    "cancel": "It was told to stop",
    "hold": "It was held",
    "release": "It was released",
    "requeue": "It was told to stop, to queue again",
    "modify": "It was changed",
}

Moment = dict[str, Any]


def of_instance(connection: Connection, instance_id: int) -> list[Moment] | None:
    """The moments of one job, or of one element of an array; None where there is none."""
    row = job_queries.one(connection, instance_id, None)
    if row is None:
        return None
    attempts = job_queries.attempts(connection, instance_id)
    reasons = job_queries.reasons(connection, instance_id)
    steered = job_history.steerings(
        connection, row["job_id"], instance_id=instance_id, array_index=row["array_index"]
    )
    moments = [_submitted(row), *map(_steering, steered)]
    for attempt in attempts:
        moments += _of_attempt(attempt, reasons.get(attempt["attempt"]))
    if row["queued_at_s"] not in {moment["at_s"] for moment in moments}:
        moments.append(_moment(row["queued_at_s"], "queued", "It queues from here on."))
    return _in_order([*moments, *_end_without_attempt(row, attempts)])


def of_array(connection: Connection, job_id: int) -> list[Moment]:
    """The moments that all of an array share."""
    row = job_lists.array_detail(connection, job_id)
    steered = job_history.steerings(connection, job_id, instance_id=None, array_index=None)
    moments = [_submitted(row), *map(_steering, steered)]
    if row["finished_at_s"] is not None:
        counts = ", ".join(f"{count} {state}" for state, count in row["counts"].items())
        moments.append(_moment(row["finished_at_s"], row["state"], f"All have ended: {counts}."))
    return _in_order(moments)


def _moment(at_s: float, code: str, sentence: str, **more: object) -> Moment:
    return {"at_s": at_s, "code": code, "sentence": sentence, "attempt": None, "node": None, **more}


def _in_order(moments: Sequence[Moment]) -> list[Moment]:
    return sorted(moments, key=lambda moment: float(moment["at_s"]))


def _submitted(row: Mapping[str, Any]) -> Moment:
    is_held = json.loads(row["spec"])["is_held"]
    held = ", to be held until it is released" if is_held else ""
    return _moment(row["submitted_at_s"], "submitted", f"It was submitted{held}.")


def _steering(one: Steering) -> Moment:
    done = _STEERED.get(one.action, f"It was changed ({one.action})")
    meant = "" if one.elements is None else f" as one of {one.elements}"
    meant += "" if one.changes is None else f" ({one.changes})"
    actor = one.actor.replace("/", " ")
    return _moment(one.at_s, one.action, f"{done}{meant}, by {actor}.", by=one.actor)


def _of_attempt(attempt: Mapping[str, Any], why: Why | None) -> list[Moment]:
    at = {"attempt": attempt["attempt"], "node": attempt["node"]}
    placed = "It was offered to its node."
    if why is not None:
        worded = explain_placed(why, node_name=attempt["node"], site_name=attempt["site"])
        placed = worded.sentence
    moments = [_moment(attempt["offered_at_s"], "offered", placed, **at)]
    if attempt["started_at_s"] is not None:
        moments.append(_moment(attempt["started_at_s"], "started", "It started.", **at))
    if attempt["ended_at_s"] is not None:
        sentence = describe_reason(attempt["reason"]) or "It ended."
        code = attempt["exit_code"]
        shown = f" Exit code {code}." if code else ""
        end = attempt["reason"] or attempt["state"]
        moments.append(_moment(attempt["ended_at_s"], end, sentence + shown, **at))
    return moments


def _end_without_attempt(
    row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[Moment]:
    """How a job ended that was not on a node at that time."""
    at_s = row["finished_at_s"]
    if at_s is None or any(attempt["ended_at_s"] == at_s for attempt in attempts):
        return []
    sentence = describe_reason(row["reason"]) or f"It is {row['state']}."
    return [_moment(at_s, row["reason"] or row["state"], sentence)]

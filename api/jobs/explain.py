"""Why a job is where it is: the stored decision, or a look at the cluster as it is now."""

import json
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from api.jobs.dependencies import explain_blocked, why_never
from domain import wire
from domain.commands import Why
from domain.events import JobQueued
from domain.jobs.endings import describe_reason
from domain.jobs.job import EndReason, JobState
from domain.jobs.job_ref import element_ref
from domain.refusal import Refused
from scheduler.explaining.beliefs import Beliefs, believe
from scheduler.explaining.placed import explain_placed
from scheduler.explaining.quotas import BUDGET_USED_UP
from scheduler.explaining.waiting import Explanation, explain_waiting
from store.database import Database
from store.dependencies import shown as dependency_queries
from store.dependencies.shown import ShownCondition
from store.instances.queueing import queued_event
from store.jobs import job_lists, job_queries
from store.quotas.admission import budget_used_up
from store.rows import Connection

#: Of those whose turn comes before, so many are looked at for nodes that they keep, on a page that
#: shows many jobs.
_MOST_BEFORE = 50
_UNDER_WAY = {
    JobState.ASSIGNED: "Offered to its node, which has not taken it yet. ",
    JobState.RUNNING: "",
    JobState.PREEMPTED: "It is being stopped for better heat and will queue again. ",
    JobState.CANCELLING: "It is being stopped because it was cancelled. ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """All that is read before anything is worded."""

    row: dict[str, Any]
    attempts: list[dict[str, Any]]
    reasons: dict[int, Why]
    beliefs: Beliefs | None  #: Only where the job waits.
    n_placed: int = 0  #: Of its array.
    budget: Refused | None = None  #: That is used up, so that it waits.
    conditions: Sequence[ShownCondition] = ()  #: Where it waits for other jobs, or did in vain.


def gather(database: Database, connection: Connection, job_id: int) -> _Facts | None:
    """What the explanation of an instance needs; None where there is none."""
    row = job_queries.one(connection, job_id, None)
    if row is None:
        return None
    waits = row["state"] == JobState.QUEUED
    is_element = row["array_index"] is not None
    return _Facts(
        row=row,
        attempts=job_queries.attempts(connection, job_id),
        reasons=job_queries.reasons(connection, job_id),
        beliefs=believe(database, connection) if waits else None,
        budget=_budget(database, connection, row) if waits else None,
        conditions=dependency_queries.conditions(connection, row["job_id"]),
        n_placed=job_lists.count_placed(connection, row["job_id"]) if waits and is_element else 0,
    )


def _budget(database: Database, connection: Connection, row: dict[str, Any]) -> Refused | None:
    now_s = database.now_s(connection)
    return budget_used_up(connection, now_s, row["tenant_id"], row["project"])


def explain(facts: _Facts) -> dict[str, Any]:
    """The explanation as the API shows it."""
    spec = json.loads(facts.row["spec"])
    reason = _explain_state(facts)
    return {
        "job_id": facts.row["id"],
        "ref": element_ref(facts.row["job_id"], facts.row["array_index"]),
        "state": facts.row["state"],
        "code": reason.code,
        "sentence": reason.sentence,
        "lines": list(reason.lines),
        "kept": None if reason.kept is None else asdict(reason.kept),
        "priority": _priority(facts),
        "notes": spec["notes"],
        "attempts": [_attempt(item, facts.reasons.get(item["attempt"])) for item in facts.attempts],
    }


def explain_array(row: dict[str, Any]) -> dict[str, Any]:
    """How it stands with an array as a whole."""
    spec = json.loads(row["spec"])
    array = spec["array"]
    counts = ", ".join(f"{count} {state}" for state, count in row["counts"].items())
    limit = "" if array["at_once"] is None else f" At most {array['at_once']} run at once."
    return {
        "job_id": row["id"],
        "ref": str(row["id"]),
        "state": row["state"],
        "code": "array",
        "sentence": f"Of its {array['count']} instances: {counts}.{limit}",
        "lines": [f"Ask of one: chaufferie explain {row['id']}_{array['first']}"],
        "kept": None,
        "priority": None,
        "notes": spec["notes"],
        "attempts": [],
    }


def _priority(facts: _Facts) -> dict[str, Any] | None:
    """What makes up its place among those that wait; None where it does not."""
    if facts.beliefs is None:
        return None
    view = facts.beliefs.view
    terms = view.state.ranking.terms(_as_queued(facts.row), view.now_s)
    return {
        "points": sum(term.points for term in terms),
        "terms": [{**asdict(term), "points": term.points} for term in terms],
    }


def _array_limit(facts: _Facts) -> Explanation | None:
    """Where the limit of its array alone keeps an element from starting."""
    array = json.loads(facts.row["spec"]).get("array")
    at_once = None if array is None else array["at_once"]
    if at_once is None or facts.n_placed < at_once:
        return None
    sentence = (
        f"Its array lets {at_once} run at once (--array=...%{at_once}), and as many run or are "
        "offered to nodes; it may start when one of them has ended."
    )
    return Explanation(code="array_limit", sentence=sentence)


def _explain_state(facts: _Facts) -> Explanation:
    state = JobState(facts.row["state"])
    if facts.beliefs is not None:
        limited = _array_limit(facts)
        if limited is not None:
            return limited
        job = _as_queued(facts.row)
        line = facts.beliefs.line_before(job)
        why = explain_waiting(facts.beliefs.view, job, line, facts.beliefs.policy)
        if why.code == BUDGET_USED_UP and facts.budget is not None:
            why = replace(why, code=facts.budget.code, sentence=facts.budget.sentence)
        return replace(why, sentence=_after_a_failure(facts) + why.sentence)
    if state is JobState.HELD:
        return Explanation(code="held", sentence=_held(facts.row))
    if state is JobState.BLOCKED:
        return explain_blocked(facts.conditions)
    placed = _last_placement(facts)
    if state in _UNDER_WAY and placed is not None:
        under_way = _UNDER_WAY[state]
        if state is JobState.PREEMPTED and facts.row["reason"] == EndReason.REQUEUED:
            under_way = "It is being stopped because a person asked, and will queue again. "
        return Explanation(
            code=placed.code, sentence=under_way + placed.sentence, lines=placed.lines
        )
    code = facts.row["reason"] or state.value
    sentence = describe_reason(code) or ""
    detail = next((item["detail"] for item in reversed(facts.attempts) if item["detail"]), None)
    if code == EndReason.DEPENDENCY_NEVER_MET:
        detail = why_never(facts.conditions)
    lines = [] if detail is None else [detail]
    lines += [] if placed is None else [f"Why there: {placed.sentence}"]
    return Explanation(code=code, sentence=sentence, lines=tuple(lines))


def _after_a_failure(facts: _Facts) -> str:
    """What stands before the reason why a job waits, where it is to be tried again."""
    n_tries = json.loads(facts.row["spec"])["max_attempts"]
    if not facts.row["failures"]:
        return ""
    ended = str(facts.row["reason"]).replace("_", " ")
    return f"Try {facts.row['attempt']} ended ({ended}); it may fail {n_tries} times. "


def _last_placement(facts: _Facts) -> Explanation | None:
    if not facts.attempts:
        return None
    last = facts.attempts[-1]
    why = facts.reasons.get(last["attempt"])
    if why is None:
        return None
    return explain_placed(why, node_name=last["node"], site_name=last["site"])


def _held(row: dict[str, Any]) -> str:
    ref = element_ref(row["job_id"], row["array_index"])
    release = f"release it with: chaufferie release {ref}"
    if row["reason"] is None:
        return f"It is held, as was asked; {release}."
    return (
        f"Its last try ended ({str(row['reason']).replace('_', ' ')}) and it was submitted with "
        "--no-requeue; "
        f"look at what it left, then {release}."
    )


def _as_queued(row: dict[str, Any]) -> JobQueued:
    return queued_event(
        wire.load_spec(json.loads(row["spec"])),
        instance_id=row["id"],
        job_id=row["job_id"],
        tenant_id=row["tenant_id"],
        queued_at_s=row["queued_at_s"],
        last_attempt=row["attempt"],
        not_before_s=row["not_before_s"],
    )


def _attempt(item: dict[str, Any], why: Why | None) -> dict[str, Any]:
    shown = {name: item[name] for name in ("attempt", "node", "site", "state", "reason", "detail")}
    if why is None:
        return {**shown, "why": None}
    worded = explain_placed(why, node_name=item["node"], site_name=item["site"])
    candidates = [
        {name: value for name, value in asdict(candidate).items() if name != "node_id"}
        for candidate in why.candidates
    ]
    return {
        **shown,
        "why": {"code": worded.code, "sentence": worded.sentence, "candidates": candidates},
    }


def waiting_sentences(beliefs: Beliefs, wanted: Container[int]) -> dict[int, str]:
    """Why each of these waits, in one sentence, by its number."""
    found: dict[int, str] = {}
    for position, job in enumerate(beliefs.waiting):
        if job.instance_id in wanted:
            line = beliefs.line_at(position, _MOST_BEFORE)
            why = explain_waiting(beliefs.view, job, line, beliefs.policy)
            found[job.instance_id] = why.sentence
    return found
